"""Dates as the world writes them, read without ever asking what day it is.

Understood are RFC 3339 and the ISO 8601 forms in use, RFC 822/2822/9110 dates, Unix times,
numeric dates whose order is certain, and dates written out in some thirty languages.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from extractors.calendars import MONTHS, ZONES, common_day, common_years, us_offset
from extractors.records import Precision

Parsed = tuple[datetime | None, Precision, str | None]
NOTHING: Parsed = (None, Precision.NONE, None)

_LONGEST = 120
_EARLIEST, _LATEST = 1900, 2199

_ZONE = (
    r"(?P<zone>Z\b|(?:UTC|GMT)?\s?[+\-\u2212]\s?\d{1,2}(?::?\d{2})?(?!\d)"
    r"|\b[A-Za-z]{2,5}\b|\bМСК\b)"
)
_CLOCK = (
    r"(?P<hour>[01]?\d|2[0-4])\s?[:.h時时点點시]\s?(?P<minute>[0-5]\d)"
    r"(?:[:.分분]\s?(?P<second>[0-5]\d|60)(?:[.,]\d{1,9})?)?"
)
_ISO = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})"
    r"(?:(?:T|\s+|_|,\s*)(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,:]\d{1,9})?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|z|[+\-\u2212]\d{2}:?\d{2}(?!\d)|[+\-]\d{1,2}(?!\d)"
    r"|[A-Za-z]{2,5})?)?\s*(?:\[[\w/+\-]+\])?"
)
_COMPACT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})"
    r"(?:T?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_RFC822 = re.compile(
    r"(?:[A-Za-z]{3,9}\.?,?\s+)?(?P<day>\d{1,2})[\s-]+(?P<name>[A-Za-z]{3,9})\.?[\s-]+"
    r"(?P<year>\d{4}|\d{2}),?"
    r"(?:\s+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?"
    r"(?:\s*(?P<zone>[+\-]\d{2}:?\d{2}|[+\-]\d{1,2}|(?![AaPp][Mm]\b)[A-Za-z]{1,5}(?:[+\-]\d{1,4})?)"
    r"(?:\s*\([^)]*\))?)?|\s*\([^)]*\))?"
)
# The C library's form, with or without a zone before or after the year.
_CTIME = re.compile(
    r"[A-Za-z]{3},?\s+(?P<name>[A-Za-z]{3})\s+(?P<day>\d{1,2})\s+"
    r"(?P<hour>\d{2}):(?P<minute>\d{2}):(?P<second>\d{2})\s+(?P<zone>[+-]\d{4}|[A-Z]{1,5})?\s*"
    r"(?P<year>\d{4})"
)
_EPOCH = re.compile(r"\d{10}(?:\d{3})?(?:\.\d+)?")
_YMD = re.compile(
    r"(?<!\d)(?P<year>\d{4})\s?[/.\-年년]\s?(?P<month>\d{1,2})\s?[/.\-月월]\s?(?P<day>\d{1,2})(?!\d)"
)
_DMY = re.compile(
    r"(?<!\d)(?P<first>\d{1,2})\s?(?P<mark>[/.\-])\s?(?P<second>\d{1,2})\s?[/.\-]\s?(?P<year>\d{4})(?!\d)"
)
_DMY_SHORT = re.compile(
    r"(?<![\d.])(?P<first>\d{1,2})(?P<mark>[/.])(?P<second>\d{1,2})(?P=mark)(?P<year>[0-4]\d)(?![\d.])"
)
_DAY_SHORT = re.compile(
    r"(?<![\d:.])(?P<day>\d{1,2})\s(?P<name>[^\W\d_]{3,12}\.?)\s'?(?P<year>[0-4]\d)(?![\d:.h])"
)
_SHORT_TEXT = 30  # characters: in longer ones three small numbers may be anything
_WORDS = re.compile(
    r"[\u0e01-\u0e4e]{1,2}\.[\u0e01-\u0e4e]\.|"
    r"[^\W\d_]+(?:[\u0300-\u036f\u0900-\u0dff\u0e31-\u0e4e][^\W\d_]*)*\.?|\d+"
)
_CLOCK_FULL = re.compile(
    r"(?<![\d:.])"
    + _CLOCK
    + r"(?![\d])\s*(?P<half>[AaPp]\.?\s?[Mm]\b\.?|[μπΜΠ]\.?[μΜ]\b\.?|[مص](?!\w)|(?:SA|CH)\b)?"
    + r"(?:\s*\(?"
    + _ZONE
    + r"\)?)?"
)
_EAST_HALF = re.compile(r"(오전|오후|上午|下午|午前|午後|早上|凌晨|晚上)\s*(?=\d)")
# First letters of a.m. and p.m. in English, Greek, Arabic and Vietnamese.
_MORNING, _AFTERNOON = tuple("aπصs"), tuple("pμمc")
_EAST_MINUTES = re.compile(r"(\d{1,2})\s?[時时点點시]\s?(\d{1,2})\s?[分분]")
_FILLERS = frozenset(
    {
        "de",
        "del",
        "of",
        "th",
        "st",
        "nd",
        "rd",
        "er",
        "ος",
        "den",
        "the",
        "năm",
        "พ",
        "ศ",
        "พ.ศ",
        "ค.ศ",
        "א",
        "року",
        "года",
        "г",
        "р",
        "m",
        "d",
        "gada",
        "u",
        "a",
    }
)
# Arabic, Persian, Devanagari, Bengali, Tamil, Thai and full-width digits.
_DIGITS = {
    zero + value: str(value)
    for zero in (0x660, 0x6F0, 0x966, 0x9E6, 0xBE6, 0xE50, 0xFF10)
    for value in range(10)
}
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+\-\u2212])\s?(\d{1,2}):?(\d{2})?$", re.IGNORECASE)


def parse_date(
    raw: str, *, default_zone: tzinfo | None = None, day_first: bool | None = None
) -> Parsed:
    """Read one date: (instant in UTC or None, how exact it is, the zone as stated).

    `default_zone` is where a time without a zone was written (UTC when None): it moves the
    instant, yet the precision stays `local` and the stated zone None. A date without a time is
    midnight UTC with precision `day`. `day_first` settles numeric dates such as 03/04/2023;
    without it they give nothing unless only one reading exists (with dots the day comes first).
    Never raises and never completes a date from today's.
    """
    text = " ".join(raw[: _LONGEST * 2].split())[:_LONGEST]
    if len(text) < 6:
        return NOTHING
    if not text.isascii():
        text = common_years(text.translate(_DIGITS))
    try:
        return _read(text, default_zone, day_first)
    except (ValueError, OverflowError):
        return NOTHING


def zone_offset(zone: str, at: datetime | None = None) -> timedelta | None:
    """Return the offset from UTC that a zone as written stands for, or None when unknown.

    Numeric offsets, Z, GMT+3 and the abbreviations news uses; 'ET' and its like need the local
    time `at` (naive) for daylight saving.
    """
    name = zone.strip().upper()
    if name in ("Z", "UTC", "GMT", "UT"):
        return timedelta(0)
    match = _OFFSET.match(name)
    if match:
        sign = 1 if match[1] == "+" else -1
        minutes = int(match[2]) * 60 + int(match[3] or 0)
        if len(match[2]) == 1 and match[3] and ":" not in name:  # +300 is 3 hours, not 30
            minutes = int(match[2]) * 60 + int(match[3])
        return timedelta(minutes=sign * minutes) if minutes <= 14 * 60 else None
    if at is not None and name in ("ET", "CT", "MT", "PT"):
        return us_offset(name, at)
    minutes_east = ZONES.get(name)
    return None if minutes_east is None else timedelta(minutes=minutes_east)


def _read(text: str, default_zone: tzinfo | None, day_first: bool | None) -> Parsed:
    for pattern in (_ISO, _COMPACT, _RFC822, _CTIME):
        match = pattern.fullmatch(text)
        if match:
            parsed = _from_match(match, default_zone)
            if parsed[0] is not None:
                return parsed
    if _EPOCH.fullmatch(text):
        return _epoch(text)
    return _written(text, default_zone, day_first)


def _from_match(match: re.Match[str], default_zone: tzinfo | None) -> Parsed:
    fields = match.groupdict()
    month = MONTHS.get(fields["name"].lower()) if fields.get("name") else int(fields["month"])
    year = int(fields["year"])
    if len(fields["year"]) == 2:  # RFC 2822, section 4.3
        year += 2000 if year < 50 else 1900
    if month is None:
        return NOTHING
    return _build(
        (year, month, int(fields["day"])), _clock(fields), fields.get("zone"), default_zone
    )


def _clock(fields: dict[str, str | None]) -> tuple[int, int, int] | None:
    if fields.get("hour") is None:
        return None
    hour, minute = int(fields["hour"] or 0), int(fields["minute"] or 0)
    half = (fields.get("half") or "").lower()[:1]
    if half in _AFTERNOON and hour < 12:
        hour += 12
    elif half in _MORNING and hour == 12:
        hour = 0
    return hour, minute, min(int(fields.get("second") or 0), 59)


def _build(
    day: tuple[int, int, int],
    clock: tuple[int, int, int] | None,
    zone: str | None,
    default_zone: tzinfo | None,
) -> Parsed:
    day = common_day(day)
    if not _EARLIEST <= day[0] <= _LATEST:
        return NOTHING
    date = datetime(*day)  # noqa: DTZ001  (made aware below)
    if clock is None:
        return date.replace(tzinfo=UTC), Precision.DAY, None
    hour, minute, second = clock
    local = date + timedelta(hours=hour, minutes=minute, seconds=second)
    if hour > 24 or minute > 59:
        return NOTHING
    offset = zone_offset(zone, local) if zone else None
    if offset is not None:
        stated = "Z" if zone in ("Z", "z") else format_offset(offset)
        return local.replace(tzinfo=timezone(offset)).astimezone(UTC), Precision.INSTANT, stated
    aware = local.replace(tzinfo=default_zone or UTC)
    return aware.astimezone(UTC), Precision.LOCAL, None


def format_offset(offset: timedelta) -> str:
    """Write an offset from UTC as dates do: '+05:30'."""
    minutes = int(offset.total_seconds()) // 60
    sign = "-" if minutes < 0 else "+"
    return f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _epoch(text: str) -> Parsed:
    number = float(text)
    if number > 1e11:
        number /= 1000
    moment = datetime.fromtimestamp(number, UTC)
    if not 1990 <= moment.year <= _LATEST:
        return NOTHING
    return moment, Precision.INSTANT, "Z"


def _written(text: str, default_zone: tzinfo | None, day_first: bool | None) -> Parsed:
    day, rest = _numeric_day(text, day_first)
    if day is None:
        day, rest = _worded_day(text)
    if day is None:
        return NOTHING
    rest, half = _east_asian_clock(rest)
    match = _CLOCK_FULL.search(rest)
    if not match:
        return _build(day, None, None, default_zone)
    fields = match.groupdict()
    fields["half"] = fields["half"] or half
    return _build(day, _clock(fields), fields["zone"], default_zone)


def _east_asian_clock(rest: str) -> tuple[str, str | None]:
    half = None
    match = _EAST_HALF.search(rest)
    if match:
        half = "p" if match[1] in ("오후", "下午", "午後", "晚上") else "a"
        rest = rest.replace(match[0], " ", 1)
    return _EAST_MINUTES.sub(lambda found: f"{found[1]}:{int(found[2]):02d}", rest), half


def _numeric_day(text: str, day_first: bool | None) -> tuple[tuple[int, int, int] | None, str]:
    match = _YMD.search(text)
    if match:
        day = int(match["year"]), int(match["month"]), int(match["day"])
        return day, text[: match.start()] + " " + text[match.end() :].lstrip("일日 ")
    match = _DMY.search(text)
    if not match and len(text) <= _SHORT_TEXT:
        match = _DMY_SHORT.search(text)
    if not match:
        return None, text
    first, second, year = int(match["first"]), int(match["second"]), int(match["year"])
    year += 2000 if year < 100 else 0
    if first > 12 or first == second or (match["mark"] == "." and second <= 12):
        order = True
    elif second > 12:
        order = False
    elif day_first is None:
        return None, text
    else:
        order = day_first
    day = (year, second, first) if order else (year, first, second)
    return day, text[: match.start()] + " " + text[match.end() :]


def _worded_day(text: str) -> tuple[tuple[int, int, int] | None, str]:
    """Find a month's name with a day on one side and a year after it, in either order."""
    words = [
        (match[0].rstrip(".").lower(), match.start(), match.end())
        for match in _WORDS.finditer(text)
    ]
    for index, (word, start, end) in enumerate(words):
        month, at = MONTHS.get(word), index
        if month is None and word in ("tháng", "thg") and index + 1 < len(words):
            at = index + 1  # Vietnamese numbers its months
            month = _small(words[at])
        found = _day_and_year(words, index, at, month) if month else None
        if found:
            day, first, last = found
            return day, text[: min(first, start)] + " " + text[max(last, end) :]
    short = _DAY_SHORT.search(text) if len(text) <= _SHORT_TEXT else None
    number = MONTHS.get(short["name"].rstrip(".").lower()) if short else None
    if short and number:
        day = 2000 + int(short["year"]), number, int(short["day"])
        return day, text[: short.start()] + " " + text[short.end() :]
    return None, text


