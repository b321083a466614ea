"""Keeping the working file open from batch to batch while there is work for it.

Closing it writes a checkpoint, which costs as much as landing hundreds of rows; keeping it open
keeps everybody else out. So a sitting ends when the work pauses, and after a while in any case.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType

from storage.session import Session
from storage.warehouse import Warehouse

# Well below the minute that somebody else waits for the file.
MOST_S = 10.0


class Sitting:
    """Sessions on a warehouse that share one opening of it; a context manager.

    One caller at a time; they may be different threads.
    """

    def __init__(self, warehouse: Warehouse, *, most_s: float = MOST_S) -> None:
        self._warehouse = warehouse
        self._most_s = most_s
        self._open = ExitStack()
        self._session: Session | None = None
        self._since = 0.0

    def __enter__(self) -> Sitting:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.rise()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """As `Warehouse.session`, with its errors; an error ends the sitting."""
        if self._session is None:
            self._session = self._open.enter_context(self._warehouse.session())
            self._since = time.monotonic()
        try:
            yield self._session
        except BaseException as error:
            # The warehouse says in its own words what the disk refused.
            self._session = None
            self._open.__exit__(type(error), error, error.__traceback__)
            raise
        if time.monotonic() - self._since > self._most_s:
            self.rise()

    def rise(self) -> None:
        """Close the file until the next session. Safe to call again."""
        self._session = None
        self._open.close()
