"""Sitemaps: bytes in, addresses with their dates out.

By the protocol at sitemaps.org (version 0.9): `urlset` and `sitemapindex`, `loc` and `lastmod` in
W3C date format, gzip, plain text with one address a line, at most 50,000 addresses and 50 MB
(52,428,800 bytes) uncompressed a file; `Sitemap:` lines in robots.txt. By Google's news extension
(schema 0.9): publication date, title, language. Namespaces are not believed: half of the world's
files have them wrong, and the names alone are clear.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from lxml import etree

from extractors.calendars import MONTHS
from extractors.dates import parse_date
from extractors.feed_bytes import prepare
from extractors.feed_text import one_line
from extractors.language import normalise_language
from extractors.records import Precision, Reason
from extractors.urls import clean_url

MAX_BYTES = 52_428_800
MAX_URLS = 50_000

_PER_ITEM = 40  # elements a page may bring on the average: pictures, videos, translations
_MAX_TITLE = 1_000
_MAX_IN_ROBOTS = 500
_GZIP = b"\x1f\x8b"
_STEP = 1 << 20
_CHUNK = 65_536
_ITEMS = frozenset({"url", "sitemap"})
# Each field with the element it must stand in: pictures and videos have a loc and a title as well.
_FIELDS = {
    "loc": _ITEMS,
    "lastmod": _ITEMS,
    "title": frozenset({"news"}),
    "publication_date": frozenset({"news"}),
    "language": frozenset({"publication"}),
}
_FEED_ROOTS = frozenset({"rss", "feed", "rdf"})
_ROOTS = {"urlset": "urlset", "sitemapindex": "index"}
_ROBOTS_LINE = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)

# A day, month or year in a file's name or query; what is around it must not be a longer number.
_DAY_NAME = re.compile(
    r"(?<!\d)(?P<year>19[9]\d|20\d\d)[-_/.]?(?P<month>0[1-9]|1[0-2])[-_/.]?"
    r"(?P<day>0[1-9]|[12]\d|3[01])(?!\d)"
)
_MONTH_NAME = re.compile(
    r"(?<!\d)(?P<year>19[9]\d|20\d\d)[-_/.]?(?P<month>0[1-9]|1[0-2])(?![\d])(?![-_/.]\d)"
)
_MONTH_WORD = re.compile(
    r"(?<!\d)(?P<year>20\d\d)[-_/](?P<word>[a-z]{3,9})(?![a-z])", re.IGNORECASE
)
_MONTH_NUMBER = re.compile(r"0[1-9]|1[0-2]")
_NUMBER = re.compile(r"\d+")
_YEAR_NAME = re.compile(r"(?<!\d)(?P<year>19[9]\d|20\d\d)(?!\d)")
_QUERY_DATE = re.compile(
    r"[?&](?:yyyy|year)=(?P<year>\d{4})(?:&(?:mm|month)=(?P<month>\d{1,2}))?"
    r"(?:&(?:dd|day)=(?P<day>\d{1,2}))?(?:&|$)",
    re.IGNORECASE,
)
# Names are in the publisher's own time.
_ZONES = timedelta(hours=14)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class SitemapItem:
    """One `url` or `sitemap` of a file: `loc` is absolute and repaired, times are UTC."""

    loc: str
    changed_at: datetime | None = None  # lastmod
    changed_precision: Precision = Precision.NONE
    published_at: datetime | None = None  # news:publication_date
    published_raw: str | None = None
    published_precision: Precision = Precision.NONE
    title: str | None = None  # news:title
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """A file, read. `kind` is urlset, index, feed (a feed used as a sitemap: for the feed parser,
    its body in `body`) or ''. With a `reason` the file was not read to its end; `items` are what
    came before that. `dropped` counts items without a usable address and those over the bound.
    """

    kind: str
    items: tuple[SitemapItem, ...] = ()
    dropped: int = 0
    body: bytes = b""
    reason: Reason | None = None
    detail: str = ""


class _TooLargeError(Exception):
    """The decompressed file goes over the bound."""


class _TooManyError(Exception):
    """There are more elements than any honest file has."""


def parse_sitemap(
    body: bytes, url: str, *, max_bytes: int = MAX_BYTES, max_urls: int = MAX_URLS
) -> Sitemap:
    """Read a sitemap's bytes, gzip or not, as they came from `url`. Never raises.

    Nothing outside of the file is opened and no entity expanded; a DOCTYPE with entities is
    refused. Reasons: empty, too_large, limit (more than `max_urls`), binary, unparsable.
    """
    try:
        plain = _gunzip(body, max_bytes) if body.startswith(_GZIP) else body
    except _TooLargeError:
        return _unread(Reason.TOO_LARGE, f"over {max_bytes:,} bytes unpacked")
    except zlib.error:
        return _unread(Reason.UNPARSABLE, "the gzip data are broken or cut short")
    if len(plain) > max_bytes:
        return _unread(Reason.TOO_LARGE, f"over {max_bytes:,} bytes")
    if plain.lstrip(b"\xef\xbb\xbf \t\r\n")[:4].lower() == b"http":
        return _read_text(plain, max_urls)
    return _read_markup(plain, url, max_urls)


def _unread(reason: Reason, detail: str) -> Sitemap:
    return Sitemap("", reason=reason, detail=detail)


def _read_markup(plain: bytes, url: str, max_urls: int) -> Sitemap:
    prepared = prepare(plain, None)
    if prepared.reason is not None:
        not_xml = prepared.reason is Reason.NOT_A_FEED
        return _unread(Reason.UNPARSABLE if not_xml else prepared.reason, prepared.detail)
    root = prepared.root.rpartition(":")[2]
    if root in _FEED_ROOTS:
        return Sitemap("feed", body=plain)
    kind = _ROOTS.get(root)
    if kind is None:
        return _unread(Reason.UNPARSABLE, f"no sitemap: <{root[:40]}>")
    return _read_xml(prepared.text, url, kind, max_urls)


def sitemaps_in_robots(body: bytes, url: str) -> tuple[str, ...]:
    """Return the sitemaps that a robots.txt names, absolute, in its order, each once."""
    text = body[:512_000].decode("utf-8-sig", "replace")
    found = (clean_url(stated, url) for stated in _ROBOTS_LINE.findall(text))
    return tuple(dict.fromkeys(filter(None, found)))[:_MAX_IN_ROBOTS]


def named_spans(urls: Sequence[str]) -> list[Span | None]:
    """Return for each file of an index the span of time that its name states, or None.

    '…/2023/09/13.xml', 'posts-2023-09.xml.gz', 'sitemap_2022.xml', '?yyyy=2023&mm=09&dd=13';
    half-open in UTC, wide enough for every time zone. A number is a year or a month only when no
    file beside it has a number in its place that is none: 'sitemap-2017.xml' may be the 2017th
    file, and 'sitemap-2023-10.xml' the tenth part of a year.
    """
    years = _shapes_without(_YEAR_NAME, urls)
    months = _shapes_without(_MONTH_NUMBER, urls)
    return [_named_span(url, years, months) for url in urls]


def _gunzip(body: bytes, limit: int) -> bytes:
    """Unpack every gzip member, at most `limit` bytes. Raises _TooLargeError or zlib.error."""
    pieces: list[bytes] = []
    size, rest = 0, body
    while rest.startswith(_GZIP):
        stream = zlib.decompressobj(31)
        while not stream.eof:
            piece = stream.decompress(rest, _STEP)
            rest = stream.unconsumed_tail
            size += len(piece)
            if size > limit:
                raise _TooLargeError
            if not piece and not rest and not stream.eof:
                raise zlib.error("cut short")
            pieces.append(piece)
        rest = stream.unused_data
        if len(pieces) > 10_000:
            raise _TooLargeError
    plain = b"".join(pieces)
    # Packed twice, by the file and once more by a careless server: seen often enough.
    return _gunzip(plain, limit) if plain.startswith(_GZIP) and len(plain) < len(body) else plain


def _read_text(body: bytes, max_urls: int) -> Sitemap:
    text = body.decode("utf-8-sig", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [loc for line in lines[:max_urls] if (loc := clean_url(line)) is not None]
    over = len(lines) > max_urls
    return Sitemap(
        "urlset",
        tuple(map(SitemapItem, dict.fromkeys(found))),
        dropped=len(lines) - len(found),
        reason=Reason.LIMIT if over else None,
        detail=f"more than {max_urls:,} addresses" if over else "",
    )


def _read_xml(text: str, url: str, kind: str, max_urls: int) -> Sitemap:
    items: dict[str, SitemapItem] = {}
    dropped, read = 0, 0
    reason, detail = None, ""
    try:
        for fields in _fields(text, _PER_ITEM * max_urls):
            read += 1
            if read > max_urls:
                reason, detail = Reason.LIMIT, f"more than {max_urls:,} addresses"
                break
            item = _item(fields, url)
            if item is None or item.loc in items:
                dropped += 1
            else:
                items[item.loc] = item
    except _TooManyError:
        reason, detail = Reason.LIMIT, f"more than {_PER_ITEM * max_urls:,} elements"
    except etree.XMLSyntaxError as error:
        words = " ".join(str(error).split())[:120]
        reason, detail = Reason.UNPARSABLE, f"after {read} addresses: {words}"
    return Sitemap(kind, tuple(items.values()), dropped, reason=reason, detail=detail)


def _fields(text: str, most: int) -> Iterator[dict[str, str]]:
    """Walk the document piece by piece and give each item's fields, forgetting it at once."""
    parser = etree.XMLPullParser(
        events=("end",),
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    fields: dict[str, str] = {}
    for start in range(0, len(text), _CHUNK):
        parser.feed(text[start : start + _CHUNK].encode("utf-8", "replace"))
        for _, element in parser.read_events():
            most -= 1
            if most < 0:
                raise _TooManyError
            if not isinstance(element, etree._Element):
                continue
            name, parent = _local(element), element.getparent()
            if name in _FIELDS and parent is not None and _local(parent) in _FIELDS[name]:
                fields.setdefault(name, (element.text or "").strip())
            elif name in _ITEMS:
                yield fields
                fields = {}
            _forget(element, parent)
    parser.close()


def _forget(element: etree._Element, parent: etree._Element | None) -> None:
    """Drop what stands before and in an element that is done: the tree never grows."""
    element.clear()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)


