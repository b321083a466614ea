"""Times without a zone: the clock of the host that writes them, as its feed shows it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from extractors.records import Candidate, Precision

# The month that a time without a zone names, and the minutes east of UTC it was taken to lie.
Clock = tuple[str, int]

_QUARTER_S = 900  # offsets are whole quarters of an hour
_CLOSE_S = 60  # a feed and a page may state the same moment some seconds apart
_EAST, _WEST = 14 * 60, -12 * 60  # the farthest clocks, in minutes
_ELSEWHERE = ("entry", "http", "url", "text", "file")  # not what a page's own clock stamped


def chosen_clock(best: Candidate | None, clocks: Mapping[str, int]) -> Clock | None:
    """By which clock to read the date that was chosen; None unless it is a page's time without a
    zone. `clocks` are its host's, month → minutes east of UTC; without any it counts as UTC.
    """
    if best is None or not _zoneless(best) or best.instant is None:
        return None
    month = f"{best.instant:%Y-%m}"
    return month, clock_of(month, clocks)


def clock_of(month: str, clocks: Mapping[str, int]) -> int:
    """The clock of a month ('2023-09'): its own, else the last one before it, else the first."""
    before = [known for known in clocks if known <= month]
    if before:
        return clocks[max(before)]
    return clocks[min(clocks)] if clocks else 0


def utc_of(item: Candidate, clock: Clock | None) -> datetime | None:
    """The instant of a date, by this clock where it states no zone."""
    if item.instant is None or clock is None or not _zoneless(item):
        return item.instant
    return item.instant - timedelta(minutes=clock[1])


def shown_clock(items: Sequence[Candidate]) -> int | None:
    """How many minutes a page's time without a zone lies east of the instant its entry states.

    None where there are not both, or they are too far or too oddly apart to be the same moment.
    """
    entry = next((item for item in items if item.origin == "entry"), None)
    page = next((item for item in items if _zoneless(item) and _timed(item)), None)
    if entry is None or page is None or entry.precision is not Precision.INSTANT:
        return None
    if entry.instant is None or page.instant is None:
        return None
    seconds = (page.instant - entry.instant).total_seconds()
    quarters = round(seconds / _QUARTER_S)
    minutes = quarters * _QUARTER_S // 60
    close = abs(seconds - quarters * _QUARTER_S) <= _CLOSE_S
    return minutes if close and _WEST <= minutes <= _EAST else None


def _zoneless(item: Candidate) -> bool:
    return item.precision is Precision.LOCAL and item.zone is None and item.origin not in _ELSEWHERE


def _timed(item: Candidate) -> bool:
    """Whether it has a time: midnight to the second is mostly a date in disguise."""
    at = item.instant
    return at is not None and bool(at.hour or at.minute or at.second)
