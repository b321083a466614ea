"""WARC records out of a stream, filtered before anything but their headers is looked at.

Records are cut out by fastwarc; what is not wanted costs its decompression and no more. The
library takes a file that was cut for one that ended, so that each gzip member is watched to its
end here. Blocking: for a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

from fastwarc.warc import ArchiveIterator, WarcRecordType
from isal import isal_zlib

from extractors.records import Fetched, Reason
from extractors.warc_payload import PayloadError, decode_payload
from flows.sources.base import PassedOver
from flows.sources.threads import Bytes

MAX_PAGE = 10_000_000
MAX_UNPACKED = 64 << 30

PAGES = frozenset({"text/html", "application/xhtml+xml"})
FEEDS = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/xml",
        "text/xml",
    }
)

_BrokenGzip: Any = isal_zlib.error  # its stub says an instance
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 16
_WIRE_FACTOR = 4  # what a page may be larger on the wire than decoded
_LONGEST_HEAD = 1 << 20
_TYPES = WarcRecordType.response | WarcRecordType.resource


def is_page(_: str, kind: str) -> bool:
    """Accept HTML."""
    return kind in PAGES


def is_page_or_feed(_: str, kind: str) -> bool:
    """Accept HTML and what feeds are sent as."""
    return kind in PAGES or kind in FEEDS


class WarcError(Exception):
    """A WARC cannot be read to its end."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass
class Tally:
    """How many records a reader met, and what became of those that were not handed on."""

    records: int = 0
    unwanted: int = 0  # of other hosts
    other: int = 0  # no answer of 200, or of another media type
    broken: dict[Reason, int] = field(default_factory=dict)

    def passed(self) -> Iterator[PassedOver]:
        """Say what of a unit was passed over and is worth a line."""
        for reason, count in self.broken.items():
            yield PassedOver(count, reason, "archived pages that cannot be read")


class Unpacked:
    """A stream unpacked when it is gzip, member by member.

    Raises OSError when it ends inside a member, and over `limit` bytes. Cheaper by a tenth than
    leaving it to the reader, which takes a cut for an end.
    """

    def __init__(self, raw: Bytes, limit: int = MAX_UNPACKED) -> None:
        self._raw = raw
        self._rest = raw.read(_CHUNK)
        self._gzip = self._rest.startswith(_GZIP)
        self._member = isal_zlib.decompressobj(31)
        self._position = 0
        self._limit = limit

    def tell(self) -> int:
        """Say how many bytes were given; the reader asks for it."""
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes (at least one, before the end)."""
        size = size if size > 0 else _CHUNK
        piece = self._unzip(size) if self._gzip else self._plain(size)
        self._position += len(piece)
        if self._position > self._limit:
            raise OSError(f"over {self._limit:,} bytes unpacked")
        return piece

    def _plain(self, size: int) -> bytes:
        rest = self._rest or self._raw.read(_CHUNK)
        self._rest = rest[size:]
        return rest[:size]

    def _unzip(self, size: int) -> bytes:
        while True:
            if self._member.eof:
                self._rest = self._member.unused_data or self._raw.read(_CHUNK)
                if not self._rest.strip(b"\0"):
                    return b""  # padding after the last member is harmless
                self._member = isal_zlib.decompressobj(31)
            try:
                piece = self._member.decompress(self._rest, size)
            except _BrokenGzip as error:
                raise OSError("the gzip data are broken") from error
            self._rest = self._member.unconsumed_tail
            if piece:
                return bytes(piece)
            if not self._member.eof and not self._rest:
                self._rest = self._raw.read(_CHUNK)
                if not self._rest:
                    raise OSError("the file is cut short")


def read_records(
    raw: Bytes,
    wanted: Callable[[str], bool],
    fits: Callable[[str, str], bool],
    tally: Tally,
    *,
    max_bytes: int = MAX_PAGE,
) -> Iterator[Fetched | None]:
    """Give the answers of status 200 that are asked for; None for each other.

    `wanted` decides by the address as it stands, and has to be cheap; `fits` by address and media
    type (lower case, without parameters) of what is wanted. `fetched_at` is the moment of the
    capture (UTC), the body decoded and at most `max_bytes`.
    Raises WarcError where the file is broken, cut short or none.
    """
    try:
        stream = Unpacked(raw)
        reader: Any = stream  # all that is asked of it is read and tell
        records = ArchiveIterator(
            reader, record_types=_TYPES, parse_http=False, max_header_len=_LONGEST_HEAD
        )
        for record in records:
            tally.records += 1
            url = (record.headers.get("WARC-Target-URI") or "").strip("<> ")
            if not wanted(url):
                tally.unwanted += 1
                yield None
                continue
            yield _answer(record, url, fits, tally, max_bytes)
    except WarcError:
        raise
    # The reader raises OSError for what is no WARC, and more on worse; a panic of its own, which
    # is no Exception, is this file's end and not the run's.
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        words = " ".join(str(error).split())[:120] or type(error).__name__
        detail = f"after {tally.records} records: {words}"
        raise WarcError(Reason.UNPARSABLE, detail) from error
    if not tally.records:
        raise WarcError(Reason.EMPTY, "there is no record in it")


def _answer(
    record: Any, url: str, fits: Callable[[str, str], bool], tally: Tally, max_bytes: int
) -> Fetched | None:
    headers = _headers(record)
    if headers is None or not fits(url, _media_type(headers)):
        tally.other += 1
        return None
    body = _body(record, dict(reversed(headers)), max_bytes)
    if isinstance(body, Reason):
        tally.broken[body] = tally.broken.get(body, 0) + 1
        return None
    when = record.record_date
    at = when.astimezone(UTC) if when is not None else None
    return Fetched(url, url, 200, headers=headers, body=body, fetched_at=at)


def _headers(record: Any) -> tuple[tuple[str, str], ...] | None:
    """Return an answer's headers, names in lower case; None for one that is not of status 200."""
    if record.record_type == WarcRecordType.resource:
        return (("content-type", record.headers.get("Content-Type") or ""),)
    # A page's own broken head ends that page; a broken file shows at the next record again.
    with suppress(OSError, ValueError):
        record.parse_http()
    http = record.http_headers if record.is_http_parsed else None
    if http is None or http.status_code != 200:
        return None
    return tuple((name.lower(), value) for name, value in http)


def _media_type(headers: tuple[tuple[str, str], ...]) -> str:
    stated = next((value for name, value in headers if name == "content-type"), "")
    return stated.partition(";")[0].strip().lower()


def _body(record: Any, named: dict[str, str], max_bytes: int) -> bytes | Reason:
    promised = record.content_length
    if promised > _WIRE_FACTOR * max_bytes:
        return Reason.TOO_LARGE
    payload = record.reader.read(promised) if promised else b""
    if len(payload) < promised:
        raise WarcError(Reason.UNPARSABLE, "the last record is cut short")
    transfer = named.get("transfer-encoding", "")
    try:
        body = decode_payload(payload, transfer, named.get("content-encoding", ""), max_bytes)
    except PayloadError as error:
        return Reason.TOO_LARGE if error.too_large else Reason.UNPARSABLE
    return Reason.EMPTY if not body or body.isspace() else body


def media_type(answer: Fetched) -> str:
    """Return the media type that an answer states, lower case, '' for none."""
    return _media_type(answer.headers)
