"""Warm processes for work that may take too long or too much memory: none takes the run down.

Each child is a fresh interpreter with one module's work in it (a forked one would carry our
threads, one spawned by multiprocessing would import Prefect again). Items go there in lumps, as one
message over a socket pair that nobody else holds, their bytes in a nameless file of memory
(memfd_create(2)): each change of hands costs a process what it had in its cache. A child ends when
its parent does, and should it be at work then, when its time is over.
"""

from __future__ import annotations

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
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from extractors.errors import DuckwireError
from flows.collecting import collect_seldom

_ROOT = Path(__file__).parents[2]
# Beside the work's own: starting an interpreter and importing what it needs.
_START_S = 60.0
# An orphan's clock runs a little longer than its parent's, who says why it was killed.
_LONGER_S = 1.0
# A child that still holds so much more than at its start is replaced.
_WORN_BYTES = 300_000_000
# A lump ends after so many seconds, whatever is left of it: other children may be free by then, and
# whoever waits for it may have left.
_LUMP_S = 0.25
_WORN, _FIT = b"w", b"f"  # the first byte of a reply
_TOO_LARGE = "reading it took too much memory"
_KEPT_ROOM = 4_000_000  # bytes of a child's file that stay from lump to lump
_MOST_PIECES = os.sysconf("SC_IOV_MAX")

Item = tuple[tuple[Any, ...], bytes]


class WorkFailed(Exception):
    """The work was not done: too slow, too large, or the process crashed. The text says which."""


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    connection: Connection
    room: io.FileIO  # where the bytes of its items lie
    bound_s: float = 0.0  # how long one wait for it lasts
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
        took: Callable[[int, float], None] | None = None,
        stopped: threading.Event | None = None,
    ) -> list[Any]:
        """Have work done by a child at a time, in lumps, each item `(given, body)`; waits for one.

        Returns the answers in order; in place of one there is a WorkFailed for an item that failed.
        One that takes its process along fails alone: from there on they are done one by one.
        `share` is what many calls have in common: it goes to a child once for each new `key`.
        `took` is told how many items took how many seconds, without the wait for a child. Once
        `stopped`, nothing more is begun, and what is left has failed.
        """
        answers: list[Any] = []
        most = len(items)
        while lump := items[len(answers) : len(answers) + most]:
            if stopped is not None and stopped.is_set():
                return [*answers, *[WorkFailed("it was stopped")] * (len(items) - len(answers))]
            try:
                answers += self._attempt(lump, key, share, took)
            except WorkFailed as failure:
                most = 1
                if len(lump) == 1:
                    answers.append(failure)
        return answers

    def _attempt(
        self,
        lump: Sequence[Item],
        key: object,
        share: Any,
        took: Callable[[int, float], None] | None,
    ) -> list[Any]:
        """The answers to the first items of a lump, one at least but of a worn process.

        Raises WorkFailed.
        """
        # Before and after, another call has the child.
        message = pickle.dumps([given for given, _ in lump], protocol=5)
        bodies = [body for _, body in lump]
        child = self._idle.get()
        begun, keep = time.monotonic(), None
        try:
            child = child or self._start()
            reply = self._ask(child, message, bodies, key, share)
            keep = None if reply.startswith(_WORN) else child
        finally:
            if child is not None and keep is None:
                self._drop(child)
            self._idle.put(keep)
        spent = time.monotonic() - begun
        told = pickle.loads(memoryview(reply)[1:])  # noqa: S301  (our own child)
        if took:
            took(len(told), spent)
        return [answer if done else WorkFailed(answer) for done, answer in told]

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
    ) -> bytes:
        """The child's reply: whether it is worn, and, pickled, for each item done its answer or
        why there is none.
        """
        fresh = b"" if child.holds == key else pickle.dumps(share, protocol=5)
        # The last item of a lump begins within that time.
        bound_s = self.seconds + (_LUMP_S if len(bodies) > 1 else 0.0)
        try:
            if child.bound_s != bound_s:
                _bound(child.connection, bound_s)
                child.bound_s = bound_s
            _fill(child.room.fileno(), bodies)
            child.connection.send((fresh, message, [len(body) for body in bodies]))
            reply = child.connection.recv_bytes()
        except BlockingIOError as error:
            raise WorkFailed(f"reading it took over {self.seconds:g} s") from error
        except (EOFError, OSError) as error:
            why = f"the process that read it ended with {_status(child.process)}"
            raise WorkFailed(why) from error
        child.holds = key
        return reply


def _fill(room: int, bodies: list[bytes]) -> None:
    """Put the bytes of a lump into a child's file, one item after the other.

    In one call: at the end of each the thread waits for the interpreter again.
    """
    at, whole = 0, sum(map(len, bodies))
    left: list[bytes | memoryview] = list(bodies)
    while at < whole:
        at += (put := os.pwritev(room, left[:_MOST_PIECES], at))
        while left and put >= len(left[0]):
            put -= len(left.pop(0))
        if put:
            left[0] = memoryview(left[0])[put:]


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
    statm = os.open("/proc/self/statm", os.O_RDONLY)
    most = _resident(statm) + _WORN_BYTES
    connection.send_bytes(b"ready")
    used = False
    while True:
        try:
            fresh, message, sizes = connection.recv()
        except EOFError:
            return
        if fresh:
            shared = pickle.loads(fresh)  # noqa: S301  (our own parent)
        ends, worn = time.monotonic() + _LUMP_S, False
        done: list[tuple[bool, Any]] = []
        bodies = _bodies(room, sizes)
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
        if sum(sizes) > _KEPT_ROOM:
            os.ftruncate(room, 0)
        with suppress(BrokenPipeError):
            connection.send_bytes((_WORN if worn else _FIT) + pickle.dumps(done, protocol=5))


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


def _main(descriptor: str, room: str, seconds: str, work: str, memory: str, nice: str) -> None:
    # Ctrl-C and a stop of the whole group are the parent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    os.nice(int(nice))
    module, name = work.split(":")
    function = getattr(import_module(module), name)
    collect_seldom()  # trees of thousands of nodes are freed without a collector's help
    _bounded(int(memory))
    _serve(Connection(int(descriptor)), int(room), function, float(seconds))


if __name__ == "__main__":
    _main(*sys.argv[1:7])
