"""What one entry of a feed list may say: its keys, their values, and a Listing out of them.

Pure: mappings or text in, records out. Where the entry stands in a file is feedlist.py's business.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from urllib.parse import urlsplit, urlunsplit

from ruamel.yaml.error import YAMLError

from extractors.fingerprints import stable_id
from extractors.plain_yaml import load_plain
from extractors.records import FeedKind, Listing

# The one order in which keys are written.
KEYS = (
    "id",
    "url",
    "kind",
    "publisher",
    "homepage",
    "country",
    "language",
    "seen_in",
    "verified",
    "paused",
    "fetch",
    "conditional",
    "min_interval",
    "max_interval",
)
MAX_TEXT = 500
MAX_URL = 4_096
MAX_INTERVAL_S = 366 * 86_400

# ISO 3166-1 alpha-2 as of 2024, and XK, which publishers in Kosovo use.
_COUNTRY_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR
BS BT BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ
EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW
GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY
KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV
MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY
QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG
TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA
ZM ZW
"""
_COUNTRIES = frozenset(_COUNTRY_CODES.split())
_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_INTERVAL = re.compile(r"([1-9][0-9]{0,7})([smhd])")
_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufffe\uffff]")
# Folders and archives have paths; everything else is asked over HTTP.
_WITH_PATHS = frozenset({FeedKind.FILES, FeedKind.WARC})
_DEFAULT_PORTS = {"http": 80, "https": 443}


class BadField(ValueError):
    """A key or value that is not understood: which key, what was found, what was expected."""

    def __init__(self, key: str, found: str, expected: str) -> None:
        super().__init__(f"{found}, expected {expected}")
        self.key = key
        self.found = found
        self.expected = expected


def checked(entry: Mapping[object, object]) -> Listing:
    """Make a Listing out of one entry's keys and values; raises BadField for the first bad one."""
    for key in entry:
        if key not in KEYS:
            raise BadField(str(key), f"found the unknown key {str(key)!r}", _suggestion(str(key)))
    kind = _kind(entry.get("kind"))
    url = _url(entry.get("url"), kind)
    shortest = _interval(entry, "min_interval")
    longest = _interval(entry, "max_interval")
    if shortest is not None and longest is not None and shortest > longest:
        found = f"found min_interval {entry['min_interval']} over max_interval"
        raise BadField("min_interval", found, f"at most {entry['max_interval']}")
    return Listing(
        feed_id=_matching(entry, "id", _ID.fullmatch, "a-z, 0-9, '-', '_' and '.', at most 64")
        or stable_id("f", url),
        url=url,
        kind=kind,
        publisher=_line(entry, "publisher"),
        homepage=_homepage(entry),
        country=_matching(
            entry, "country", _COUNTRIES.__contains__, "two capital letters of ISO 3166-1 like KR"
        ),
        language=_matching(entry, "language", _LANGUAGE.fullmatch, "a language code like ko"),
        seen_in=_line(entry, "seen_in"),
        verified=_verified(entry),
        paused=_flag(entry, "paused", otherwise=False),
        fetch=_matching(entry, "fetch", {"all", "likely"}.__contains__, "all or likely") or "all",
        conditional=_flag(entry, "conditional", otherwise=True),
        min_interval_s=shortest,
        max_interval_s=longest,
    )


def as_fields(listing: Listing) -> dict[str, object]:
    """Give a listing's keys and values in the canonical order, leaving out what is the default.

    The id is always written, so that a later change of the URL leaves it as it is.
    """
    verified = date.fromisoformat(listing.verified) if listing.verified else None
    fields: dict[str, object] = {
        "id": listing.feed_id or stable_id("f", listing.url),
        "url": listing.url,
        "kind": None if listing.kind is FeedKind.FEED else listing.kind.value,
        "publisher": listing.publisher,
        "homepage": listing.homepage,
        "country": listing.country,
        "language": listing.language,
        "seen_in": listing.seen_in,
        "verified": verified or "never",
        "paused": True if listing.paused else None,
        "fetch": None if listing.fetch == "all" else listing.fetch,
        "conditional": None if listing.conditional else False,
        "min_interval": _written(listing.min_interval_s),
        "max_interval": _written(listing.max_interval_s),
    }
    return {key: fields[key] for key in KEYS if fields[key] is not None}