def _day_and_year(
    words: list[tuple[str, int, int]], index: int, at: int, month: int
) -> tuple[tuple[int, int, int], int, int] | None:
    """Read the day and year around the month, whose words run from `index` to `at`."""
    before = [word for word in words[max(0, index - 4) : index] if word[0] not in _FILLERS]
    after = [
        word
        for word in words[at + 1 : at + 6]
        if word[0] not in _FILLERS and MONTHS.get(word[0]) != month  # أيلول/سبتمبر
    ]
    first, last = words[index][1], words[at][2]
    day = _small(before[-1]) if before else None
    if day:
        first = before[-1][1]
    elif after:
        day, last = _small(after[0]), after[0][2]
        after = after[1:]
    year = _year(after[0]) if after else None
    if year:
        last = after[0][2]
    elif before:
        at_year = before[-3:-1] if _small(before[-1]) else before[-1:]
        for word in at_year:  # 2023 September 13; 2023. gada 13. septembris; 2023 Wed 13 Sept
            if _year(word) and not year:
                year, first = _year(word), word[1]
    return ((year, month, day), first, last) if day and year and month <= 12 else None


def _small(word: tuple[str, int, int]) -> int | None:
    return (
        int(word[0])
        if word[0].isdigit() and len(word[0]) <= 2 and 1 <= int(word[0]) <= 31
        else None
    )


def _year(word: tuple[str, int, int]) -> int | None:
    return int(word[0]) if word[0].isdigit() and len(word[0]) == 4 else None
