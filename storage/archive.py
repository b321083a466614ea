"""The page archive: every fetched page and changed feed body as a WARC record (ISO 28500).

Each process writes segments of its own, one gzip member a record, so a record is read back from
its offset alone and a torn tail harms nothing before it.
"""

from __future__ import annotations

import glob
import mmap
import os
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord

from extractors.records import Fetched, WarcPosition
from storage.errors import StorageError
from storage.packing import GZIP, PackedRecord, packed, payload_digest

_SUFFIX = ".warc.gz"
_ANEW = "r"  # after the name of a segment that was written anew
SEGMENT_BYTES = 256 * 1024 * 1024
_MEMBER = b"\x1f\x8b\x08"  # how a gzip member begins


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record read back: the address, the time it was fetched (as written) and the payload."""

    url: str
    date: str
    body: bytes
    content_type: str | None


class ArchiveWriter:
    """Writes one process's segments below the archive's root; a context manager.

    A segment is opened by its first record and closed at `segment_bytes`.
    """

    def __init__(self, root: Path, run_id: str, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._root = root
        self._run_id = run_id
        self._segment_bytes = segment_bytes
        self._number = 0
        self._file: BinaryIO | None = None
        self._name = ""

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.close()

    def add(self, fetched: Fetched, now: datetime, digest: str | None = None) -> WarcPosition:
        """Append one response and hand it to the operating system; returns where it lies.

        The payload is stored after content decoding, with headers that say so; `digest` is its
        `payload_digest` where the caller has it. Raises StorageError when the disk refuses.
        """
        return self.append(packed(fetched, now, digest), now)

    def append(self, record: PackedRecord, now: datetime) -> WarcPosition:
        """As `add`, for a record that was packed before."""
        try:
            target = self._segment(now)
            offset = target.tell()
            target.write(record.member)
            target.flush()
        except OSError as error:
            raise StorageError(
                f"the archive below {self._root} cannot be written ({error.strerror}): free some "
                f"space or check the folder, then run again; nothing that had landed is lost."
            ) from error
        return WarcPosition(self._name, offset, record.digest)

    def sync(self) -> None:
        """Force what was added to the disk; called once before the rows of a batch land."""
        if self._file is not None:
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the open segment, if any."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _segment(self, now: datetime) -> BinaryIO:
        if self._file is not None and self._file.tell() >= self._segment_bytes:
            self.close()
        while self._file is None:
            # A run may hold several writers, one after the other; each takes the next free name.
            self._number += 1
            folder = f"{now:%Y/%m}"
            self._name = (
                f"{folder}/duckwire-{self._run_id}-{os.getpid()}-{self._number:05d}.warc.gz"
            )
            path = self._root / self._name
            path.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                self._file = path.open("xb")
        return self._file


def read_record(root: Path, position: WarcPosition) -> StoredRecord:
    """Read one record back and check it against its digest.

    Raises StorageError when the segment is gone, the record is torn or the digest differs.
    """
    path = root / position.file
    try:
        with path.open("rb") as stream:
            stream.seek(position.offset)
            for record in ArchiveIterator(stream):
                found = _stored(record)
                break
            else:
                raise StorageError(f"{path} holds no record at {position.offset}")
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}") from error
    except (ArchiveLoadFailed, EOFError, ValueError, zlib.error) as error:
        raise StorageError(f"{path} holds no whole record at {position.offset}") from error
    if payload_digest(found.body) != position.digest:
        raise StorageError(f"{path} at {position.offset}: the bytes differ from their digest")
    return found


@dataclass(frozen=True, slots=True)
class TornTail:
    """A segment whose last record was half-written when its process died."""

    file: str
    kept: int  # bytes that hold whole records
    cut: int  # bytes that were cut off


def cut_torn_tails(
    root: Path, since: datetime | None = None, landed: Mapping[str, int] | None = None
) -> list[TornTail]:
    """Cut off what killed processes left half-written; whole records keep their offsets.

    Looks at segments written to `since` then, or at all. `landed` is the offset of the last record
    of each segment that a row points to. Damage to what landed, or with whole records behind it,
    is no torn tail: it is left for `broken_records` to name. The caller holds the desk's turn, so
    nobody is writing.
    """
    landed = landed or {}
    torn = []
    for path in sorted(root.rglob("*.warc.gz")):
        found = path.stat()
        if since is not None and found.st_mtime < since.timestamp():
            continue
        size = found.st_size
        kept = _whole_bytes(path)
        name = path.relative_to(root).as_posix()
        if landed.get(name, -1) < kept < size and not _whole_member_after(path, kept):
            os.truncate(path, kept)
            torn.append(TornTail(name, kept, size - kept))
    return torn


def _whole_bytes(path: Path) -> int:
    """How many bytes from the start are whole gzip members."""
    whole = 0
    with path.open("rb") as stream:
        inflate = zlib.decompressobj(wbits=31)
        while chunk := stream.read(1 << 20):
            position = stream.tell()
            while chunk:
                try:
                    inflate.decompress(chunk)
                except zlib.error:
                    return whole
                if not inflate.eof:
                    break
                chunk = inflate.unused_data
                whole = position - len(chunk)
                inflate = zlib.decompressobj(wbits=31)
    return whole


def _whole_member_after(path: Path, start: int) -> bool:
    """Whether a whole gzip member begins anywhere behind `start`."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        place = data.find(_MEMBER, start + 1)
        while place >= 0:
            inflate = zlib.decompressobj(wbits=GZIP)
            with suppress(zlib.error):
                for begin in range(place, len(data), 1 << 20):
                    inflate.decompress(data[begin : begin + (1 << 20)])
                    if inflate.eof:
                        return True
            place = data.find(_MEMBER, place + 1)
    return False


