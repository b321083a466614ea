"""Files that a user drops into a folder, one function a kind: text, page, feed, list, archive.

Every function yields `SeedItem`s and never raises on what a file holds: what cannot be read is an
item with a reason and a detail in words.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from typing import Any, BinaryIO

from fastwarc.warc import ArchiveIterator, WarcRecordType

from extractors.charsets import decode
from extractors.errors import DataError
from extractors.feed_bytes import prepare
from extractors.frontmatter import read_stated, split_front_matter
from extractors.opml import OpmlError, read_opml
from extractors.records import Fetched, Reason, SeedItem
from extractors.seed_text import article_from_text, first_heading, plain_markdown
from extractors.warc_payload import PayloadError, decode_payload

MAX_BYTES = 10_000_000

_WIRE_FACTOR = 2  # a body with its chunk marks takes no more than this times the bound
_PAGE_HEAD = 500_000
_LINK_TAG = re.compile(r"<link\b[^<>]{0,2000}>", re.IGNORECASE)
_META_TAG = re.compile(r"<meta\b[^<>]{0,2000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([\w:\-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_SELF_LINK = re.compile(r"<(?:\w+:)?link\b[^<>]{0,2000}>", re.IGNORECASE)
_TAG = re.compile(r"<(?:!doctype|[a-z][a-z0-9]*)\b", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_HTML_TYPES = ("text/html", "application/xhtml+xml")


def read_seed(
    path: str, data: bytes, *, fetched_at: datetime, max_bytes: int = MAX_BYTES
) -> Iterator[SeedItem]:
    """Read one dropped file; its suffix says what it is.

    Takes the path relative to the seed folder, the file's bytes, when it was read (aware UTC) and
    the largest size accepted (.jsonl and .warc are meant to be streamed with `read_jsonl` and
    `read_warc`, and are not bound by it here). .txt and .md give an article, .html a page, .xml,
    .rss, .atom and .json a saved feed, .opml feeds to follow.
    """
    kind = _kind(path)
    if kind == "":
        yield SeedItem(path, reason=Reason.UNKNOWN_KIND, detail="nobody reads files of this kind")
    elif not data.strip():
        yield SeedItem(path, reason=Reason.EMPTY, detail="the file is empty")
    elif kind == "jsonl":
        yield from read_jsonl(path, BytesIO(data))
    elif kind == "warc":
        yield from read_warc(path, BytesIO(data), max_bytes=max_bytes)
    elif len(data) > max_bytes:
        detail = f"{len(data)} bytes, the bound is {max_bytes}"
        yield SeedItem(path, reason=Reason.TOO_LARGE, detail=detail)
    elif kind == "text":
        yield _read_text(path, data)
    elif kind == "page":
        yield _read_page(path, data, fetched_at)
    elif kind == "opml":
        yield from _read_list(path, data)
    else:
        yield from _read_feed(path, data, fetched_at)


def _kind(path: str) -> str:
    name = path.lower()
    for suffixes, kind in (
        ((".txt", ".md"), "text"),
        ((".html", ".htm"), "page"),
        ((".xml", ".rss", ".atom", ".json"), "feed"),
        ((".opml",), "opml"),
        ((".jsonl",), "jsonl"),
        ((".warc", ".warc.gz"), "warc"),
    ):
        if name.endswith(suffixes):
            return kind
    return ""


def _read_text(path: str, data: bytes) -> SeedItem:
    text, reason, detail = _decode_text(data)
    if reason is not None:
        return SeedItem(path, reason=reason, detail=detail)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        stated, body = split_front_matter(text.lstrip("\n"))
    except DataError as error:
        return SeedItem(path, reason=Reason.UNPARSABLE, detail=str(error))
    heading = None
    if path.lower().endswith(".md"):
        heading, body = first_heading(body), plain_markdown(body)
    if not body.strip():
        return SeedItem(path, reason=Reason.EMPTY, detail="there is no text below the fields")
    article = article_from_text(body, stated, where="file", heading=heading)
    return SeedItem(path, extracted=article)


def _decode_text(data: bytes) -> tuple[str, Reason | None, str]:
    """Decode UTF-8, with or without a mark, or UTF-16 with one; anything else is a reason."""
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    elif b"\x00" in data:
        return "", Reason.BINARY, "the file holds zero bytes: it is not text"
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        where = f"byte {error.start} is not {encoding.removesuffix('-sig').upper()}"
        if len(_CONTROL.findall(data[:4096].decode("latin-1"))) > len(data[:4096]) // 20:
            return "", Reason.BINARY, f"the file is not text: {where}"
        return "", Reason.ENCODING, f"{where}; save the file as UTF-8"
    if len(_CONTROL.findall(text)) > len(text) // 20:
        return "", Reason.BINARY, "the file is mostly control characters"
    return text, None, ""


def _read_page(path: str, data: bytes, fetched_at: datetime) -> SeedItem:
    text = decode(data).text
    if "\x00" in text[:4096]:
        return SeedItem(path, reason=Reason.BINARY, detail="the file holds zero bytes")
    if not _TAG.search(text[:_PAGE_HEAD]):
        return SeedItem(path, reason=Reason.NOT_HTML, detail="there is no HTML element in it")
    return SeedItem(
        path, page=_fetched(_page_url(text[:_PAGE_HEAD]), data, "text/html", fetched_at)
    )


def _fetched(url: str, body: bytes, content_type: str, fetched_at: datetime) -> Fetched:
    headers = (("content-type", content_type),)
    return Fetched(url, url, 200, headers=headers, body=body, fetched_at=fetched_at)


def _page_url(head: str) -> str:
    """Return the page's own address as it states it: rel=canonical, else og:url, else nothing."""
    for tag in _LINK_TAG.findall(head):
        named = _attributes(tag)
        if "canonical" in named.get("rel", "").lower().split() and _web(named.get("href", "")):
            return named["href"].strip()
    for tag in _META_TAG.findall(head):
        named = _attributes(tag)
        label = named.get("property", named.get("name", "")).lower()
        if label == "og:url" and _web(named.get("content", "")):
            return named["content"].strip()
    return ""


