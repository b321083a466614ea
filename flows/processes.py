"""Processes of this host: which live, which flow runs they carry, and how one ends with another.

Linux only: what is asked here is answered by /proc, see proc(5).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

LOG_LIMIT_BYTES = 10_000_000
_M_ARENA_MAX = -8  # malloc.h
GRACE_S = 5.0  # between SIGTERM and SIGKILL
FLOW_RUN_VARIABLE = b"PREFECT__FLOW_RUN_ID="  # Prefect gives it to each process of a flow run


def flow_run_processes() -> dict[str, dict[int, bytes]]:
    """Return the processes that carry a flow run's id, as {run id: {pid: environment}}.

    With a recorded pid this settles whether a run lives: the pid alone may be another process by
    now, and the environment alone is handed down to children that outlive the run. Processes of
    other users cannot be read and do not count.
    """
    found: dict[str, dict[int, bytes]] = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environ = (folder / "environ").read_bytes()
        except OSError:  # it has just ended, or is not ours
            continue
        for variable in environ.split(b"\0"):
            if variable.startswith(FLOW_RUN_VARIABLE):
                run = variable.removeprefix(FLOW_RUN_VARIABLE).decode("ascii", "replace")
                found.setdefault(run, {})[int(folder.name)] = environ
    return found


def process_tag(pid: int | None = None) -> str:
    """Return the tag that names a process on this host: `process:HOST:PID:START`."""
    pid = os.getpid() if pid is None else pid
    return f"process:{socket.gethostname()}:{pid}:{process_start(pid) or 0}"


def process_start(pid: int) -> int | None:
    """Return when a process of this host started (clock ticks since boot), None if there is none.

    Field 22 of /proc/PID/stat, proc(5). A zombie counts as gone.
    """
    fields = _stat(pid)
    return None if not fields or fields[0] in {"Z", "X"} else int(fields[19])


def process_parent(pid: int) -> int | None:
    """Return the parent of a process of this host, None if there is no such process."""
    fields = _stat(pid)
    return int(fields[1]) if fields else None


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold any character."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def watch_over(gone: Callable[[], bool], *, every: float = 0.5) -> None:
    """End this process soon after `gone()` turns true: SIGTERM first, SIGKILL 5 s later.

    A daemon thread does it, so that nothing has to be set up by the parent before the fork.
    """

    def watch() -> None:
        while not gone():
            time.sleep(every)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def share_arenas() -> None:
    """Let the threads of this process share two of malloc's arenas (mallopt(3)), on glibc.

    What many threads pass on, such as pages, else leaves holes in an arena for each of them.
    """
    with contextlib.suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def open_log(path: Path) -> IO[bytes]:
    """Open a log file to append to; one that has grown past 10 MB is set aside as `.1` first."""
    rotate_log(path)
    return path.open("ab")


def rotate_log(path: Path) -> bool:
    """Set a log aside as `.1` once it has grown past 10 MB; returns whether it had.

    It is copied and emptied, not renamed: a process that has it open to append goes on in it.
    Lines written between the two are lost.
    """
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > LOG_LIMIT_BYTES:
            shutil.copyfile(path, path.with_name(path.name + ".1"))
            os.truncate(path, 0)
            return True
    return False
