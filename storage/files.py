"""Copying files so that they are whole on the disk, or not there at all."""

from __future__ import annotations

import os
from pathlib import Path

_CHUNK = 1 << 24


def copy_whole(source: Path, target: Path, size: int | None = None) -> int:
    """Copy a file, or its first `size` bytes, and force it to the disk; returns the bytes.

    The kernel does the copying, without a way through this process where the disk can. What was
    half-written when the disk refused stays for the caller to remove. Raises OSError.
    """
    done = 0
    with source.open("rb") as reading, target.open("wb") as writing:
        left = os.fstat(reading.fileno()).st_size if size is None else size
        while left and (
            copied := os.sendfile(writing.fileno(), reading.fileno(), done, min(left, _CHUNK))
        ):
            done += copied
            left -= copied
        os.fsync(writing.fileno())
    return done


def sync_folder(folder: Path) -> None:
    """Force a folder's names to the disk, so that a rename in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
