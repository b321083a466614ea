"""Content codings undone within a bound: a bomb stops there, without filling memory. Pure.

Each decoder is asked for output piece by piece, so that no step can give more than is left of
the bound (RFC 9110 8.4.1; br is RFC 7932, zstd RFC 8878 with the window limit of RFC 9659).
"""

from __future__ import annotations

from collections.abc import Callable

import brotli
import zstandard
from isal import isal_zlib

ACCEPTED = "gzip, deflate, br, zstd"

_STEP = 65_536
_MEMBERS = 1_000  # gzip members or zstd frames in one body; more is an attack on the processor
_CODINGS = 3  # codings stacked on one body
_ZSTD_WINDOW = 8 << 20
# Four bytes can make a block of 128 KiB, so that a slice makes at most 4 MiB.
_ZSTD_SLICE = 128
# Seen in the wild where no coding was applied.
_NOTHING = {"", "identity", "none", "utf-8", "utf8"}


class TooLargeError(Exception):
    """The decoded body goes over the bound."""


class UndecodableError(Exception):
    """The bytes are not what Content-Encoding says; the message is one plain line."""


def codings(header: str | None) -> tuple[str, ...]:
    """Split Content-Encoding into the codings in the order in which they were applied."""
    names = [part.strip().lower() for part in (header or "").split(",")]
    return tuple(name for name in names if name not in _NOTHING)


def decode(raw: bytes, applied: tuple[str, ...], limit: int) -> bytes:
    """Undo `applied` (as `codings` gives them) on `raw`, never making more than `limit` bytes.

    Raises TooLargeError over the bound and UndecodableError for bytes that are broken, cut
    short, or in a coding that nobody asked for.
    """
    if len(applied) > _CODINGS:
        raise UndecodableError(f"{len(applied)} content codings on top of each other")
    body = raw
    for name in reversed(applied):
        decoder = _DECODERS.get(name)
        if decoder is None:
            raise UndecodableError(f"a content coding nobody asked for: {name[:40]!r}")
        if body:
            body = decoder(body, limit)
    if len(body) > limit:
        raise TooLargeError
    return body


class _Sink:
    """Collects pieces and stops at the bound."""

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.pieces: list[bytes] = []

    def step(self, guess: int = 0) -> int:
        """Say how much may be asked for next: one byte over what is left shows an overflow."""
        return min(max(guess + 1, _STEP), self.left + 1)

    def add(self, piece: bytes) -> None:
        self.left -= len(piece)
        if self.left < 0:
            raise TooLargeError
        self.pieces.append(piece)


def _gzip(raw: bytes, limit: int) -> bytes:
    sink = _Sink(limit)
    rest = raw
    # The size that most bodies tell in their last bytes; asked for at once it takes half the time.
    guess = int.from_bytes(raw[-4:], "little")
    for _ in range(_MEMBERS):
        rest = _inflate(rest, 31, sink, "gzip", guess)
        if rest[:2] != b"\x1f\x8b":  # padding after the last member is common and harmless
            return b"".join(sink.pieces)
    raise UndecodableError(f"more than {_MEMBERS:,} gzip members in one body")


def _deflate(raw: bytes, limit: int) -> bytes:
    """Undo 'deflate': zlib by the standard, bare deflate by widespread habit."""
    sink = _Sink(limit)
    zlib_wrapped = raw[0] & 0x0F == 8 and int.from_bytes(raw[:2], "big") % 31 == 0
    _inflate(raw, 15 if zlib_wrapped else -15, sink, "deflate")
    return b"".join(sink.pieces)


def _inflate(raw: bytes, wbits: int, sink: _Sink, name: str, guess: int = 0) -> bytes:
    """Inflate one stream, of `guess` bytes maybe, into the sink; return the bytes after its end."""
    stream = isal_zlib.decompressobj(wbits)
    pending = raw
    try:
        while not stream.eof:
            piece = stream.decompress(pending, sink.step(guess))
            pending = stream.unconsumed_tail
            if not piece and not pending and not stream.eof:
                raise UndecodableError(f"the {name} stream is cut short")
            sink.add(piece)
    except isal_zlib.error as exc:  # type: ignore[misc]  # its stub names an instance
        raise UndecodableError(f"not {name}, though the server says so") from exc
    return stream.unused_data


def _brotli(raw: bytes, limit: int) -> bytes:
    sink = _Sink(limit)
    stream = brotli.Decompressor()
    try:
        sink.add(stream.process(raw, output_buffer_limit=sink.step()))
        while not stream.is_finished():
            piece = stream.process(b"", output_buffer_limit=sink.step())
            if not piece and stream.can_accept_more_data() and not stream.is_finished():
                raise UndecodableError("the br stream is cut short")
            sink.add(piece)
    except brotli.error as exc:
        raise UndecodableError("not br, though the server says so") from exc
    return b"".join(sink.pieces)


def _zstd(raw: bytes, limit: int) -> bytes:
    """Undo zstd, one frame after another, in slices too small to blow up far (see _ZSTD_SLICE)."""
    sink = _Sink(limit)
    machine = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    frame = machine.decompressobj()
    position = frames = 0
    try:
        while position < len(raw):
            sink.add(frame.decompress(raw[position : position + _ZSTD_SLICE]))
            position += _ZSTD_SLICE
            if frame.eof:
                position = min(position, len(raw)) - len(frame.unused_data)
                frames += 1
                if position >= len(raw) or frames >= _MEMBERS:
                    break
                frame = machine.decompressobj()
    except zstandard.ZstdError as exc:
        raise UndecodableError("not zstd, though the server says so") from exc
    if position < len(raw):
        raise UndecodableError(f"more than {_MEMBERS:,} zstd frames in one body")
    if not frame.eof:
        raise UndecodableError("the zstd stream is cut short")
    return b"".join(sink.pieces)


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