def _attributes(tag: str) -> dict[str, str]:
    found = _ATTRIBUTE.findall(tag)
    return {
        name.lower(): (one or two or bare).replace("&amp;", "&") for name, one, two, bare in found
    }


def _web(address: str) -> bool:
    return address.strip().lower().startswith(("http://", "https://"))


def _read_feed(path: str, data: bytes, fetched_at: datetime) -> Iterator[SeedItem]:
    prepared = prepare(data, None)
    if prepared.reason is not None:
        yield SeedItem(path, reason=prepared.reason, detail=prepared.detail)
        return
    if prepared.root == "opml":
        yield from _read_list(path, data)
        return
    content_type = "application/feed+json" if prepared.kind == "json" else "application/xml"
    url = ""
    for tag in _SELF_LINK.findall(prepared.text[:20_000]):
        named = _attributes(tag)
        if named.get("rel", "").lower() == "self" and _web(named.get("href", "")):
            url = named["href"].strip()
            break
    yield SeedItem(path, feed=_fetched(url, data, content_type, fetched_at))


def _read_list(path: str, data: bytes) -> Iterator[SeedItem]:
    try:
        listings = read_opml(data)
    except OpmlError as error:
        yield SeedItem(path, reason=Reason.UNPARSABLE, detail=str(error))
        return
    if not listings:
        yield SeedItem(path, reason=Reason.EMPTY, detail="the list names no feed")
    for number, listing in enumerate(listings, 1):
        yield SeedItem(f"{path}#{number}", listing=listing)


def read_jsonl(
    path: str, lines: Iterable[bytes], *, max_line: int = MAX_BYTES
) -> Iterator[SeedItem]:
    """Read one article a line: the fields of front matter plus `text`; `id` is optional.

    Takes lines as bytes (UTF-8), so that a file of any size is streamed. A line that cannot be
    read is an item with a reason and the rest goes on. An item's path ends in `#` and its line's
    number, or its `id` where it has one, so that moving a line does not make a new article.
    """
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)  # noqa: PLW2901
        if line.strip():
            yield _read_line(path, number, line, max_line, seen)


