"""The body inside a WARC response: chunks joined, compression undone, never beyond a bound."""

from __future__ import annotations

import zlib

import brotli
import zstandard

_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class PayloadError(ValueError):
    """The payload cannot be decoded, or is larger than the bound (`too_large`)."""

    def __init__(self, message: str, *, too_large: bool = False) -> None:
        super().__init__(message)
        self.too_large = too_large


def decode_payload(
    payload: bytes, transfer_encoding: str, content_encoding: str, max_bytes: int
) -> bytes:
    """Return a response's body as a browser would see it.

    Takes the bytes as archived and the two HTTP headers (empty when not sent). Archives often
    keep the headers of a body that they stored decoded, so a body without the mark of its
    encoding is returned as it is. Raises PayloadError.
    """
    if "chunked" in transfer_encoding.lower():
        payload = _join_chunks(payload)
    for name in reversed([one.strip().lower() for one in content_encoding.split(",")]):
        payload = _decompress(payload, name, max_bytes)
    if len(payload) > max_bytes:
        raise PayloadError(f"over {max_bytes} bytes", too_large=True)
    return payload


def _join_chunks(payload: bytes) -> bytes:
    """Undo the chunked transfer coding (RFC 9112, 7.1); bytes that are not chunked come back."""
    chunks: list[bytes] = []
    at = 0
    while True:
        line_end = payload.find(b"\r\n", at, at + 1024)
        size_text = payload[at:line_end].split(b";")[0].strip() if line_end >= 0 else b""
        try:
            size = int(size_text, 16) if size_text.isalnum() else -1
        except ValueError:
            size = -1
        if size < 0:
            if not chunks:
                return payload
            raise PayloadError("a broken chunk")
        if size == 0:
            return b"".join(chunks)
        start = line_end + 2
        chunks.append(payload[start : start + size])
        at = start + size + 2
        if at > len(payload) + 2:
            raise PayloadError("the last chunk is cut short")


def _decompress(payload: bytes, name: str, max_bytes: int) -> bytes:
    try:
        if name in ("gzip", "x-gzip") and payload.startswith(_GZIP):
            return _inflate(payload, 31, max_bytes)
        if name == "deflate":
            return _inflate(payload, 15 if payload[:1] == b"\x78" else -15, max_bytes)
        if name == "br":
            return _unbrotli(payload, max_bytes)
        if name == "zstd" and payload.startswith(_ZSTD):
            return _unzstd(payload, max_bytes)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        if payload.lstrip()[:1] == b"<":  # stored decoded, under its old header
            return payload
        raise PayloadError(f"broken {name}") from error
    return payload


def _inflate(payload: bytes, window: int, max_bytes: int) -> bytes:
    decoder = zlib.decompressobj(window)
    body = decoder.decompress(payload, max_bytes + 1)
    if len(body) > max_bytes or decoder.unconsumed_tail:
        raise PayloadError(f"over {max_bytes} bytes", too_large=True)
    if not decoder.eof:
        raise PayloadError("the compressed body is cut short")
    return body


def _unbrotli(payload: bytes, max_bytes: int) -> bytes:
    decoder = brotli.Decompressor()
    body: bytes = decoder.process(payload, output_buffer_limit=max_bytes + 1)
    while len(body) <= max_bytes and not decoder.is_finished():
        more: bytes = decoder.process(b"", output_buffer_limit=max_bytes + 1 - len(body))
        if not more:
            raise PayloadError("the compressed body is cut short")
        body += more
    if len(body) > max_bytes:
        raise PayloadError(f"over {max_bytes} bytes", too_large=True)
    return body


def _unzstd(payload: bytes, max_bytes: int) -> bytes:
    reader = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(payload)
    body: bytes = reader.read(max_bytes + 1)
    if len(body) > max_bytes:
        raise PayloadError(f"over {max_bytes} bytes", too_large=True)
    return body
