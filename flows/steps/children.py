"""Warm processes for work that may take too long or too much memory: none takes the run down.

Each child is a fresh interpreter with one module's work in it (a forked one would carry our
threads, one spawned by multiprocessing would import Prefect again). Items go there in lumps, as one
message over a socket pair that nobody else holds, their bytes in a nameless file of memory
(memfd_create(2)): each change of hands costs a process what it had in its cache. The next lump is
there before one is done, so that no child waits for its parent. A child ends when its parent does,
and should it be at work then, when its time is over.
"""

from __future__ import annotations

import io
import os
import pickle
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from extractors.errors import DuckwireError
from flows.steps import child as child_module
from flows.steps.child import FIT, KEPT_ROOM, LUMP_S

_ROOT = Path(__file__).parents[2]
# Beside the work's own: starting an interpreter and importing what it needs.
_START_S = 60.0
# An orphan's clock runs a little longer than its parent's, who says why it was killed.
_LONGER_S = 1.0
_AHEAD = 2  # lumps that a child has at most: one at work, and the next
_MOST_AHEAD = 65_536  # bytes of a message that is sure to fit into a socket, beside another
_MOST_PIECES = os.sysconf("SC_IOV_MAX")

_STOPPED = "it was stopped"

Item = tuple[tuple[Any, ...], bytes]


class WorkFailed(Exception):
    """The work was not done: too slow, too large, or the process crashed. The text says which."""


@dataclass(frozen=True, slots=True)
class _Lump:
    """Items as they are sent, and what goes with them once for each `key`."""

    message: bytes
    bodies: list[bytes]
    key: object
    share: Any

    @property
    def sizes(self) -> list[int]:
        return [len(body) for body in self.bodies]


@dataclass
class _Child:
    process: subprocess.Popen[bytes]
    connection: Connection
    rooms: list[io.FileIO]  # where the bytes of its lumps lie, by turns
    sent: int = 0  # lumps
    bound_s: float = 0.0  # how long one wait for it lasts
    holds: object = None  # the key of what is shared with it

    def takes_ahead(self, lump: _Lump) -> bool:
        """Whether a lump can be sent while it is at work and reads nothing."""
        small = len(lump.message) <= _MOST_AHEAD and sum(lump.sizes) <= KEPT_ROOM
        return small and self.holds == lump.key

    def send(self, lump: _Lump) -> bool:
        """Send a lump; False when it has ended."""
        which = self.sent % _AHEAD
        fresh = b"" if self.holds == lump.key else pickle.dumps(lump.share, protocol=5)
        try:
            _fill(self.rooms[which].fileno(), lump.bodies)
            self.connection.send((fresh, lump.message, which, lump.sizes))
        except OSError:
            return False
        self.sent, self.holds = self.sent + 1, lump.key
        return True

    def reply(self, bound_s: float) -> bytes:
        """Wait for the reply to the first lump that has none. Raises EOFError or OSError."""
        if self.bound_s != bound_s:
            _bound(self.connection, bound_s)
            self.bound_s = bound_s
        return self.connection.recv_bytes()

    def kill(self) -> None:
        with suppress(OSError):
            self.connection.close()
        for room in self.rooms:
            room.close()
        self.process.kill()
        self.process.wait()


def _no_lump() -> threading.Event:
    done = threading.Event()
    done.set()
    return done


