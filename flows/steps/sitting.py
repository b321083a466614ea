"""Keeping the working file open from batch to batch while there is work for it.

Closing it writes a checkpoint, which costs as much as landing hundreds of rows; keeping it open
keeps everybody else out. So a sitting ends when the work pauses, and after a while in any case.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import copy_context
from functools import partial
from types import TracebackType
from typing import Any, TypeVar

from storage.landing import group_waiting
from storage.session import Session
from storage.warehouse import Warehouse

Answer = TypeVar("Answer")

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
        self._since = self._used = 0.0

    def __enter__(self) -> Sitting:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if kind is None:
            self.rise()
        self._session = None
        self._open.close()

    @contextmanager
    def session(self) -> Iterator[Session]:
        """As `Warehouse.session`, with its errors; an error ends the sitting."""
        if self._session is None:
            self._session = self._open.enter_context(self._warehouse.session())
            self._since = time.monotonic()
            self._warehouse.use_threads(self._session, 1)
        try:
            yield self._session
        except BaseException as error:
            # The warehouse says in its own words what the disk refused.
            self._session = None
            self._open.__exit__(type(error), error, error.__traceback__)
            raise
        self._used = time.monotonic()
        if self._used - self._since > self._most_s:
            self.rise()

    def rise_if_idle(self, seconds: float) -> None:
        """As `rise`, when the last session ended so long ago."""
        if time.monotonic() - self._used >= seconds:
            self.rise()

    def rise(self) -> None:
        """Close the file until the next session. Safe to call again.

        Before, the near-duplicates of all that landed meanwhile are looked for.
        """
        session, self._session = self._session, None
        if session is None:
            return
        try:
            self._warehouse.use_threads(session, None)
            group_waiting(session)
        except BaseException as error:
            self._open.__exit__(type(error), error, error.__traceback__)
            raise
        self._open.close()


async def in_thread(work: Callable[..., Answer], *given: Any) -> Answer:
    """As `asyncio.to_thread`, for what uses a sitting: it is never left behind at work.

    A thread goes on when its caller is cancelled, and DuckDB does not bear that another one closes
    the connection under it. So a cancelled caller leaves when the work has ended.
    """
    # A future, not a task: whoever ends the loop cancels all of its tasks.
    working = asyncio.get_running_loop().run_in_executor(
        None, partial(copy_context().run, work, *given)
    )
    try:
        return await asyncio.shield(working)
    finally:
        while not working.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([working])
        if not working.cancelled():
            working.exception()  # it has been seen
