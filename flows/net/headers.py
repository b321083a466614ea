"""Header values read the way RFC 9110 and 9111 write them. Pure; what makes no sense is None."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# Nobody means more than this by 'later'; it also keeps arithmetic on dates from overflowing.
LONGEST_S = 366 * 86_400

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)
_DIRECTIVE = re.compile(r"""([!#$%&'*+.^_`|~0-9a-z-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,]*)))?""", re.I)


def http_date(value: str | None) -> datetime | None:
    """Read an HTTP date (RFC 9110 5.6.7, and the sloppier forms seen) as aware UTC, or None."""
    if not value or len(value) > 100:
        return None
    try:
        parsed = parsedate_to_datetime(value.strip())
        aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def seconds(value: str | None) -> int | None:
    """Read a count of seconds, at most a year; None when it is not plain digits."""
    text = (value or "").strip()
    return min(int(text), LONGEST_S) if _DIGITS.fullmatch(text) else None


def retry_after_s(value: str | None, now: datetime) -> int | None:
    """Read Retry-After in either form (RFC 9110 10.2.3) as seconds from `now`; 0 when past."""
    plain = seconds(value)
    if plain is not None:
        return plain
    at = http_date(value)
    if at is None:
        return None
    return int(min(max((at - now).total_seconds(), 0), LONGEST_S))


def cache_directives(value: str | None) -> dict[str, str]:
    """Split Cache-Control into lower-case directives and their arguments; the first one counts."""
    found: dict[str, str] = {}
    for name, quoted, plain in _DIRECTIVE.findall((value or "")[:2_000]):
        found.setdefault(name.lower(), quoted or plain)
    return found


def max_age_s(value: str | None) -> int | None:
    """Read how long an answer stays fresh; None when unsaid or when it may not be kept."""
    directives = cache_directives(value)
    if "no-store" in directives or "no-cache" in directives:
        return None
    return seconds(directives.get("max-age"))


def sendable(value: str | None) -> str | None:
    """Return a validator that can stand in a request header, or None (no control characters)."""
    if not value or len(value) > 1_000:
        return None
    return value if all(32 <= ord(c) <= 126 or 160 <= ord(c) <= 255 for c in value) else None
