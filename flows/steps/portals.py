"""Work in the loop of another thread, which is never left behind at work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from threading import Event
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal

Answer = TypeVar("Answer")


def run_there(
    portal: BlockingPortal, work: Callable[..., Awaitable[Answer]], *given: object
) -> Answer:
    """As `portal.call`; who is interrupted meanwhile (Ctrl-C) stops the work and leaves after it.

    Else the work would go on while what stands around it, such as a turn, is given back already.
    """
    ended, tasks = Event(), list[asyncio.Task[Any]]()

    async def until_ended() -> Answer:
        if task := asyncio.current_task():
            tasks.append(task)
        try:
            return await work(*given)
        finally:
            ended.set()

    try:
        return portal.start_task_soon(until_ended).result()
    except BaseException:
        # Once, and not through the future: the portal would cancel it at each step of its clean-up
        # too, which then would not wait for the threads that have the warehouse open.
        if not ended.is_set():
            portal.call(_cancel, tasks)
        if tasks:  # else it was not begun: the loop takes up in turn what it is given
            ended.wait()
        raise


def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
