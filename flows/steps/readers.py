"""Warm processes that read pages: no page can take the run down, and every core is used.

Each child is a fresh interpreter with the extractors alone in it (a forked one would carry our
threads, one spawned by multiprocessing would import Prefect again). Messages are length-prefixed
pickles over a socket pair that nobody else holds; a child ends when its parent does.
"""

from __future__ import annotations

import atexit
import os
import pickle
import queue
import resource
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from extractors.articles import EXTRACTOR_VERSION
from extractors.records import Reason, State
from flows.steps.reading import Read, read_page
from flows.steps.topics import Topics
from storage.rows import PageRow, PageTask

_ROOT = Path(__file__).parents[2]
# Beside the page's own: starting an interpreter and importing the extractors.
_START_S = 60.0


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    connection: Connection
    topics: set[tuple[str, ...]] = field(default_factory=set)

    def kill(self) -> None:
        with suppress(OSError):
            self.connection.close()
        self.process.kill()
        self.process.wait()


class Readers:
    """As many reader processes as asked for, each started when it is first needed.

    A page that takes longer than `page_s` seconds, or more than `page_bytes` of memory, ends as a
    row with the reason `crashed`; its process is replaced and the others never notice.
    """

    def __init__(self, workers: int, page_s: float, page_bytes: int) -> None:
        self._page_s = page_s
        self._page_bytes = page_bytes
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(workers):
            self._idle.put(None)
        self._children: list[_Child] = []

    def read(
        self, topics: Topics, task: PageTask, row: PageRow, body: bytes, now: datetime
    ) -> Read:
        """As `reading.read_page`, in another process; waits for one to be free. Thread-safe."""
        child = self._idle.get()
        fresh: _Child | None = None
        try:
            child = child or self._start()
            answer = self._ask(child, topics, (task, row, body, now))
            fresh = child
        except _Ended as end:
            answer = _crashed(row, str(end))
            if child:
                self._drop(child)
        except BaseException:
            if child:
                self._drop(child)
            raise
        finally:
            self._idle.put(fresh)
        return answer

    def close(self) -> None:
        """End every child; what one is reading is lost."""
        while self._children:
            self._children.pop().kill()

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [sys.executable, "-m", __name__, str(theirs.fileno()), str(self._page_bytes)],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                cwd=_ROOT,
                env=os.environ | {"PYTHONPATH": str(_ROOT)},
            )
        child = _Child(process, Connection(ours.detach()))
        self._children.append(child)
        if not child.connection.poll(_START_S):
            self._drop(child)
            raise RuntimeError(f"a reader process did not start within {_START_S:.0f} s")
        child.connection.recv_bytes()
        return child

    def _drop(self, child: _Child) -> None:
        with suppress(ValueError):
            self._children.remove(child)
        child.kill()

    def _ask(self, child: _Child, topics: Topics, work: tuple[Any, ...]) -> Read:
        key = tuple(topics.versions.values())
        fresh = None if key in child.topics else Topics(topics.definitions, topics.texts)
        try:
            child.connection.send_bytes(pickle.dumps((key, fresh, *work), protocol=5))
            if not child.connection.poll(self._page_s):
                raise _Ended(f"reading it took over {self._page_s:g} s")
            answer = pickle.loads(child.connection.recv_bytes())  # noqa: S301  (our own child)
        except (EOFError, OSError) as error:
            raise _Ended(f"the reader process ended with {_status(child.process)}") from error
        child.topics.add(key)
        if isinstance(answer, str):
            return _crashed(work[1], answer)
        row, article = answer
        return row, article


class _Ended(Exception):
    """A child is no use any more; the text says why."""


def _status(process: subprocess.Popen[bytes]) -> str:
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    code = process.returncode
    if code is not None and code < 0:
        return f"signal {-code}"
    return f"status {code}"


def _crashed(row: PageRow, detail: str) -> Read:
    failed = replace(
        row,
        article_state=str(State.FAILED),
        article_reason=str(Reason.CRASHED),
        detail=detail,
        extractor_version=EXTRACTOR_VERSION,
    )
    return failed, None


@cache
def readers(workers: int, page_s: float, page_bytes: int) -> Readers:
    """The readers of this process: warm from the first page on, ended with the process."""
    made = Readers(workers, page_s, page_bytes)
    atexit.register(made.close)
    return made


def _serve(connection: Connection) -> None:
    """Read pages until the parent closes its end or is gone."""
    installed: dict[tuple[str, ...], Topics] = {}
    connection.send_bytes(b"ready")
    while True:
        try:
            message = connection.recv_bytes()
        except EOFError:
            return
        key, fresh, task, row, body, now = pickle.loads(message)  # noqa: S301  (our own parent)
        if fresh is not None:
            installed[key] = fresh
        answer: Read | str
        try:
            answer = read_page(installed[key], task, row, body, now)
        except MemoryError:
            answer = "reading it took too much memory"
        except Exception as error:
            # One odd page must not end an unattended run; its row names the place to mend.
            answer = _place(error)
        with suppress(BrokenPipeError):
            connection.send_bytes(pickle.dumps(answer, protocol=5))


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


def _main(descriptor: str, page_bytes: str) -> None:
    # Ctrl-C and a stop of the whole group are the parent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _bounded(int(page_bytes))
    _serve(Connection(int(descriptor)))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