def _read_line(path: str, number: int, line: bytes, max_line: int, seen: set[str]) -> SeedItem:
    name = f"{path}#{number}"
    if len(line) > max_line:
        return SeedItem(name, reason=Reason.TOO_LARGE, detail=f"a line of {len(line)} bytes")
    try:
        data = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return SeedItem(name, reason=Reason.ENCODING, detail=f"byte {error.start} is not UTF-8")
    except (ValueError, RecursionError) as error:
        detail = f"not JSON: {' '.join(str(error).split())[:120]}"
        return SeedItem(name, reason=Reason.UNPARSABLE, detail=detail)
    if not isinstance(data, dict) or not isinstance(data.get("text"), str):
        detail = "a line is an object with at least `text`"
        return SeedItem(name, reason=Reason.UNPARSABLE, detail=detail)
    identifier = _identifier(data.get("id"))
    if identifier and identifier not in seen:
        seen.add(identifier)
        name = f"{path}#{identifier}"
    return _read_object(name, data)


def _read_object(name: str, data: dict[str, Any]) -> SeedItem:
    if not data["text"].strip():
        return SeedItem(name, reason=Reason.EMPTY, detail="its text is empty")
    try:
        stated = read_stated(data, "line")
    except DataError as error:
        return SeedItem(name, reason=Reason.UNPARSABLE, detail=str(error))
    return SeedItem(name, extracted=article_from_text(data["text"], stated, where="line"))


def _identifier(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return " ".join(str(value).split())[:200]


def read_warc(path: str, stream: BinaryIO, *, max_bytes: int = MAX_BYTES) -> Iterator[SeedItem]:
    """Read the HTML pages of a WARC file (ISO 28500), plain or gzip, from a binary stream.

    Only response records with status 200 and an HTML media type are pages; the rest is passed
    over. Chunked transfer and compression are undone up to `max_bytes`. `fetched_at` of a page is
    the record's WARC-Date. A torn tail or broken gzip ends the file with an item with a reason.
    """
    number = 0
    try:
        records = ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True)
        for number, record in enumerate(records, 1):
            item = _read_record(f"{path}#{number}", record, max_bytes)
            if item is not None:
                yield item
    # The reader raises OSError on broken gzip and headers, and more on worse; all end the file.
    except Exception as error:
        detail = f"after {number} records: {' '.join(str(error).split())[:120]}"
        yield SeedItem(f"{path}#{number + 1}", reason=Reason.UNPARSABLE, detail=detail)
        return
    if number == 0:
        yield SeedItem(path, reason=Reason.EMPTY, detail="there is no response record in it")


def _read_record(name: str, record: Any, max_bytes: int) -> SeedItem | None:
    http = record.http_headers
    if http is None or http.status_code != 200:
        return None
    headers = tuple((key.lower(), value) for key, value in http)
    named = dict(reversed(headers))
    if named.get("content-type", "").split(";")[0].strip().lower() not in _HTML_TYPES:
        return None
    body, reason, detail = _read_body(record, named, max_bytes)
    if reason is not None:
        return SeedItem(name, reason=reason, detail=detail)
    url = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
    when = record.record_date
    fetched_at = when.astimezone(UTC) if when is not None else None
    page = Fetched(url, url, 200, headers=headers, body=body, fetched_at=fetched_at)
    return SeedItem(name, page=page)


def _read_body(
    record: Any, named: dict[str, str], max_bytes: int
) -> tuple[bytes, Reason | None, str]:
    promised = record.content_length
    if promised > _WIRE_FACTOR * max_bytes:
        return b"", Reason.TOO_LARGE, f"{promised} bytes"
    payload = record.reader.read(_WIRE_FACTOR * max_bytes)
    if len(payload) < promised:
        torn = f"the record is torn: {len(payload)} of {promised} bytes"
        return b"", Reason.UNPARSABLE, torn
    transfer = named.get("transfer-encoding", "")
    try:
        body = decode_payload(payload, transfer, named.get("content-encoding", ""), max_bytes)
    except PayloadError as error:
        return b"", Reason.TOO_LARGE if error.too_large else Reason.UNPARSABLE, str(error)
    if not body.strip():
        return b"", Reason.EMPTY, "the page is empty"
    return body, None, ""