def url_key(url: str) -> str:
    """Give what two spellings of the same address share.

    Scheme and host in lower case, no default port, no fragment, '/' for an empty path. What is
    no web address comes back as it is.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return url
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return url
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port is not None and port != _DEFAULT_PORTS[parts.scheme]:
        host = f"{host}:{port}"
    user, at, _ = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, user + at + host, parts.path or "/", parts.query, ""))


def _suggestion(key: str) -> str:
    close = difflib.get_close_matches(key, KEYS, n=1)
    return repr(close[0]) if close else "one of " + ", ".join(KEYS)


def _kind(value: object) -> FeedKind:
    if value is None:
        return FeedKind.FEED
    try:
        return FeedKind(str(value))
    except ValueError as error:
        known = ", ".join(kind.value for kind in FeedKind)
        raise BadField("kind", f"found kind {_shown(value)}", f"one of {known}") from error


def _url(value: object, kind: FeedKind) -> str:
    if value is None:
        raise BadField("url", "found no url", "one, like https://example.org/rss.xml")
    if kind in _WITH_PATHS:
        return _text("url", value, MAX_URL)
    return _web_url("url", value)


def _homepage(entry: Mapping[object, object]) -> str | None:
    value = entry.get("homepage")
    return None if value is None else _web_url("homepage", value)


def _web_url(key: str, value: object) -> str:
    url = _text(key, value, MAX_URL)
    expected = "an http or https address like https://example.org/rss.xml"
    try:
        parts = urlsplit(url)
        good = parts.scheme in _DEFAULT_PORTS and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a broken IPv6 address, a port that is no number
        good = False
    if good and "@" in parts.netloc:
        # It would be stored, shown and logged, and is never sent.
        raise BadField(key, "found a user name or password in it", "an address without them")
    if not good or any(character.isspace() for character in url):
        raise BadField(key, f"found {key} {_shown(value)}", expected)
    return url


def _line(entry: Mapping[object, object], key: str) -> str | None:
    value = entry.get(key)
    return None if value is None else _text(key, value, MAX_TEXT)


def _matching(
    entry: Mapping[object, object], key: str, good: Callable[[str], object], expected: str
) -> str | None:
    value = entry.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not good(value):
        raise BadField(key, f"found {key} {_shown(value)}", expected)
    return str(value)


def _text(key: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise BadField(key, f"found {key} {_shown(value)}", "text (put it in quotes)")
    text = str(value).strip()
    if not text or len(text) > longest or _CONTROL.search(text):
        expected = f"one line of 1 to {longest} characters"
        raise BadField(key, f"found {key} {_shown(value)}", expected)
    return text


def _flag(entry: Mapping[object, object], key: str, *, otherwise: bool) -> bool:
    value = entry.get(key)
    if value is None:
        return otherwise
    if not isinstance(value, bool):
        raise BadField(key, f"found {key} {_shown(value)}", "true or false")
    return value


def _verified(entry: Mapping[object, object]) -> str | None:
    value = entry.get("verified")
    if value is None or value == "never":
        return None
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError:
            pass
    raise BadField("verified", f"found verified {_shown(value)}", "a date like 2026-11-23 or never")


def _interval(entry: Mapping[object, object], key: str) -> int | None:
    value = entry.get(key)
    if value is None:
        return None
    match = _INTERVAL.fullmatch(value) if isinstance(value, str) else None
    seconds = int(match[1]) * _UNITS[match[2]] if match else 0
    if not 0 < seconds <= MAX_INTERVAL_S:
        expected = "a number and a unit up to a year, like 15m, 2h or 1d"
        raise BadField(key, f"found {key} {_shown(value)}", expected)
    return seconds


def _written(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    unit = next(unit for unit, size in _UNITS.items() if seconds % size == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def _shown(value: object) -> str:
    """The value as a message shows it, bounded; a mapping or sequence only by its kind."""
    if isinstance(value, str | int | float | date):
        text = repr(str(value) if isinstance(value, str | date) else value)
        return text if len(text) <= 120 else f"{text[:117]}...'"
    return f"a {'mapping' if isinstance(value, Mapping) else 'sequence'}"


def read_quickly(text: str) -> list[Listing] | None:
    """The sources of a list that is as it should be, in a fifth of the time.

    The quick loader reads values by the same rules but knows no lines: None leaves the list, and
    saying where it is wrong, to the other.
    """
    try:
        document = load_plain(text)
        if set(document) != {"feeds"} or not isinstance(document["feeds"], list):
            return None
        listings = [checked(feed) for feed in document["feeds"]]
    except (YAMLError, BadField, ValueError, TypeError, AttributeError, RecursionError):
        return None
    ids = {listing.feed_id for listing in listings}
    urls = {url_key(listing.url) for listing in listings}
    return listings if len(ids) == len(urls) == len(listings) else None
