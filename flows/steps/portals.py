"""Work in the loop of another thread, which is never left behind at work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from threading import Event
from typing import TypeVar

from anyio.from_thread import BlockingPortal

Answer = TypeVar("Answer")


def run_there(
    portal: BlockingPortal, work: Callable[..., Awaitable[Answer]], *given: object
) -> Answer:
    """As `portal.call`; who is interrupted meanwhile (Ctrl-C) stops the work and leaves after it.

    Else the work would go on while what stands around it, such as a turn, is given back already.
    """
    ended = Event()

    async def until_ended() -> Answer:
        try:
            return await work(*given)
        finally:
            ended.set()

    future = portal.start_task_soon(until_ended)
    try:
        return future.result()
    except BaseException:
        future.cancel()
        ended.wait()
        raise
