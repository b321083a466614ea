"""Large answers on the disk until their turn: fifty of them would not fit into memory."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import IO

from extractors.records import Fetched
from storage.errors import StorageError

LARGE = 1_000_000  # bytes; hardly any feed or page reaches them


def spooled(fetched: Fetched, folder: Path) -> IO[bytes]:
    """Put an answer into a nameless file in `folder`. Raises StorageError when it cannot be."""
    try:
        spool = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  (closed when it is done with)
        pickle.dump(fetched, spool, protocol=5)
    except OSError as error:
        raise StorageError(
            f"{folder} cannot be written ({error.strerror}): free some space, then run again; "
            f"nothing that had landed is lost."
        ) from error
    return spool


def unspooled(spool: IO[bytes]) -> Fetched:
    """Read an answer back; the file stays open, to be read again or closed."""
    spool.seek(0)
    fetched: Fetched = pickle.load(spool)  # noqa: S301  (written by this process)
    return fetched