@dataclass
class _Seat:
    """The place of one child, and the order in which it is asked and answers."""

    child: _Child | None = None
    asked: int = 0  # lumps that are sent or about to be
    used: float = 0.0  # when it was left last
    sending: threading.Lock = field(default_factory=threading.Lock)
    last: threading.Event = field(default_factory=_no_lump)  # set when the lump sent last is done

    def rank(self) -> tuple[int, bool, float]:
        """The lowest is asked first: the least at work, started already, used last."""
        return self.asked, self.child is None, -self.used


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
        self._seats = [_Seat() for _ in range(count)]
        self._free = threading.Condition()
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
        for _ in self._seats:
            threading.Thread(target=self._warm_one, name="warm", daemon=True).start()

    def _warm_one(self) -> None:
        # Who calls first tries again, and says why.
        with self._seat() as seat, seat.sending, suppress(DuckwireError, OSError):
            seat.child = seat.child or self._start()

    @contextmanager
    def _seat(self) -> Iterator[_Seat]:
        """A place for a lump at one of the children; waits for one."""
        with self._free:
            while (seat := min(self._seats, key=_Seat.rank)).asked >= _AHEAD:
                self._free.wait()
            seat.asked += 1
        try:
            yield seat
        finally:
            with self._free:
                seat.asked -= 1
                seat.used = time.monotonic()
                self._free.notify()

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
        most, anew = len(items), False
        while lump := items[len(answers) : len(answers) + most]:
            if stopped is not None and stopped.is_set():
                return [*answers, *[WorkFailed(_STOPPED)] * (len(items) - len(answers))]
            try:
                answered = self._attempt(lump, key, share, took, stopped, anew=anew)
                anew = not answered
                answers += answered
            except WorkFailed as failure:
                most, anew = 1, False
                if len(lump) == 1:
                    answers.append(failure)
        return answers

    def _attempt(
        self,
        lump: Sequence[Item],
        key: object,
        share: Any,
        took: Callable[[int, float], None] | None,
        stopped: threading.Event | None,
        *,
        anew: bool,
    ) -> list[Any]:
        """The answers to the first items of a lump, by a new child where that is asked for; none
        where a used one had no memory for the first. Raises WorkFailed.
        """
        message = pickle.dumps([given for given, _ in lump], protocol=5)
        sent = _Lump(message, [body for _, body in lump], key, share)
        with self._seat() as seat:
            while (answered := self._answered(seat, sent, stopped, anew=anew)) is None:
                pass  # its process ended before it had begun with this lump
        reply, spent = answered
        told = pickle.loads(memoryview(reply)[1:])  # noqa: S301  (our own child)
        if took:
            took(len(told), spent)
        return [answer if done else WorkFailed(answer) for done, answer in told]

    def _answered(
        self, seat: _Seat, lump: _Lump, stopped: threading.Event | None, *, anew: bool
    ) -> tuple[bytes, float] | None:
        """A child's reply to a lump, and in how many seconds; None when it ended before that.

        Raises WorkFailed.
        """
        child, done, fit = None, threading.Event(), False
        try:
            with seat.sending:  # in the order in which the replies come
                before, seat.last = seat.last, done
                if anew:
                    before.wait()
                    self._leave_empty(seat)
                child = seat.child = seat.child or self._start()
                if not child.takes_ahead(lump):
                    before.wait()
                alone = before.is_set()
                sent = seat.child is child and child.send(lump)
            before.wait()
            if seat.child is not child or not (sent or alone):
                return None
            if stopped is not None and stopped.is_set():
                raise WorkFailed(_STOPPED)
            begun = time.monotonic()
            reply = self._reply(child, lump, sent=sent)
            fit = reply.startswith(FIT)
            return reply, time.monotonic() - begun
        finally:
            if child is not None and not fit:
                self._end(seat, child, done)
            done.set()

    def _reply(self, child: _Child, lump: _Lump, *, sent: bool) -> bytes:
        """The reply to a lump: whether the child is worn, and, pickled, for each item done its
        answer or why there is none. Raises WorkFailed.
        """
        # The last item of a lump begins within that time.
        bound_s = self.seconds + (LUMP_S if len(lump.bodies) > 1 else 0.0)
        try:
            if sent:
                return child.reply(bound_s)
        except BlockingIOError as error:
            raise WorkFailed(f"reading it took over {self.seconds:g} s") from error
        except (EOFError, OSError):
            pass
        raise WorkFailed(f"the process that read it ended with {_status(child.process)}")

    def _leave_empty(self, seat: _Seat) -> None:
        """End a child that has nothing to do."""
        if seat.child is not None:
            self._drop(seat.child)
            seat.child = None

    def _end(self, seat: _Seat, child: _Child, done: threading.Event) -> None:
        """End a child; whoever has sent it another lump meanwhile learns that at its turn."""
        if seat.child is child:
            seat.child = None
        child.process.kill()
        done.set()
        with seat.sending:  # only now does nobody write into its files any more
            self._drop(child)

    def close(self) -> None:
        """End every child; what one is at work on is lost."""
        while self._alive:
            self._alive.pop().kill()

    def _start(self) -> _Child:
        ours, theirs = socket.socketpair()
        rooms = [io.FileIO(os.memfd_create("items"), "r+") for _ in range(_AHEAD)]
        with theirs:
            kept = [theirs.fileno(), *(room.fileno() for room in rooms)]
            numbers = [",".join(map(str, kept)), str(self.seconds + _LONGER_S)]
            process = subprocess.Popen(  # noqa: S603  (our own interpreter and module)
                [sys.executable, "-m", child_module.__name__, *numbers, *self._asked],
                pass_fds=kept,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=_ROOT,
                env=os.environ | {"PYTHONPATH": _python_path()},
            )
        child = _Child(process, Connection(ours.detach()), rooms)
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
