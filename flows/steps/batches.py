"""Work that finishes in any order, taken in groups worth a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, TypeVar

Result = TypeVar("Result")

# A slow one must not hold back the others that are ready.
PATIENCE_S = 0.2


async def in_batches(
    work: Sequence[Coroutine[Any, Any, Result]],
    size: int,
    *,
    at_once: int = 200,
    patience_s: float = PATIENCE_S,
) -> AsyncIterator[list[Result]]:
    """Run `work`, `at_once` of it together; give the results as they come, up to `size` a group.

    Results that nobody has taken yet hold their place, so memory does not grow with the backlog. A
    group that is not full is given when nothing more came for `patience_s` seconds. What `work`
    raises is raised here; what is still running when the caller leaves is cancelled.
    """
    arrived: asyncio.Queue[Result | BaseException] = asyncio.Queue(size)
    places = asyncio.Semaphore(at_once)
    tasks = [asyncio.create_task(_deliver(item, arrived, places)) for item in work]
    left = len(tasks)
    try:
        while left:
            batch = [_result(await arrived.get())]
            while len(batch) < min(size, left):
                try:
                    item = await asyncio.wait_for(arrived.get(), patience_s)
                except TimeoutError:
                    break
                batch.append(_result(item))
            left -= len(batch)
            yield batch
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for coroutine in work:
            coroutine.close()  # one that was cancelled before its turn


async def _deliver(
    item: Coroutine[Any, Any, Result],
    arrived: asyncio.Queue[Result | BaseException],
    places: asyncio.Semaphore,
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
