"""Work that finishes in any order, taken in groups worth a transaction."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import Executor, Future
from typing import Any, TypeVar

Result = TypeVar("Result")

# A slow one must not hold back the others that are ready.
PATIENCE_S = 0.2
_TOGETHER_S = 0.2
_TELL_S = 0.02


async def in_batches(
    work: Sequence[Coroutine[Any, Any, Result]],
    size: int,
    *,
    at_once: int = 200,
    patience_s: float = PATIENCE_S,
    weigh: Callable[[Result], int] = lambda _: 0,
    most_weight: int = 0,
    pauses: bool = False,
) -> AsyncIterator[list[Result]]:
    """Run `work`, `at_once` of it together; give the results as they come, up to `size` a group.

    Results that nobody has taken yet hold their place, so memory does not grow with the backlog. A
    group that is not full is given when nothing more came for `patience_s` seconds, or when its
    results weigh more than `most_weight`. With `pauses`, an empty group says each time that nothing
    has come for that long. What `work` raises is raised here; what is still running when
    the caller leaves is cancelled.
    """
    arrived: asyncio.Queue[Result | BaseException] = asyncio.Queue(size)
    places = _Places(at_once)
    tasks = [asyncio.create_task(_deliver(item, arrived, places)) for item in work]
    left = len(tasks)
    try:
        while left:
            while pauses and not await _soon(arrived, patience_s):
                yield []
            batch = [_result(await arrived.get())]
            weight = weigh(batch[0])
            while len(batch) < min(size, left) and weight <= most_weight:
                if not await _soon(arrived, patience_s):
                    break
                batch.append(_result(arrived.get_nowait()))
                weight += weigh(batch[-1])
            left -= len(batch)
            yield batch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        places.close()
        for coroutine in work:
            coroutine.close()  # one that was cancelled before its turn


class _Places:
    """As a semaphore, but places are given out together: a quarter of them, or those of a moment.

    Where the readers set the pace, places become free one by one, and what each start and answer
    needs is out of the processor's cache by then: thirty at once cost a third of thirty by turns.
    """

    def __init__(self, count: int) -> None:
        self._places = asyncio.Semaphore(count)
        self._enough = max(1, count // 4)
        self._freed = 0
        self._due: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        await self._places.acquire()

    async def __aexit__(self, *_: object) -> None:
        self._freed += 1
        if self._freed >= self._enough:
            self._give()
        elif self._due is None:
            self._due = asyncio.get_running_loop().call_later(_TOGETHER_S, self._give)

    def close(self) -> None:
        """Give nothing out later."""
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _give(self) -> None:
        self.close()
        freed, self._freed = self._freed, 0
        for _ in range(freed):
            self._places.release()


class Together:
    """Work for an executor whose results are told many at a time, not one by one.

    Waking the event loop for a single result takes the processor from whoever is at work, and what
    the loop needs is out of its cache each time.
    """

    def __init__(self, pool: Executor, *, every_s: float = _TELL_S) -> None:
        self._pool = pool
        self._every_s = every_s
        self._done: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._waiting = 0
        self._due: asyncio.TimerHandle | None = None

    async def run(self, work: Callable[[], Result]) -> Result:
        """Have the work done; returns its result, or raises what it raises, within `every_s`."""
        told: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pool.submit(work).add_done_callback(lambda done: self._done.append((told, done)))
        self._waiting += 1
        if self._due is None:
            self._look_later()
        try:
            return await told
        finally:
            self._waiting -= 1

    def _look_later(self) -> None:
        self._due = asyncio.get_running_loop().call_later(self._every_s, self._tell)

    def _tell(self) -> None:
        self._due = None
        while self._done:
            told, done = self._done.popleft()
            if told.done():  # its caller has left
                continue
            if done.cancelled():
                told.cancel()
                continue
            error = done.exception()
            if error is None:
                told.set_result(done.result())
            else:
                told.set_exception(error)
        if self._waiting:
            self._look_later()


async def _soon(arrived: asyncio.Queue[Any], seconds: float) -> bool:
    """Whether something can be taken within that time. Takes nothing.

    Looks now and then: whoever waits to be told is woken for every single result.
    """
    end = asyncio.get_running_loop().time() + seconds
    while arrived.empty():
        if asyncio.get_running_loop().time() >= end:
            return False
        await asyncio.sleep(seconds / 10)
    return True


async def _deliver(
    item: Coroutine[Any, Any, Result],
    arrived: asyncio.Queue[Result | BaseException],
    places: _Places,
) -> None:
    try:
        async with places:
            await arrived.put(await item)
    except Exception as error:
        # Raised again by whoever takes it.
        await arrived.put(error)


def _result(item: Result | BaseException) -> Result:
    if isinstance(item, BaseException):
        raise item
    return item
