"""What a feed says about when to come back: ttl, skipHours, skipDays, sy:updatePeriod.

RSS 2.0 (https://www.rssboard.org/rss-specification) and the syndication module of RSS 1.0. Read
from the text outside the entries, since feedparser keeps only the last hour and day of each list.
"""

from __future__ import annotations

import re

from extractors.records import FeedHints

_FIRST_ENTRY = re.compile(r"<(?:\w+:)?(?:[Ii]tem|ITEM|[Ee]ntry)[\s>]")
_LAST_ENTRY = re.compile(r"</(?:\w+:)?(?:[Ii]tem|ITEM|[Ee]ntry)\s*>")
_TTL = re.compile(r"<ttl>\s*(\d{1,9})(?:\.\d+)?\s*</ttl>")
_SKIP = {
    name: re.compile(rf"<{name}>(.*?)</{name}>", re.DOTALL) for name in ("skiphours", "skipdays")
}
_HOUR = re.compile(r"<hour>\s*(\d{1,2})\s*</hour>")
_DAY = re.compile(r"<day>\s*([a-z]+)\s*</day>")
_PERIOD = re.compile(r"<sy:updateperiod>\s*([a-z]+)\s*</sy:updateperiod>")
_FREQUENCY = re.compile(r"<sy:updatefrequency>\s*(\d{1,6})\s*</sy:updatefrequency>")
_PERIODS = {
    "hourly": 3600,
    "daily": 86400,
    "weekly": 604800,
    "monthly": 2592000,
    "yearly": 31536000,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WORDS = ("<ttl", "<skip", "<sy:update")
_WINDOW = 20_000  # characters looked at before the first entry and after the last
_MAX_TTL_S = 366 * 86400


def read_hints(text: str) -> FeedHints:
    """Read the hints of an RSS, RDF or Atom document; hours are UTC, Monday is day 0."""
    first = _FIRST_ENTRY.search(text)
    around = text[: min(first.start(), _WINDOW)] if first else text[:_WINDOW]
    if first:
        tail = text[max(first.start(), len(text) - _WINDOW) :]
        ends = [match.end() for match in _LAST_ENTRY.finditer(tail)]
        around += tail[ends[-1] :] if ends else ""
    around = around.lower()
    if not any(word in around for word in _WORDS):
        return FeedHints()
    ttl = _TTL.search(around)
    period = _PERIOD.search(around)
    return FeedHints(
        ttl_s=min(int(ttl[1]) * 60, _MAX_TTL_S) or None if ttl else None,
        skip_hours=_skip_hours(around),
        skip_days=_skip_days(around),
        update_period_s=_update_period(around, period[1]) if period else None,
    )


def _skip_hours(around: str) -> tuple[int, ...]:
    block = _SKIP["skiphours"].search(around)
    # Some count 1 to 24: 24 is midnight.
    hours = {int(hour) % 24 for hour in _HOUR.findall(block[1]) if int(hour) <= 24} if block else ()
    return tuple(sorted(hours))


def _skip_days(around: str) -> tuple[int, ...]:
    block = _SKIP["skipdays"].search(around)
    days = set(_DAY.findall(block[1])) if block else set()
    return tuple(index for index, day in enumerate(_DAYS) if day in days)


def _update_period(around: str, period: str) -> int | None:
    seconds = _PERIODS.get(period)
    frequency = _FREQUENCY.search(around)
    times = max(int(frequency[1]), 1) if frequency else 1
    return max(seconds // times, 1) if seconds else None
