"""The warehouse as the rest of the project sees it: short sessions on one working file.

`Warehouse.session()` opens the file for writing and closes it again, so that two processes take
turns; one session may serve a group of batches. Everything else reads the published copy.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from storage.errors import StorageError
from storage.migrate import Migration, migrate, pending
from storage.opening import open_for_writing
from storage.session import Session

WORKING_FILE = "duckwire.duckdb"
PUBLISHED_FILE = "news.duckdb"

# Publishing follows a change of anything but these, and else the clock.
QUIET_TABLES = ("runs", "run_stages", "polls", "leases", "failures")


@dataclass(frozen=True)
class Warehouse:
    """One data directory's working file.

    `lock_wait_s` bounds how long a session waits for another process that holds the file.
    """

    data: Path
    lock_wait_s: float = 60.0
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def path(self) -> Path:
        """The working file; only runs open it."""
        return self.data / WORKING_FILE

    @property
    def published(self) -> Path:
        """The read-only copy that analysts open."""
        return self.data / PUBLISHED_FILE

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open the working file for writing; waits for its turn, in this process and among others.

        Raises LockedError, ForeignFileError or StorageError, each with what to do about it.
        """
        with self._turn:
            connection = open_for_writing(self.path, wait_s=self.lock_wait_s)
            try:
                yield connection
            except duckdb.IOException as error:
                line = str(error).splitlines()[0]
                raise StorageError(
                    f"{self.path} could not be written ({line}). Free some space or check the "
                    f"disk, then run again: nothing that had landed is lost."
                ) from error
            finally:
                connection.close()

    def migrate(self, now: datetime) -> list[Migration]:
        """Bring the schema up to date; returns the migrations applied."""
        with self.session() as connection:
            return migrate(connection, now)

    def ready(self) -> bool:
        """Whether the working file is there with a complete schema. Changes nothing."""
        if not self.path.exists():
            return False
        with self.session() as connection:
            return not pending(connection)
