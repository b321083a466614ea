"""When an article was published: every date somebody states, and the one they agree on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

from extractors.calendars import MONTHS
from extractors.clocks import Clock, chosen_clock, shown_clock, utc_of
from extractors.dates import format_offset, parse_date
from extractors.records import Candidate, Entry, Precision

# How much each origin's word counts. Machine-read statements made for publishing come first; a
# <time> may belong to anything on the page, and a server's Last-Modified to its cache.
_WEIGHTS = {
    "entry": 1.0, "file": 1.0, "json-ld": 1.0, "opengraph": 0.95, "microdata": 0.8, "meta": 0.7,
    "time": 0.5, "url": 0.45, "text": 0.35, "http": 0.05,
}  # fmt: skip
_LATER_TIME = 0.15  # any <time> but the first
_MIDNIGHT = 0.6  # a time of exactly 00:00:00 is mostly a date in disguise

_IMPLIED = "implied"  # the zone of a time that has the page's other dates' zone
_SAME = timedelta(minutes=2)
_FARTHEST_EAST, _FARTHEST_WEST = timedelta(hours=14), timedelta(hours=12)
_AHEAD_INSTANT = timedelta(hours=2)  # clocks and embargoes
_AHEAD_LOCAL = timedelta(hours=26)  # an unknown zone is at most 14 hours east
_BEFORE_ENTRY = timedelta(days=3 * 365)
_FIRST_YEAR = 1990
_CRAWL = timedelta(hours=48)

_URL_DAY = re.compile(
    r"(?<!\d)(?P<year>(?:19|20)\d{2})(?P<mark>[/_.\-]?)(?P<month>0[1-9]|1[0-2]|[1-9](?=\D))(?P=mark)"
    r"(?P<day>0[1-9]|[12]\d|3[01]|[1-9](?=\D|$))(?!\d)"
)
_URL_DAY_FIRST = re.compile(
    r"(?<!\d)(?P<day>0[1-9]|[12]\d|3[01])(?P<mark>[/_.\-])(?P<month>0[1-9]|1[0-2])(?P=mark)(?P<year>20\d{2})(?!\d)"
)
_URL_MONTH = re.compile(
    r"/(?P<year>20\d{2})/(?P<month>[A-Za-z]{3,9})/(?P<day>0?[1-9]|[12]\d|3[01])(?:/|$)"
)


@dataclass(frozen=True, slots=True)
class Publication:
    """The chosen instants (UTC or None), how exact, why in words, and all candidates.

    Of a chosen time without a zone, `clock` is the month it names and how many minutes east of UTC
    it was taken to be written (0 where its host's clock is unknown). `shown_clock` is how far east
    the page's time without a zone lies of the instant that the entry states: the host's clock.
    """

    published_at: datetime | None
    precision: Precision
    reason: str
    modified_at: datetime | None
    candidates: tuple[Candidate, ...]
    clock: tuple[str, int] | None = None
    shown_clock: int | None = None


def choose_publication(
    published: list[tuple[str, str]],
    modified: list[tuple[str, str]],
    *,
    url: str | None,
    last_modified: str | None,
    entry: Entry | None,
    fetched_at: datetime,
    day_first: bool | None = None,
    clocks: Mapping[str, int] | None = None,
) -> Publication:
    """Choose when an article was published and last changed.

    `published` and `modified` are (origin, raw date) statements of the page, `last_modified` the
    HTTP header. Dates that lie after `fetched_at` (aware UTC), before 1990, or years before the
    entry are kept as candidates and never chosen. Equal instants add their weights up; dates
    without a time support instants on their day; the most exact statement of the strongest group
    is taken. The day of the fetch is never used as a date. `day_first` is how the page's country
    writes 03/04/2023; None leaves such a date unread. A time without a zone is taken in the one
    zone the page's other dates are stated in, when it is not UTC, else by its host's clock, where
    `clocks` (month → minutes east of UTC) tell it.
    """
    candidates = _candidates(published, url, last_modified, entry, day_first)
    usable = [item for item in candidates if _plausible(item, entry, fetched_at)]
    changes = [_parsed("modified", origin, raw, day_first) for origin, raw in modified]
    usable = [item for item in _with_zones(usable, changes) if _plausible(item, entry, fetched_at)]
    if entry and entry.modified_at:
        changes.append(
            Candidate(
                "modified",
                "entry",
                entry.modified_at.isoformat(),
                entry.modified_at,
                Precision.INSTANT,
            )
        )
    best = _strongest(usable)
    clock = chosen_clock(best, clocks or {})
    modified_at = _latest_change(changes, best, clock, fetched_at)
    if best is None:
        why = "nobody states a date" if not candidates else "no stated date is plausible"
        return Publication(None, Precision.NONE, why, modified_at, (*candidates, *changes))
    published_at = utc_of(best, clock)
    marked = tuple(
        replace(item, instant=published_at, chosen=True)
        if item.origin == best.origin and item.value == best.value
        else item
        for item in candidates
    )
    reason = _reason(best, usable, candidates, clock)
    return Publication(
        published_at,
        best.precision,
        reason,
        modified_at,
        (*marked, *changes),
        clock,
        shown_clock(candidates),
    )


def url_day(url: str | None) -> str | None:
    """Return the day an address names ('2023-09-13'), or None."""
    if not url:
        return None
    path = unquote(urlsplit(url).path)
    match = _URL_DAY.search(path) or _URL_DAY_FIRST.search(path)
    if not match:
        named = _URL_MONTH.search(path)
        month = MONTHS.get(named["month"].lower()) if named else None
        return f"{named['year']}-{month:02d}-{int(named['day']):02d}" if named and month else None
    return f"{match['year']}-{int(match['month']):02d}-{int(match['day']):02d}"


def _candidates(
    published: list[tuple[str, str]],
    url: str | None,
    last_modified: str | None,
    entry: Entry | None,
    day_first: bool | None,
) -> list[Candidate]:
    found = []
    if entry and entry.published_at:
        raw = entry.published_raw or entry.published_at.isoformat()
        precision = entry.published_precision
        if precision is Precision.NONE:
            precision = Precision.INSTANT
        found.append(
            Candidate("published", "entry", raw, entry.published_at, precision, parse_date(raw)[2])
        )
    found += [_parsed("published", origin, raw, day_first) for origin, raw in published]
    day = url_day(url)
    if day:
        found.append(_parsed("published", "url", day))
    if last_modified:
        found.append(_parsed("published", "http", last_modified))
    return found


def _parsed(field: str, origin: str, raw: str, day_first: bool | None = None) -> Candidate:
    instant, precision, zone = parse_date(raw, day_first=day_first)
    return Candidate(field, origin, raw[:200], instant, precision, zone)


def _plausible(item: Candidate, entry: Entry | None, fetched_at: datetime) -> bool:
    if item.instant is None or item.instant.year < _FIRST_YEAR:
        return False
    ahead = _AHEAD_INSTANT if item.precision is Precision.INSTANT else _AHEAD_LOCAL
    if item.instant > fetched_at + ahead:
        return False
    # A server that stamps its answers says when we came, not when anybody published.
    if item.origin == "http" and item.instant > fetched_at - _CRAWL:
        return False
    if entry and entry.published_at and item.origin != "entry":
        return item.instant > entry.published_at - _BEFORE_ENTRY
    return True


def _with_zones(items: list[Candidate], changes: list[Candidate]) -> list[Candidate]:
    """Give a time without a zone, or one falsely labelled UTC, the zone that another statement
    names: of the same wall clock, else the only one the page's dates are stated in.
    """
    zoned = {_wall_clock(item): item for item in items if _offset(item)}
    stated = {_offset(item) for item in (*items, *changes) if item.precision is Precision.INSTANT}
    only = stated.pop() if len(stated) == 1 else timedelta(0)
    out = []
    for item in items:
        twin = zoned.get(item.instant)
        if item.instant is None or item.origin in ("entry", "http"):
            twin = None
        if twin and item.precision is not Precision.DAY and not _offset(item):
            item = replace(item, instant=twin.instant)  # noqa: PLW2901
        elif only and item.precision is Precision.LOCAL and item.instant:
            item = replace(item, instant=item.instant - only, zone=_IMPLIED)  # noqa: PLW2901
        out.append(item)
    return out


def _offset(item: Candidate) -> timedelta:
    """Return how far east of UTC an instant's stated zone lies; zero for all others."""
    match = re.match(r"([+-])(\d{2}):(\d{2})$", item.zone or "")
    if not match or item.precision is not Precision.INSTANT:
        return timedelta(0)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return offset if match[1] == "+" else -offset


def _wall_clock(item: Candidate) -> datetime | None:
    """Return the local time as it was written, labelled UTC for comparison with zoneless ones."""
    return item.instant + _offset(item) if item.instant else None


def _weight(item: Candidate, first_time: Candidate | None) -> float:
    weight = _WEIGHTS.get(item.origin, 0.3)
    if item.origin == "time" and item is not first_time:
        weight = _LATER_TIME
    wall = _wall_clock(item)
    if (
        item.precision in (Precision.INSTANT, Precision.LOCAL)
        and wall
        and not (wall.hour or wall.minute or wall.second)
    ):
        weight *= _MIDNIGHT
    return weight


def _same_day(other: Candidate, item: Candidate) -> bool:
    """Say whether two dates may mean one day: as written, in UTC, or in a zone nobody states."""
    if other.instant is None or item.instant is None:
        return False
    if other.instant.date() == item.instant.date():
        return True
    one, two = _wall_clock(other), _wall_clock(item)
    if one is not None and two is not None and one.date() == two.date():
        return True
    vague, exact = (other, item) if item.precision is Precision.INSTANT else (item, other)
    if exact.precision is not Precision.INSTANT or exact.zone not in (None, "Z", "+00:00"):
        return False
    return _in_some_zone(vague, exact)


def _in_some_zone(vague: Candidate, exact: Candidate) -> bool:
    """Say whether a zoneless date can mean an instant known in UTC, somewhere on Earth."""
    if vague.instant is None or exact.instant is None or vague.precision is Precision.INSTANT:
        return False
    ahead = exact.instant - vague.instant
    if vague.precision is Precision.DAY:
        return -_FARTHEST_EAST <= ahead < timedelta(days=1) + _FARTHEST_WEST
    past_quarter = ahead.total_seconds() % 900  # offsets are whole quarters of an hour
    return -_FARTHEST_EAST <= ahead <= _FARTHEST_WEST and not 60 < past_quarter < 840


def _agrees(other: Candidate, item: Candidate) -> bool:
    """Say whether two dates mean one moment, or one day where either has no time."""
    if Precision.DAY in (other.precision, item.precision):
        return _same_day(other, item)
    if other.instant is None or item.instant is None:
        return False
    if abs(other.instant - item.instant) <= _SAME:
        return True
    return _in_some_zone(other, item) if item.precision is Precision.INSTANT else False


def _strongest(items: list[Candidate]) -> Candidate | None:
    """Choose the day most weight stands for, then the moment on it, then the best statement."""
    if not items:
        return None
    first_time = next((item for item in items if item.origin == "time"), None)
    weights = {id(item): _weight(item, first_time) for item in items}

    def told(item: Candidate, agrees: Callable[[Candidate, Candidate], bool]) -> float:
        by_origin: dict[str, float] = {}
        for other in items:
            if agrees(other, item):
                by_origin[other.origin] = max(by_origin.get(other.origin, 0.0), weights[id(other)])
        return round(sum(by_origin.values()), 6)

    def moment(other: Candidate, item: Candidate) -> bool:
        return other.precision is not Precision.DAY and _agrees(other, item)

    def rank(item: Candidate) -> tuple[float, float, int, int, float]:
        exact = item.precision is not Precision.DAY
        return (
            told(item, _same_day),
            told(item, moment) if exact else 0.0,
            int(item.precision is Precision.INSTANT),
            int(item.zone not in (None, _IMPLIED)),
            weights[id(item)],
        )

    return max(items, key=rank)


def _latest_change(
    changes: list[Candidate],
    best: Candidate | None,
    clock: Clock | None,
    fetched_at: datetime,
) -> datetime | None:
    """Return the modification the best origin states, when it does not precede publication."""
    usable = [item for item in changes if _plausible(item, None, fetched_at) and item.instant]
    if best is not None and best.instant is not None:
        floor = (
            best.instant
            if best.precision is not Precision.DAY
            else best.instant - timedelta(hours=14)
        )
        usable = [item for item in usable if item.instant and item.instant >= floor]
    if not usable:
        return None
    first = max(
        usable,
        key=lambda item: (item.precision is Precision.INSTANT, _WEIGHTS.get(item.origin, 0.3)),
    )
    return utc_of(first, clock)


def _reason(
    best: Candidate, usable: list[Candidate], candidates: list[Candidate], clock: Clock | None
) -> str:
    agreeing = sorted(
        {item.origin for item in usable if _agrees(item, best) and item.origin != best.origin}
    )
    differing = sorted(
        {item.origin for item in usable if not _agrees(item, best)} - {best.origin, *agreeing}
    )
    ruled_out = len(candidates) - len(usable)
    parts = [f"stated by {best.origin}"]
    if agreeing:
        parts.append(f"{', '.join(agreeing)} agree{'s' if len(agreeing) == 1 else ''}")
    if differing:
        parts.append(f"{', '.join(differing)} differ{'s' if len(differing) == 1 else ''}")
    if ruled_out:
        parts.append(f"{ruled_out} unreadable or implausible")
    if best.precision is Precision.LOCAL:
        where = "in the zone of the page's other dates" if best.zone == _IMPLIED else "as UTC"
        if clock and clock[1]:
            where = f"by its host's clock, {format_offset(timedelta(minutes=clock[1]))}"
        parts.append(f"no zone stated, taken {where}")
    elif best.precision is Precision.DAY:
        parts.append("no time stated")
    return "; ".join(parts)
