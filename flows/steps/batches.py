"""Work that finishes in any order, taken in groups worth a transaction."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# A slow one must not hold back the others that are ready, which come in lumps.
PATIENCE_S = 0.5
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


class Together(Generic[Item, Result]):
    """Work on many items at a time in the threads of an executor, their results told together too.

    A thread that is free takes its part of all that waits, `most` items at the most; `work` returns
    their results in order. Waking somebody for a single item takes the processor from whoever is at
    work, and what is needed for it is out of the processor's cache each time.
    """

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        work: Callable[[list[Item]], Sequence[Result]],
        *,
        threads: int,
        most: int = 1,
        every_s: float = _TELL_S,
    ) -> None:
        self._pool, self._work = pool, work
        self._threads, self._most, self._every_s = threads, most, every_s
        self._ready: deque[tuple[asyncio.Future[Result], Item]] = deque()
        self._done: deque[tuple[asyncio.Future[Result], Result | BaseException]] = deque()
        self._waiting = 0
        self._due: asyncio.TimerHandle | None = None

    async def run(self, item: Item) -> Result:
        """Have an item worked on; returns its result, or raises what the work raises."""
        told: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._ready.append((told, item))
        self._pool.submit(self._take)
        self._waiting += 1
        if self._due is None:
            self._look_later()
        try:
            return await told
        finally:
            self._waiting -= 1

    def _take(self) -> None:
        """Work on some of what waits, in a thread; there may be nothing left."""
        taken: list[tuple[asyncio.Future[Result], Item]] = []
        part = min(self._most, max(1, len(self._ready) // self._threads))
        with suppress(IndexError):  # another thread was faster
            while len(taken) < part:
                taken.append(self._ready.popleft())
        if not taken:
            return
        results: Sequence[Result | BaseException]
        try:
            results = self._work([item for _, item in taken])
        except BaseException as error:
            results = [error] * len(taken)
        self._done.extend((told, one) for (told, _), one in zip(taken, results, strict=True))

    def _look_later(self) -> None:
        self._due = asyncio.get_running_loop().call_later(self._every_s, self._tell)

    def _tell(self) -> None:
        self._due = None
        while self._done:
            told, result = self._done.popleft()
            if told.done():  # its caller has left
                continue
            if isinstance(result, BaseException):
                told.set_exception(result)
            else:
                told.set_result(result)
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
