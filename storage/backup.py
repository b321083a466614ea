"""Backups: a whole copy of the working file, and of the archive's segments if wanted.

A backup is a folder of its own with `duckwire.duckdb`, perhaps `archive/`, and a `manifest.json`
that names every file with its size and SHA-256. It is made under another name and renamed when it
is complete, so a folder with a manifest is a whole backup.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from storage.errors import LockedError, StorageError
from storage.files import copy_whole, sync_folder
from storage.migrate import pending
from storage.opening import open_for_writing
from storage.warehouse import WORKING_FILE, Warehouse

MANIFEST = "manifest.json"
ARCHIVE = "archive"
_CHUNK = 1 << 20

_ELSEWHERE = "stop its server and do it there, or back the catalogue and its files up themselves"


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a backup: its path below the backup's folder, bytes, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Backup:
    """A whole backup: where it lies and what is in it."""

    folder: Path
    parts: tuple[Part, ...]

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(part.size for part in self.parts)

    @property
    def segments(self) -> int:
        """How many archive segments it holds."""
        return sum(part.path.startswith(f"{ARCHIVE}/") for part in self.parts)


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did; `kept` is where what was there before lies now, if anything was."""

    segments: int
    kept: Path | None


def backup(
    warehouse: Warehouse, to: Path, *, name: str, now: datetime, archive: Path | None = None
) -> Backup:
    """Make the backup `name` below the folder `to`; with `archive`, its segments as well.

    Takes one turn at the working file, so it may run while a desk is at work. Segments are linked
    where the disk allows and copied where not; one that is being written is kept as far as it goes.
    Raises StorageError when there is nothing to back up or the disk refuses.
    """
    warehouse.need_file("a backup", _ELSEWHERE)
    if not warehouse.path.exists():
        raise StorageError(f"{warehouse.path} is not there: there is nothing to back up yet.")
    whole, part = to / name, to / f".{name}.part"
    if whole.exists():
        raise StorageError(f"{whole} is there already: wait a second and back up again.")
    try:
        part.mkdir(parents=True)
        with warehouse.session() as connection:
            connection.execute("CHECKPOINT")
            copy_whole(warehouse.path, part / WORKING_FILE)
        if archive is not None:
            _take_segments(archive, part / ARCHIVE)
        parts = tuple(_described(part, path) for path in sorted(_files(part)))
        manifest = {"made_at": now.isoformat(), "parts": [asdict(item) for item in parts]}
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
        part.replace(whole)
        sync_folder(to)
    except OSError as error:
        raise StorageError(
            f"{to} could not take the backup ({error.strerror or error}): free some space or give "
            f"another folder with --to; nothing else was touched."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Backup(whole, parts)


def restore(
    warehouse: Warehouse, source: Path, *, archive: Path, aside: Path, force: bool
) -> Restored:
    """Put a backup in the place of the working file; segments that are missing come back as well.

    `source` is a backup's folder, or a database file by itself. Everything is verified before
    anything is touched. A working file that is there is refused unless `force`, and then moved to
    the folder `aside`, never deleted. Raises StorageError (LockedError while a run holds the file).
    """
    warehouse.need_file("restoring", _ELSEWHERE)
    parts = _verified(source)
    database = source / WORKING_FILE if source.is_dir() else source
    if warehouse.path.exists() and not force:
        raise StorageError(
            f"{warehouse.path} is there and would be replaced: give --force, which keeps it in "
            f"{aside}, or name an empty folder with --data."
        )
    part = warehouse.path.with_name(f".{WORKING_FILE}.{os.getpid()}.part")
    warehouse.data.mkdir(parents=True, exist_ok=True)
    try:
        copy_whole(database, part)
        _made_ready(part)
        segments = _bring_segments(source / ARCHIVE, archive, parts)
        kept = _set_aside(warehouse, aside)
        part.replace(warehouse.path)
        sync_folder(warehouse.data)
    except OSError as error:
        raise StorageError(
            f"{warehouse.data} could not take the backup ({error.strerror or error}): what was "
            f"there is kept; free some space and restore again."
        ) from error
    finally:
        part.unlink(missing_ok=True)
        part.with_name(f"{part.name}.wal").unlink(missing_ok=True)
    return Restored(segments, kept)


def _take_segments(root: Path, target: Path) -> None:
    for path in sorted(root.rglob("*.warc.gz")):
        place = target / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.hardlink_to(path)
        except OSError:
            copy_whole(path, place)


def _files(folder: Path) -> Iterable[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _described(root: Path, path: Path) -> Part:
    size = path.stat().st_size
    return Part(path.relative_to(root).as_posix(), size, _sha256(path, size))


def _sha256(path: Path, size: int) -> str:
    """Of the first `size` bytes: a linked segment may have grown since."""
    digest, left = hashlib.sha256(), size
    with path.open("rb") as stream:
        while left and (chunk := stream.read(min(_CHUNK, left))):
            digest.update(chunk)
            left -= len(chunk)
    return digest.hexdigest()


def _verified(source: Path) -> tuple[Part, ...]:
    """The backup's parts, every byte compared with its manifest; () for a file by itself."""
    if source.is_file():
        return ()
    try:
        manifest = json.loads((source / MANIFEST).read_text("utf-8"))
        parts = tuple(Part(**item) for item in manifest["parts"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise StorageError(
            f"{source} is no backup (no whole {MANIFEST} in it): give the folder that "
            f"`duckwire backup` named."
        ) from error
    for part in parts:
        path = source / part.path
        if ".." in Path(part.path).parts or not path.is_file():
            raise StorageError(f"{path} is missing from the backup: use another one.")
        if _sha256(path, part.size) != part.sha256:
            raise StorageError(
                f"{path} differs from its digest, the backup is damaged: use another."
            )
    return parts


def _made_ready(path: Path) -> None:
    """Check that the copy is a warehouse of ours, and drop the leases of who was at work then."""
    with open_for_writing(path, wait_s=0) as connection:
        pending(connection)
        with suppress(duckdb.CatalogException):
            connection.execute("DELETE FROM leases")
        connection.execute("CHECKPOINT")


def _bring_segments(source: Path, archive: Path, parts: Iterable[Part]) -> int:
    """Copy the segments that are missing or shorter here; those that are there stay."""
    brought = 0
    for part in parts:
        if not part.path.startswith(f"{ARCHIVE}/"):
            continue
        name = part.path.removeprefix(f"{ARCHIVE}/")
        place = archive / name
        if place.exists() and place.stat().st_size >= part.size:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        copy_whole(source / name, place.with_name(f".{place.name}.part"), part.size)
        place.with_name(f".{place.name}.part").replace(place)
        brought += 1
    return brought


def _set_aside(warehouse: Warehouse, aside: Path) -> Path | None:
    """Move what is in the working file's place away, once nobody holds it."""
    if not warehouse.path.exists():
        return None
    if warehouse.path.is_file():
        _nobody_at_work(warehouse)
    aside.mkdir(parents=True, exist_ok=True)
    kept = aside / WORKING_FILE
    number = 1
    while kept.exists():
        number += 1
        kept = aside / f"duckwire-{number}.duckdb"
    wal = warehouse.path.with_name(f"{WORKING_FILE}.wal")
    if wal.exists():
        wal.replace(kept.with_name(f"{kept.name}.wal"))
    warehouse.path.replace(kept)
    return kept


def _nobody_at_work(warehouse: Warehouse) -> None:
    """Raise LockedError while another process holds the file, StorageError while a run is on.

    A file that cannot be opened, or is not ours, has nobody at work on it.
    """
    try:
        with warehouse.session() as connection:
            row = connection.execute(
                "SELECT holder, pid, host FROM leases WHERE expires_at > now()"
            ).fetchone()
            connection.execute("CHECKPOINT")
    except LockedError:
        raise
    except (StorageError, duckdb.Error):
        return
    if row:
        raise StorageError(
            f"run {row[0]} (process {row[1]} on {row[2]}) is at work: stop it, or wait until it "
            f"is done, and restore again."
        )