@dataclass(frozen=True, slots=True)
class BrokenRecord:
    """A record that cannot be trusted, by its segment and offset, and why."""

    file: str
    offset: int
    why: str


def share_of_segments(root: Path, *, turn: int, turns: int) -> list[str]:
    """The segments whose turn it is: each comes once in `turns` turns; by name."""
    names = (path.relative_to(root).as_posix() for path in root.rglob("*.warc.gz"))
    return sorted(name for name in names if zlib.crc32(name.encode()) % turns == turn % turns)


def broken_records(root: Path, name: str) -> list[BrokenRecord]:
    """Read a whole segment and compare each payload with its digest; returns what does not hold.

    Behind damage to the compressed stream nothing can be told: it is one broken record.
    """
    broken = []
    offset = 0
    try:
        with (root / name).open("rb") as stream:
            iterator = ArchiveIterator(stream)
            for record in iterator:
                stated = record.rec_headers.get_header("WARC-Payload-Digest")
                body = record.content_stream().read()
                offset = iterator.get_record_offset()  # reads on to the record's end
                if stated and payload_digest(body) != stated:
                    broken.append(BrokenRecord(name, offset, "the bytes differ from their digest"))
                offset += 1  # damage behind a record is told from the record
    except OSError as error:
        broken.append(BrokenRecord(name, offset, f"cannot be read: {error.strerror}"))
    except (ArchiveLoadFailed, EOFError, ValueError, zlib.error):
        broken.append(BrokenRecord(name, offset, "cannot be read from here on"))
    return broken


def remove_records(root: Path, name: str, offsets: Iterable[int]) -> dict[int, tuple[str, int]]:
    """Write a segment anew without the records at `offsets`.

    Returns, for each record kept, old offset → (new file, new offset). The old segment stays until
    the caller, whose rows point to the new one by then, calls `drop_segment`. When no record is
    left the new segment is empty, and goes with the old one.
    """
    unwanted = set(offsets)
    whole = _whole_bytes(root / name)
    moved: dict[int, tuple[str, int]] = {}
    new_name, target = _beside(root, name)
    with (root / name).open("rb") as stream, target:
        for offset, member in _members(stream, whole):
            if offset not in unwanted:
                moved[offset] = (new_name, target.tell())
                target.write(member)
        target.flush()
        os.fsync(target.fileno())
    return moved


def _beside(root: Path, name: str) -> tuple[str, BinaryIO]:
    """A new segment beside `name`: rows may point to one that an earlier removal made."""
    stem = name.removesuffix(_SUFFIX)
    while True:
        stem = f"{stem}{_ANEW}"
        with suppress(FileExistsError):
            return f"{stem}{_SUFFIX}", (root / f"{stem}{_SUFFIX}").open("xb")


def drop_segment(root: Path, name: str) -> None:
    """Delete a segment whose records were moved or forgotten."""
    (root / name).unlink(missing_ok=True)
    stem = name.removesuffix(_SUFFIX)
    for anew in (root / name).parent.glob(f"{glob.escape(Path(stem).name)}{_ANEW}*{_SUFFIX}"):
        if anew.stat().st_size == 0:
            anew.unlink()


def rewritten_segments(root: Path) -> list[str]:
    """Name the segments that `remove_records` wrote anew, and those that it wrote."""
    names = {path.relative_to(root).as_posix() for path in root.rglob(f"*{_SUFFIX}")}
    stems = {name.removesuffix(_SUFFIX) for name in names}
    old = {stem for stem in stems if f"{stem}{_ANEW}" in stems}
    return sorted(f"{stem}{_SUFFIX}" for stem in old | {f"{stem}{_ANEW}" for stem in old})


def _members(stream: BinaryIO, whole: int) -> Iterator[tuple[int, bytes]]:
    """The segment's gzip members, unread, with their offsets, as far as it is `whole`."""
    iterator = ArchiveIterator(stream)
    spans: list[tuple[int, int]] = []
    for record in iterator:
        if iterator.offset >= whole:
            break
        record.raw_stream.read()
        spans.append((iterator.get_record_offset(), iterator.get_record_length()))
    for offset, length in spans:
        stream.seek(offset)
        yield offset, stream.read(length)


def _stored(record: ArcWarcRecord) -> StoredRecord:
    body = record.content_stream().read()
    headers = record.http_headers or record.rec_headers
    return StoredRecord(
        url=record.rec_headers.get_header("WARC-Target-URI") or "",
        date=record.rec_headers.get_header("WARC-Date") or "",
        body=body,
        content_type=headers.get_header("Content-Type"),
    )
