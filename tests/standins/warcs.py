"""WARC files with real structure, and Common Crawl's news archive made of them.

Records follow ISO 28500 as the news crawler writes them: a warcinfo record, then a request and a
response for each page, every record a gzip member of its own. The archive follows Common Crawl's
description: `crawl-data/CC-NEWS/YYYY/MM/warc.paths.gz` and the files that it lists.
"""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from isal import isal_zlib
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from standins.server import Reply

FOLDER = "crawl-data/CC-NEWS"


@dataclass(frozen=True)
class Page:
    """One captured answer; `date` as WARC-Date has it."""

    url: str
    body: bytes = b"<html><body><p>A page.</p></body></html>"
    date: str = "2023-09-13T08:00:00Z"
    status: str = "200 OK"
    content_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def write_warc(target: BinaryIO, pages: Iterable[Page], *, zipped: bool = True) -> None:
    """Write a file page by page: it may be larger than memory."""
    plain = io.BytesIO()
    writer = WARCWriter(plain, gzip=False)

    def write(record: ArcWarcRecord) -> None:
        plain.seek(0)
        plain.truncate()
        writer.write_record(record)
        whole = plain.getvalue()
        target.write(isal_zlib.compress(whole, 1, wbits=31) if zipped else whole)

    write(writer.create_warcinfo_record("CC-NEWS.warc.gz", {"software": "news-crawl"}))
    for page in pages:
        write(_request(writer, page))
        write(_response(writer, page))


def _request(writer: WARCWriter, page: Page) -> ArcWarcRecord:
    asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "h")], is_http_request=True)
    return writer.create_warc_record(
        page.url, "request", payload=io.BytesIO(b""), http_headers=asked
    )


def _response(writer: WARCWriter, page: Page) -> ArcWarcRecord:
    headers = [
        ("Content-Type", page.content_type),
        *page.headers,
        ("Content-Length", str(len(page.body))),
    ]
    return writer.create_warc_record(
        page.url,
        "response",
        payload=io.BytesIO(page.body),
        http_headers=StatusAndHeaders(page.status, headers, protocol="HTTP/1.1"),
        warc_headers_dict={"WARC-Date": page.date},
    )


def warc(pages: Iterable[Page], *, zipped: bool = True) -> bytes:
    out = io.BytesIO()
    write_warc(out, pages, zipped=zipped)
    return out.getvalue()


def file_name(stamp: str, number: int = 0) -> str:
    return f"{FOLDER}/{stamp[:4]}/{stamp[4:6]}/CC-NEWS-{stamp}-{number:05d}.warc.gz"


@dataclass
class CommonCrawl:
    """The bucket; `mount` it, or write `files` below a folder."""

    files: dict[str, bytes] = field(default_factory=dict)

    def add(self, stamp: str, pages: Iterable[Page], number: int = 0) -> str:
        """Add a WARC begun at `stamp` (14 digits) to the archive and its month's listing."""
        name = file_name(stamp, number)
        self.files[name] = warc(pages)
        self.list_month(stamp[:4], stamp[4:6])
        return name

    def list_month(self, year: str, month: str) -> None:
        folder = f"{FOLDER}/{year}/{month}"
        names = sorted(
            name for name in self.files if name.startswith(folder) and name.endswith(".warc.gz")
        )
        lines = "".join(f"{name}\n" for name in names)
        self.files[f"{folder}/warc.paths.gz"] = gzip.compress(lines.encode(), mtime=0)

    def __call__(self, path: str, query: str) -> Reply | None:
        body = self.files.get(path.removeprefix("/"))
        return None if body is None else Reply(body, content_type="application/octet-stream")
