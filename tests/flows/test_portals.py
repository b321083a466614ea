"""Work in the loop of another thread: who interrupts it waits for its clean-up."""

from __future__ import annotations

import asyncio
import signal
import threading
from typing import Any

import pytest
from anyio.from_thread import start_blocking_portal

from flows.steps.portals import run_there


async def long_work(begun: threading.Event, done: list[str]) -> None:
    """A minute's work that takes a moment to clean up."""
    begun.set()
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.1)
        done.append("cleaned up")


def test_what_is_interrupted_has_cleaned_up_before_its_caller_goes_on() -> None:
    begun, done = threading.Event(), list[str]()

    def interrupt() -> None:
        begun.wait()
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with start_blocking_portal() as portal:
        with pytest.raises(KeyboardInterrupt):
            run_there(portal, long_work, begun, done)
        assert done == ["cleaned up"]


def test_who_is_interrupted_while_handing_work_over_waits_for_it_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun, done = threading.Event(), list[str]()

    with start_blocking_portal() as portal:
        hand_over = portal.start_task_soon

        def interrupted(*given: Any) -> None:
            hand_over(*given)
            begun.wait()
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(portal, "start_task_soon", interrupted)
            patched.setattr(portal, "call", lambda do, *given: hand_over(do, *given).result())
            with pytest.raises(KeyboardInterrupt):
                run_there(portal, long_work, begun, done)
        assert done == ["cleaned up"]


def test_an_error_of_the_work_is_its_callers() -> None:
    async def work(word: str) -> None:
        raise ValueError(word)

    with start_blocking_portal() as portal, pytest.raises(ValueError, match="so it goes"):
        run_there(portal, work, "so it goes")
