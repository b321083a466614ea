"""Reading what blocks in a thread, a batch at a time, while the loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import CancelledError, Future
from itertools import islice
from threading import Event
from typing import Protocol, TypeVar

from flows.net.streams import Body, StreamError

BATCH = 200

T = TypeVar("T")


class Bytes(Protocol):
    """What a WARC can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, b'' at the end."""
        ...


async def in_batches(items: Iterator[T | None], size: int = BATCH) -> AsyncGenerator[T, None]:
    """Give what an iterator gives, asked in a thread for `size` items at once.

    None stands for work done without a result: it counts, and is left out. The iterator is asked
    by one thread at a time; between batches it rests, so that nothing is read ahead of its use.
    """
    while True:
        batch, error = await asyncio.to_thread(_take, items, size)
        for item in batch:
            if item is not None:
                yield item
        if error is not None:
            raise error
        if len(batch) < size:
            return


def _take(items: Iterator[T], size: int) -> tuple[list[T], Exception | None]:
    """Take up to `size` items, and what ended them: those before an error count."""
    taken: list[T] = []
    try:
        taken.extend(islice(items, size))
    except Exception as error:  # raised again by the caller
        return taken, error
    return taken, None


class Pipe:
    """A body of the network as a file for a thread; made in the loop that the body belongs to.

    `error` is what ended it early. `close` lets a thread that waits go on at once, with an
    OSError.
    """

    def __init__(self, body: Body) -> None:
        self.error: StreamError | None = None
        self._body = body
        self._loop = asyncio.get_running_loop()
        self._lump = memoryview(b"")
        self._pending: Future[bytes] | None = None
        self._closed = Event()

    def read(self, size: int = -1, /) -> bytes:
        """Return at most `size` bytes, b'' at the end. Raises OSError when the body broke off."""
        if not self._lump:
            self._lump = memoryview(self._next())
        piece = bytes(self._lump if size < 0 else self._lump[:size])
        self._lump = self._lump[len(piece) :]
        return piece

    def _next(self) -> bytes:
        if self._closed.is_set() or self.error is not None:
            raise OSError("the body is closed")
        self._pending = asyncio.run_coroutine_threadsafe(self._body.read(), self._loop)
        if self._closed.is_set():  # while it was made
            self._pending.cancel()
        try:
            return self._pending.result()
        except StreamError as error:
            self.error = error
            raise OSError(error.detail) from error
        except CancelledError as error:
            raise OSError("the body is closed") from error

    def close(self) -> None:
        """Read no more."""
        self._closed.set()
        if self._pending is not None:
            self._pending.cancel()
