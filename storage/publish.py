"""The published copy: a whole, read-only file put in place by one rename."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

from storage.files import copy_whole, sync_folder
from storage.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did: the copy's path, its size in bytes, and the seconds it took."""

    path: Path
    size: int
    seconds: float


def publish(warehouse: Warehouse) -> Published:
    """Copy the working file to `news.duckdb`, so that readers of the old copy go on undisturbed.

    The checkpoint and the copy happen in one session's turn: an insert in between would sit in the
    working file's .wal and be missing from the copy. A .wal beside the old copy was left by
    somebody who opened it for writing and died; it must not be replayed into the new one. Raises
    TargetError for a shared warehouse, of which nothing is published.
    """
    warehouse.need_file("publishing", "it is read as it stands")
    target = warehouse.published
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    started = time.perf_counter()
    try:
        with warehouse.session() as connection:
            connection.execute("CHECKPOINT")
            size = copy_whole(warehouse.path, part)
        part.chmod(0o444)
        target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
        with _freed_later(target):
            part.replace(target)
            sync_folder(target.parent)
    finally:
        part.unlink(missing_ok=True)
    return Published(target, size, time.perf_counter() - started)


@contextmanager
def _freed_later(path: Path) -> Iterator[None]:
    """Keep a file that is replaced inside the block until a thread has let go of it.

    Freeing the blocks of a large one takes as long as half a copy, and nobody needs to wait for it.
    """
    try:
        old = os.open(path, os.O_RDONLY)
    except OSError:  # there is none yet
        yield
        return
    try:
        yield
    finally:
        Thread(target=os.close, args=(old,), name="free").start()


def published_age(warehouse: Warehouse, now: datetime) -> timedelta | None:
    """How old the published copy is, or None when there is none."""
    try:
        written = warehouse.published.stat().st_mtime
    except FileNotFoundError:
        return None
    return now - datetime.fromtimestamp(written, UTC)
