"""Warm processes for work that may take too long or too much memory: none takes the run down.

Each child is a fresh interpreter with one module's work in it (a forked one would carry our
threads, one spawned by multiprocessing would import Prefect again). Items go there in lumps, as one
message over a socket pair that nobody else holds, their bytes in a nameless file of memory
(memfd_create(2)): each change of hands costs a process what it had in its cache. A child ends when
its parent does, and should it be at work then, when its time is over.
"""

from __future__ import annotations

import gc
import io
import os
import pickle
import queue
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from extractors.errors import DuckwireError

_ROOT = Path(__file__).parents[2]
# Beside the work's own: starting an interpreter and importing what it needs.
_START_S = 60.0
# An orphan's clock runs a little longer than its parent's, who says why it was killed.
_LONGER_S = 1.0
# A child that still holds so much more than at its start is replaced.
_WORN_BYTES = 300_000_000
_COLLECT_AFTER = 5000  # objects; at the usual 700, collecting takes 3 % of reading a page
# Answers of a lump are given together, unless that keeps one waiting for longer.
_TELL_S = 0.25
_KEPT_ROOM = 4_000_000  # bytes of a child's file that stay from lump to lump

Item = tuple[tuple[Any, ...], bytes]


class WorkFailed(Exception):
    """The work was not done: too slow, too large, or the process crashed. The text says which."""


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    connection: Connection
    room: io.FileIO  # where the bytes of its items lie
    holds: object = None  # the key of what is shared with it

    def kill(self) -> None:
        with suppress(OSError):
            self.connection.close()
        self.room.close()
        self.process.kill()
        self.process.wait()


class Children:
    """Up to `count` processes that do one kind of work, each started when it is first needed.

    `work` is 'module:function' of a function `(shared, *given, body)`. What takes longer than
    `seconds`, or more than `memory` bytes beside the interpreter's, fails; its process is replaced
    and the others never notice. A context manager; thread-safe.
    """

    def __init__(
        self, work: str, count: int, *, seconds: float, memory: int, nice: int = 0
    ) -> None:
        self.seconds = seconds
        self._asked = [work, str(memory), str(nice)]
        self._count = count
        self._idle: queue.LifoQueue[_Child | None] = queue.LifoQueue()
        for _ in range(count):
            self._idle.put(None)
        self._alive: list[_Child] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pids(self) -> list[int]:
        """The processes there are now."""
        return [child.process.pid for child in self._alive]

    def warm(self) -> None:
        """Start all of them now, beside what the caller does next; one that fails is no loss."""
        for _ in range(self._count):
            threading.Thread(target=self._warm_one, name="warm", daemon=True).start()

    def _warm_one(self) -> None:
        child = self._idle.get()
        try:
            with suppress(DuckwireError, OSError):  # who calls first tries again, and says why
                child = child or self._start()
        finally:
            self._idle.put(child)

    def call(self, given: tuple[Any, ...], body: bytes) -> Any:
        """Have one item of work done; raises WorkFailed. See `call_all`."""
        (answer,) = self.call_all([(given, body)])
        if isinstance(answer, WorkFailed):
            raise answer
        return answer

    def call_all(
        self,
        items: Sequence[Item],
        key: object = None,
        share: Any = None,
        *,
        during: AbstractContextManager[None] | None = None,
    ) -> list[Any]:
        """Have a lump of work done by a child, each item `(given, body)`; waits for one to be free.

        Returns the answers in order; in place of one there is a WorkFailed for an item that failed.
        One that takes its process along fails alone: those whose answers went with it are done
        again, one by one. `share` is what many calls have in common: it goes to a child once for
        each new `key`. `during` stands around the work without the wait for a child.
        """
        if not items:
            return []
        message = pickle.dumps([given for given, _ in items], protocol=5)
        bodies = [body for _, body in items]
        answers: list[Any] = []
        child = self._idle.get()
        keep = None
        try:
            with during or nullcontext():
                child = child or self._start()
                for fit, more in self._ask(child, message, bodies, key, share):
                    keep = child if fit else None
                    answers += more
        except WorkFailed as failure:
            keep = None
            if len(items) == 1:
                answers = [failure]
        finally:
            if child is not None and keep is None:
                self._drop(child)
            self._idle.put(keep)
        for item in items[len(answers) :]:
            answers += self.call_all([item], key, share)
        return answers

    def close(self) -> None:
        """End every child; what one is at work on is lost."""
        while self._alive:
            self._alive.pop().kill()

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        room = io.FileIO(os.memfd_create("items"), "r+")
        with theirs:
            numbers = [str(theirs.fileno()), str(room.fileno()), str(self.seconds + _LONGER_S)]
            process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [sys.executable, "-m", __name__, *numbers, *self._asked],
                pass_fds=(theirs.fileno(), room.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env=os.environ | {"PYTHONPATH": _python_path()},
            )
        child = _Child(process, Connection(ours.detach()), room)
        self._alive.append(child)
        try:
            if not child.connection.poll(_START_S):
                raise TimeoutError
            child.connection.recv_bytes()
            _bound(child.connection, self.seconds)
        except (EOFError, OSError) as error:
            self._drop(child)
            raise DuckwireError(
                "a process to read pages in did not start",
                where=f"it ended with {_status(process)}",
                remedy="see whether memory or processes have run out, then run again; nothing "
                "that had landed is lost",
            ) from error
        return child

    def _drop(self, child: _Child) -> None:
        with suppress(ValueError):
            self._alive.remove(child)
        child.kill()

    def _ask(
        self, child: _Child, message: bytes, bodies: list[bytes], key: object, share: Any
    ) -> Iterator[tuple[bool, list[Any]]]:
        """Answers as the child gives them, and each time whether it is fit for more work."""
        fresh = b"" if child.holds == key else pickle.dumps(share, protocol=5)
        left = len(bodies)
        try:
            _fill(child.room.fileno(), bodies)
            sizes = [len(body) for body in bodies]
            child.connection.send((fresh, message, sizes))
            while left:
                fit, answers = child.connection.recv()
                child.holds = key
                left -= len(answers)
                yield fit, [a if done else WorkFailed(a) for done, a in answers]
        except BlockingIOError as error:
            raise WorkFailed(f"reading it took over {self.seconds:g} s") from error
        except (EOFError, OSError) as error:
            why = f"the process that read it ended with {_status(child.process)}"
            raise WorkFailed(why) from error


