"""What every source of the past has in common: windows, units, finds, and how they end.

A source is made once for a run, out of the network door, the feeds it works for and the base URL
of its service. `plan` is pure and gives the first units of a window; `fetch` does one unit and
may give further units (the next page, a child sitemap, a capture). What a service does wrong is a
`UnitFailed`; only a bug raises. A unit met twice has the same id and is to be done once: that is
what ends a chain of pages which leads back to itself.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from extractors.fingerprints import stable_id
from extractors.published import url_day
from extractors.records import Entry, Fetched, Listing, Precision, Reason

_DAY = timedelta(days=1)
# The zones of the inhabited world: a clock without a zone may be that far off from UTC.
_EARLIER, _LATER = timedelta(hours=14), timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of publication times, half-open; both ends aware, kept in UTC.

    Raises ValueError for an end without a zone or not after the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("a window needs aware times")
        if self.end <= self.start:
            raise ValueError("a window ends after it starts")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))

    def contains(self, instant: datetime) -> bool:
        """Say whether an aware instant lies in the window; its end does not."""
        return self.start <= instant < self.end

    def days(self) -> Iterator[Window]:
        """Cut the window at every midnight UTC."""
        start = self.start
        while start < self.end:
            midnight = start.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
            yield Window(start, min(midnight, self.end))
            start = midnight

    def months(self) -> Iterator[tuple[int, int]]:
        """Name every calendar month (UTC) that the window touches, as (year, month)."""
        year, month = self.start.year, self.start.month
        while datetime(year, month, 1, tzinfo=UTC) < self.end:
            yield year, month
            year, month = (year, month + 1) if month < 12 else (year + 1, 1)

    def widened(self, before: timedelta, after: timedelta) -> Window:
        """Return the window with that much more on either side."""
        return Window(self.start - before, self.end + after)

    def excludes(self, instant: datetime | None, precision: Precision) -> bool:
        """Say whether a stated publication time is known to lie outside.

        Without a zone it may be up to 14 hours earlier or 12 later, and a day may be any of its
        moments: such a time is outside only when every moment that it may mean is. No time: False.
        """
        if instant is None:
            return False
        earliest, latest = _span(instant, precision)
        return latest < self.start or earliest >= self.end

    def follows(self, changed: datetime | None, precision: Precision) -> bool:
        """Say whether something last changed then was published before the window for certain."""
        return changed is not None and _span(changed, precision)[1] < self.start


def _span(instant: datetime, precision: Precision) -> tuple[datetime, datetime]:
    if precision is Precision.INSTANT:
        return instant, instant
    latest = instant + _LATER + (_DAY if precision is Precision.DAY else timedelta(0))
    return instant - _EARLIER, latest


@dataclass(frozen=True, slots=True)
class Unit:
    """What a source can fetch at once: a feed page, a sitemap file, a CDX query, a WARC.

    `start` and `end` are the window it serves (UTC, half-open); `step` is the source's own word
    for what stands at `url`, `level` how far it is from where its source began (page number,
    depth), `mark` what the unit before leaves for this one. `lists` says that it is cheap and
    gives further units: a dry run may do those. `expected` is how many items it will give, where
    that is known, and `detail` one line for people.
    """

    unit_id: str
    source: str
    step: str
    url: str
    start: datetime
    end: datetime
    feed_id: str | None = None
    level: int = 0
    mark: str = ""
    lists: bool = False
    expected: int | None = None
    detail: str = ""

    @property
    def window(self) -> Window:
        """The window that the unit serves."""
        return Window(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Found:
    """One item that a unit gave: a sighting, and its page where the unit held that as well.

    `entry.link` is the article's own address and `feed_id` the row of `feeds` it was seen in (see
    `Source.listings`). `fetch_url` is where to fetch the page from when that is not the link
    itself (an archive's copy: see `wayback.unwrap`). `outside` says that the item is known to lie
    outside the window: it is a sighting to skip, and then `page` is None.
    """

    feed_id: str
    entry: Entry
    page: Fetched | None = None
    fetch_url: str | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class PassedOver:
    """How many things of a unit were left alone without becoming sightings, and why."""

    count: int
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A further unit that is not to be done: its name or date says that it holds nothing of the
    window. The ledger notes it as skipped.
    """

    unit: Unit
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class UnitSkipped:
    """How a unit ends that turned out to have nothing to be read, and nothing failed."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class UnitFailed:
    """How a unit ends that could not be read to its end; what it gave before still counts.

    With a soft reason another try may help, after `retry_after_s` seconds when that was said.
    """

    reason: Reason
    detail: str
    retry_after_s: int | None = None


Event = Found | Unit | LeftOut | PassedOver | UnitSkipped | UnitFailed


def left_out(
    others: Sequence[tuple[str, str]], unit_of: Callable[[str], Unit], most: int, further: str
) -> Iterator[Event]:
    """Leave out files that hold nothing of the window, each (what `unit_of` takes, why).

    At most `most` are noted as units; the others are counted, as `further`.
    """
    for place, why in others[:most]:
        yield LeftOut(unit_of(place), Reason.OUTSIDE_WINDOW, why)
    if len(others) > most:
        yield PassedOver(len(others) - most, Reason.OUTSIDE_WINDOW, further)


class Source(Protocol):
    """A place where the past can be had from."""

    @property
    def name(self) -> str:
        """Its word in ledgers and options, the name of its module."""
        ...

    def plan(self, window: Window) -> list[Unit]:
        """Give the units to begin with, in the order in which they are best done. No network.

        Only `files` looks at the disk for it.
        """
        ...

    def fetch(self, unit: Unit) -> AsyncGenerator[Event, None]:
        """Do one unit. It has failed if a UnitFailed is the last thing given, it is skipped if a
        UnitSkipped is, else it is done.

        Some hold a file or a connection open meanwhile: whoever stops before the end closes the
        iterator (`contextlib.aclosing`).
        """
        ...

    def listings(self) -> tuple[Listing, ...]:
        """Return the rows of `feeds` that finds name besides the feeds handed in. Not to poll."""
        ...


def make_unit(
    source: str,
    step: str,
    url: str,
    window: Window,
    *,
    feed_id: str | None = None,
    level: int = 0,
    mark: str = "",
    lists: bool = False,
    expected: int | None = None,
    detail: str = "",
    scope: str = "",
) -> Unit:
    """Make a unit with its derived id: the same source, step, address, feed and window is the
    same unit. `scope` is whatever else decides what it gives (which hosts are wanted).
    """
    key = (source, step, url, feed_id or "", window.start.isoformat(), window.end.isoformat())
    return Unit(
        unit_id=stable_id("u", *key, *([scope] if scope else [])),
        source=source,
        step=step,
        url=url,
        start=window.start,
        end=window.end,
        feed_id=feed_id,
        level=level,
        mark=mark,
        lists=lists,
        expected=expected,
        detail=detail,
    )


def unit_to_text(unit: Unit) -> str:
    """Write a unit as one line of JSON, for a ledger that another process reads."""
    fields = asdict(unit) | {"start": unit.start.isoformat(), "end": unit.end.isoformat()}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)


def unit_from_text(text: str) -> Unit:
    """Read what `unit_to_text` wrote; else raises ValueError, KeyError or TypeError."""
    fields = json.loads(text)
    for name in ("start", "end"):
        fields[name] = datetime.fromisoformat(fields[name])
    return Unit(**fields)


def failure(fetched: Fetched) -> UnitFailed | None:
    """Say why an answer is none; None for an answer."""
    if fetched.reason is None:
        return None
    return UnitFailed(fetched.reason, fetched.detail, fetched.retry_after_s)


def outside_by_address(window: Window, url: str | None) -> bool:
    """Say whether the day that an address names lies outside the window for certain."""
    day = url_day(url)
    if day is None:
        return False
    try:
        instant = datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        return False
    return window.excludes(instant, Precision.DAY)


def sightings(entries: Sequence[Entry], feed_id: str, window: Window) -> Iterator[Found]:
    """Turn a feed document's entries into finds, those known to lie outside marked."""
    for entry in entries:
        outside = window.excludes(entry.published_at, entry.published_precision)
        yield Found(feed_id, entry, outside=outside)
