"""Work that finishes in any order, taken in groups worth a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, TypeVar

Result = TypeVar("Result")

# A slow one must not hold back the others that are ready.
PATIENCE_S = 1.0


async def in_batches(
    work: Sequence[Coroutine[Any, Any, Result]], size: int, patience_s: float = PATIENCE_S
) -> AsyncIterator[list[Result]]:
    """Run all of `work` at once; give the results as they come, up to `size` together.

    A group that is not full is given when nothing more came for `patience_s` seconds. What `work`
    raises is raised here; what is still running when the caller leaves is cancelled.
    """
    arrived: asyncio.Queue[Result | BaseException] = asyncio.Queue()
    tasks = [asyncio.create_task(_deliver(item, arrived)) for item in work]
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


async def _deliver(
    item: Coroutine[Any, Any, Result], arrived: asyncio.Queue[Result | BaseException]
) -> None:
    try:
        await arrived.put(await item)
    except Exception as error:
        await arrived.put(error)


def _result(item: Result | BaseException) -> Result:
    if isinstance(item, BaseException):
        raise item
    return item
