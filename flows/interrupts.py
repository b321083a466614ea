"""Ctrl-C at any moment ends a command, and never leaves it hanging or going on."""

from __future__ import annotations

import asyncio
import signal
import sys
import warnings
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_AGAIN_S = 0.05
_IMPORT_SYSTEM = "<frozen importlib"


def mind_interrupts() -> None:
    """Raise KeyboardInterrupt on SIGINT only where Python can bear it; main thread only.

    Python raises it between any two instructions. Inside the import system that leaves the
    import lock held, and every other thread waits for it for good; inside a destructor or a
    weak reference's callback it is printed and lost. Here the first waits, and the second is
    said again. A process that was started with SIGINT ignored goes on ignoring it.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return
    signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    sys.unraisablehook = _unraisable


def is_interrupt(error: Exception) -> bool:
    """Whether this is DuckDB's way to tell of a Ctrl-C during a query."""
    return isinstance(error, RuntimeError) and str(error) == "Query interrupted"


def _interrupt(_number: int, frame: FrameType | None) -> None:
    # What was begun and is now not awaited is no news to whoever pressed Ctrl-C.
    warnings.filterwarnings("ignore", message="coroutine .* was never awaited")
    if _importing(frame):
        _again()
        return
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        raise KeyboardInterrupt from None
    # Between two callbacks: there the loop lets it through, and cancels what it was doing.
    loop.call_soon_threadsafe(_raise)


def _raise() -> None:
    raise KeyboardInterrupt


def _again() -> None:
    signal.setitimer(signal.ITIMER_REAL, _AGAIN_S)


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORT_SYSTEM):
            return True
        frame = frame.f_back
    return False


def _unraisable(what: UnraisableHookArgs) -> None:
    if issubclass(what.exc_type, KeyboardInterrupt):
        _again()
        return
    sys.__unraisablehook__(what)
