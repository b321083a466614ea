"""Work in the loop of another thread: who interrupts it waits for its clean-up."""

from __future__ import annotations

import asyncio
import signal
import threading

import pytest
from anyio.from_thread import start_blocking_portal

from flows.steps.portals import run_there


def test_what_is_interrupted_has_cleaned_up_before_its_caller_goes_on() -> None:
    begun, done = threading.Event(), list[str]()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.1)
            done.append("cleaned up")

    def interrupt() -> None:
        begun.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with start_blocking_portal() as portal:
        with pytest.raises(KeyboardInterrupt):
            run_there(portal, work)
        assert done == ["cleaned up"]


def test_an_error_of_the_work_is_its_callers() -> None:
    async def work(word: str) -> None:
        raise ValueError(word)

    with start_blocking_portal() as portal, pytest.raises(ValueError, match="so it goes"):
        run_there(portal, work, "so it goes")
