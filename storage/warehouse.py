"""The warehouse as the rest of the project sees it: short sessions, one that writes at a time.

`Warehouse.session()` opens it for writing and closes it again, so that two processes take turns;
one session may serve a group of batches. With a file, everything else reads the published copy; a
warehouse that is shared (see `storage.targets`) is read as it stands.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import duckdb

from storage.errors import StorageError
from storage.migrate import Migration, migrate, pending
from storage.opening import open_for_reading, writing
from storage.session import Session
from storage.targets.ducklake import lake_session
from storage.targets.naming import LakeTarget, QuackTarget, Target, TargetError
from storage.targets.quack import quack_session

WORKING_FILE = "duckwire.duckdb"
PUBLISHED_FILE = "news.duckdb"

# Publishing follows a change of anything but these, and else the clock.
QUIET_TABLES = ("runs", "run_stages", "polls", "leases", "failures")


@dataclass(frozen=True)
class Warehouse:
    """One data directory's working file, or the shared warehouse that `target` names.

    `lock_wait_s` bounds how long a session waits for another process that is writing.
    """

    data: Path
    lock_wait_s: float = 60.0
    target: Target | None = None
    _turn: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def path(self) -> Path:
        """The working file; only runs open it."""
        return self.data / WORKING_FILE

    @property
    def published(self) -> Path:
        """The read-only copy that analysts open."""
        return self.data / PUBLISHED_FILE

    @property
    def name(self) -> str:
        """What to call the place analysts ask, without any secret."""
        return str(self.target or self.published)

    @contextmanager
    def session(self, wait_s: float | None = None) -> Iterator[Session]:
        """Open the warehouse for writing; waits for its turn, in this process and among others.

        `wait_s` bounds, in seconds, the wait for other processes in place of `lock_wait_s`.
        Raises LockedError, ForeignFileError or StorageError, each with what to do about it.
        """
        with self._turn, ExitStack() as held:
            connection = held.enter_context(self._open(write=True, wait_s=wait_s))
            try:
                yield connection
            except duckdb.IOException as error:
                line = str(error).splitlines()[0]
                raise StorageError(
                    f"{self.target or self.path} could not be written ({line}). Free some space "
                    f"or check the disk, then run again: nothing that had landed is lost."
                ) from error

    def use_threads(self, session: Session, count: int | None) -> None:
        """Let DuckDB use so many threads in a session on the file; None: one for each core.

        On one, a small batch takes a quarter less of the processor. A shared warehouse, which is
        not for one session to set, keeps its own.
        """
        if self.target is None:
            session.execute("RESET threads" if count is None else f"SET threads = {int(count)}")

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open for questions what analysts ask: the published copy, or a shared warehouse.

        Nothing can be changed through it, and nobody waits for it. Raises StorageError.
        """
        with self._open(write=False) as connection:
            yield connection

    def migrate(self, now: datetime) -> list[Migration]:
        """Bring the schema up to date; returns the migrations applied.

        A served warehouse is brought up to date by its server; StorageError when it is behind.
        """
        with self.session() as connection:
            if not isinstance(self.target, QuackTarget):
                return migrate(connection, now)
            if todo := pending(connection):
                raise TargetError(
                    f"{self.target} lacks {todo[0].name}: upgrade the server and start it again."
                )
            return []

    def ready(self) -> bool:
        """Whether the warehouse is there with a complete schema. Changes nothing."""
        if self.target is None and not self.path.exists():
            return False
        with self.session() as connection:
            return not pending(connection)

    def need_file(self, what: str, instead: str) -> None:
        """Raise TargetError when the warehouse is shared; `instead` says what to do there."""
        if self.target is not None:
            raise TargetError(
                f"{what} works on a file, and this warehouse is {self.target}: {instead}."
            )

    @contextmanager
    def _open(self, *, write: bool, wait_s: float | None = None) -> Iterator[Session]:
        wait_s = self.lock_wait_s if wait_s is None else wait_s
        if isinstance(self.target, QuackTarget):
            with quack_session(self.target, wait_s=wait_s, write=write) as session:
                yield session
        elif isinstance(self.target, LakeTarget):
            with lake_session(self.target, wait_s=wait_s, write=write) as lake:
                yield lake
        elif write:
            with writing(self.path, wait_s=wait_s) as opened:
                yield opened
        else:
            copy = open_for_reading(self.published)
            try:
                yield copy
            finally:
                copy.close()