def _local(element: etree._Element) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _item(fields: dict[str, str], url: str) -> SitemapItem | None:
    loc = clean_url(fields.get("loc", ""), url) if fields.get("loc") else None
    if loc is None:
        return None
    changed, changed_precision, _ = parse_date(fields.get("lastmod", ""))
    raw = fields.get("publication_date") or None
    published, precision, _ = parse_date(raw or "")
    return SitemapItem(
        loc,
        changed,
        changed_precision,
        published,
        raw,
        precision,
        one_line(fields.get("title", "")[:_MAX_TITLE]) or None,
        normalise_language(fields.get("language")),
    )


def _shapes_without(number: re.Pattern[str], urls: Sequence[str]) -> frozenset[str]:
    """Return the addresses, a number cut out of each, where that number is not such a one."""
    shapes = set()
    for url in urls:
        for match in _NUMBER.finditer(url):
            if not number.fullmatch(match[0]):
                shapes.add(_shape(url, match.span()))
    return frozenset(shapes)


def _shape(url: str, cut: tuple[int, int]) -> str:
    return f"{url[: cut[0]]}#{url[cut[1] :]}"


def _named_span(url: str, years: frozenset[str], months: frozenset[str]) -> Span | None:
    at = url.find("/", url.find("://") + 3)
    if at < 0:
        return None
    match = _QUERY_DATE.search(url, at) or _DAY_NAME.search(url, at)
    if match is not None:
        return _span_of(match.groupdict())
    match = _MONTH_NAME.search(url, at)
    if match is not None and _shape(url, match.span("month")) not in months:
        return _span_of(match.groupdict())
    match = _MONTH_WORD.search(url, at)
    if match is not None and (span := _span_of(match.groupdict())) is not None:
        return span
    match = _YEAR_NAME.search(url, at)
    if match is None or _shape(url, match.span()) in years:
        return None
    return _span_of(match.groupdict())


def _span_of(named: dict[str, str | None]) -> Span | None:
    word = named.get("word")
    month = MONTHS.get(word.lower()) if word else int(named.get("month") or 0)
    if word and not month:
        return None
    year, day = int(named["year"] or 0), int(named.get("day") or 0)
    try:
        start = datetime(year, month or 1, day or 1, tzinfo=UTC)
    except ValueError:
        return None
    if day:
        end = start + timedelta(days=1)
    elif month:
        end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    else:
        end = datetime(year + 1, 1, 1, tzinfo=UTC)
    return start - _ZONES, end + _ZONES
