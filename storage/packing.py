"""One response as the page archive keeps it: a WARC record (ISO 28500), packed by itself."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime

from isal import isal_zlib
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from extractors.records import Fetched

GZIP = 31  # zlib's word for a window of 32 KB in gzip's container
_LEVEL = 1  # isal's best, 3, takes twice as long and leaves 23 % of a page in place of 24 %
_RECORD_END = b"\r\n\r\n"
_ROOM_FOR_HEADERS = 4096  # a guess that spares growing; more is no error
# The stored payload is decoded, so what described its encoding on the wire would lie.
_WIRE_ONLY = {"content-encoding", "transfer-encoding", "content-length"}
# Cookies and credentials are nobody's business afterwards.
_PRIVATE = {"set-cookie", "set-cookie2", "authorization", "proxy-authorization", "www-authenticate"}


@dataclass(frozen=True, slots=True)
class PackedRecord:
    """A response as its segment will hold it: a gzip member of its own, which is what lets readers
    start at its offset. `digest` is that of its payload, `length` the payload's bytes.
    """

    member: bytes
    digest: str
    length: int

    @property
    def payload(self) -> bytes:
        """The payload, unpacked."""
        plain = isal_zlib.decompress(self.member, GZIP, self.length + _ROOM_FOR_HEADERS)
        end = len(plain) - len(_RECORD_END)
        return plain[end - self.length : end]


def packed(fetched: Fetched, now: datetime, digest: str | None = None) -> PackedRecord:
    """Make the record of a response; see `ArchiveWriter.add`."""
    digest = digest or payload_digest(fetched.body)
    plain = io.BytesIO()
    writer = _Writer(plain, gzip=False)
    writer.write_record(_without_payload(writer, fetched, now, digest))
    whole = b"".join((plain.getvalue().removesuffix(_RECORD_END), fetched.body, _RECORD_END))
    member = isal_zlib.compress(whole, _LEVEL, wbits=GZIP)
    return PackedRecord(member, digest, len(fetched.body))


class _Writer(WARCWriter):  # type: ignore[misc]
    def ensure_digest(self, *_: object, **__: object) -> None:
        """The payload's digest is stated; the block's, which is optional, would hash it again."""


def payload_digest(body: bytes) -> str:
    """The WARC-Payload-Digest of these bytes: sha1 in base 32, as the format's readers expect."""
    return "sha1:" + base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


def _without_payload(
    writer: WARCWriter, fetched: Fetched, now: datetime, digest: str
) -> ArcWarcRecord:
    """The record as its headers state it; its payload need not go through the writer."""
    url = fetched.final_url or fetched.url
    when = (fetched.fetched_at or now).strftime("%Y-%m-%dT%H:%M:%SZ")
    described = {"WARC-Date": when, "WARC-Payload-Digest": digest}
    if not url.startswith(("http://", "https://")):
        # What never came by HTTP is a resource; a response's headers would be read as its bytes.
        return writer.create_warc_record(
            url,
            "resource",
            payload=io.BytesIO(),
            length=len(fetched.body),
            warc_content_type=fetched.header("content-type") or "application/octet-stream",
            warc_headers_dict=described,
        )
    kept = [(k, v) for k, v in fetched.headers if k.lower() not in _WIRE_ONLY | _PRIVATE]
    headers = [*kept, ("Content-Length", str(len(fetched.body)))]
    http = StatusAndHeaders(f"{fetched.status or 200} OK", headers, protocol="HTTP/1.1")
    return writer.create_warc_record(
        url,
        "response",
        payload=io.BytesIO(),
        length=len(fetched.body),
        http_headers=http,
        warc_headers_dict=described,
    )