def _fill(room: int, bodies: list[bytes]) -> None:
    """Put the bytes of a lump into a child's file, one item after the other."""
    at = 0
    for body in bodies:
        left = memoryview(body)
        while left:
            at += (put := os.pwrite(room, left, at))
            left = left[put:]


def _bound(connection: Connection, seconds: float) -> None:
    """Let no single wait for this connection last longer: the kernel keeps the time."""
    whole, part = divmod(seconds, 1)
    timeout = struct.pack("ll", int(whole), max(1, int(part * 1e6)))
    with socket.socket(fileno=os.dup(connection.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeout)
        same.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeout)


def _python_path() -> str:
    return os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))


def _status(process: subprocess.Popen[bytes]) -> str:
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=1)
    code = process.returncode
    if code is not None and code < 0:
        return f"signal {-code}"
    return f"status {code}"


def _serve(connection: Connection, room: int, work: Any, seconds: float) -> None:
    """Do work until the parent closes its end or is gone."""
    shared: Any = None
    most = _resident() + _WORN_BYTES
    connection.send_bytes(b"ready")
    while True:
        try:
            fresh, message, sizes = connection.recv()
        except EOFError:
            return
        if fresh:
            shared = pickle.loads(fresh)  # noqa: S301  (our own parent)
        ready: list[tuple[bool, Any]] = []
        told = time.monotonic()
        bodies = _bodies(room, sizes)
        for given, body in zip(pickle.loads(message), bodies, strict=True):  # noqa: S301
            if time.monotonic() - told > _TELL_S:
                _tell(connection, ready, most)
                ready, told = [], time.monotonic()
            # The kernel keeps this bound, also when nobody is left to and whatever holds the lock.
            signal.setitimer(signal.ITIMER_REAL, seconds)
            ready.append(_done(work, shared, given, body))
            signal.setitimer(signal.ITIMER_REAL, 0)
        _tell(connection, ready, most)


def _bodies(room: int, sizes: list[int]) -> Iterator[bytes]:
    """The bytes of a lump's items."""
    at = 0
    for size in sizes:
        yield os.pread(room, size, at)
        at += size
    if at > _KEPT_ROOM:
        os.ftruncate(room, 0)


def _tell(connection: Connection, ready: list[tuple[bool, Any]], most: int) -> None:
    if ready:
        with suppress(BrokenPipeError):
            connection.send((_resident() <= most, ready))


def _done(work: Any, shared: Any, given: tuple[Any, ...], body: bytes) -> tuple[bool, Any]:
    """Whether an item was done, and the answer, or else why not."""
    try:
        return True, work(shared, *given, body)
    except MemoryError:
        return False, "reading it took too much memory"
    except Exception as error:
        # One odd item must not end an unattended run; its row names the place to mend.
        return False, _place(error)


def _resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * resource.getpagesize()


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


def _main(descriptor: str, room: str, seconds: str, work: str, memory: str, nice: str) -> None:
    # Ctrl-C and a stop of the whole group are the parent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.nice(int(nice))
    module, name = work.split(":")
    function = getattr(import_module(module), name)
    # What was imported stays, and trees of thousands of nodes are freed without a collector's help.
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 10, 10)
    _bounded(int(memory))
    _serve(Connection(int(descriptor)), int(room), function, float(seconds))


if __name__ == "__main__":
    _main(*sys.argv[1:7])
