"""What a child process of `children` does: one module's work, lump after lump, within bounds."""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from flows.collecting import collect_seldom

# A child that still holds so much more than at its start is replaced.
_WORN_BYTES = 300_000_000
# A lump ends after so many seconds, whatever is left of it: other children may be free by then, and
# whoever waits for it may have left.
LUMP_S = 0.25
WORN, FIT = b"w", b"f"  # the first byte of a reply
_TOO_LARGE = "reading it took too much memory"
KEPT_ROOM = 4_000_000  # bytes of a child's file that stay from lump to lump


def _serve(connection: Connection, rooms: list[int], work: Any, seconds: float) -> None:
    """Do work until the parent closes its end or is gone."""
    shared: Any = None
    statm = os.open("/proc/self/statm", os.O_RDONLY)
    most = _resident(statm) + _WORN_BYTES
    connection.send_bytes(b"ready")
    used = False
    while True:
        try:
            fresh, message, which, sizes = connection.recv()
        except EOFError:
            return
        if fresh:
            shared = pickle.loads(fresh)  # noqa: S301  (our own parent)
        ends, worn = time.monotonic() + LUMP_S, False
        done: list[tuple[bool, Any]] = []
        bodies = _bodies(rooms[which], sizes)
        for given, body in zip(pickle.loads(message), bodies, strict=False):  # noqa: S301
            # The kernel keeps this bound, also when nobody is left to and whatever holds the lock.
            signal.setitimer(signal.ITIMER_REAL, seconds)
            answer = _done(work, shared, given, body)
            signal.setitimer(signal.ITIMER_REAL, 0)
            if used and answer == (False, _TOO_LARGE):
                worn = True  # it is done again where the others have left nothing
                break
            used = True
            done.append(answer)
            worn = _resident(statm) > most
            if worn or time.monotonic() > ends:
                break
        if sum(sizes) > KEPT_ROOM:
            os.ftruncate(rooms[which], 0)
        with suppress(BrokenPipeError):
            connection.send_bytes((WORN if worn else FIT) + pickle.dumps(done, protocol=5))


def _bodies(room: int, sizes: list[int]) -> Iterator[bytes]:
    """The bytes of a lump's items."""
    at = 0
    for size in sizes:
        yield os.pread(room, size, at)
        at += size


def _done(work: Any, shared: Any, given: tuple[Any, ...], body: bytes) -> tuple[bool, Any]:
    """Whether an item was done, and the answer, or else why not."""
    try:
        return True, work(shared, *given, body)
    except MemoryError:
        return False, _TOO_LARGE
    except Exception as error:
        # One odd item must not end an unattended run; its row names the place to mend.
        return False, _place(error)


def _resident(statm: int) -> int:
    """Bytes of memory that this process holds; its own `statm` stays open, see proc(5)."""
    return int(os.pread(statm, 100, 0).split()[1]) * resource.getpagesize()


def _place(error: Exception) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}: {str(error)[:200]}{where}"


def _bounded(more: int) -> None:
    """Let this process take that much memory beside what it has now."""
    status = Path("/proc/self/status").read_text("utf-8")
    now = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData:"))
    limit = now * 1024 + more
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _main(descriptors: str, seconds: str, work: str, memory: str, nice: str) -> None:
    # Ctrl-C and a stop of the whole group are the parent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.nice(int(nice))
    module, name = work.split(":")
    function = getattr(import_module(module), name)
    collect_seldom()  # trees of thousands of nodes are freed without a collector's help
    _bounded(int(memory))
    descriptor, *rooms = map(int, descriptors.split(","))
    _serve(Connection(descriptor), rooms, function, float(seconds))


if __name__ == "__main__":
    _main(*sys.argv[1:6])
