"""What one answer costs on the wire, held against what it brings.

A server can keep our processor busy for the whole time bound without sending anything worth
having: interim responses, single-byte chunks, HTTP/2 pings and empty frames. Every byte read while
a request is under way is counted here, and packaging without content ends the request.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import TracebackType

LARGE = 1_000_000  # bytes of a body from which on it needs a place
LARGE_FEED = 400_000  # bytes of a feed's body from which on ordinary answers go first
LARGE_AT_ONCE = 2  # bodies that may grow beyond that together: a hundred would fill the memory

PATIENCE_S = 15.0  # of a large feed for ordinary answers; servers commonly give up after 60
_QUIET_S = 1.0  # without an ordinary answer: by then those that came have been read, too
_LOOK_S = 0.1

_READ = 65_536  # of one read; what comes with the end of the headers is not theirs
_PACKAGING = 524_288  # bytes that may be no content, beside as much as there is content
_PIECES = 50_000  # of a body, beside one for each _PIECE bytes of it
_PIECE = 1_024


class FloodError(Exception):
    """The answer is more packaging than content; the message is one plain line."""


class LargeHeadersError(Exception):
    """The headers go over the bound; `status` when it is known, the message one plain line."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.status = status


@dataclass(slots=True)
class Wire:
    """One request's account. `head_bytes` is the bound on headers."""

    head_bytes: int
    in_head: bool = True
    read: int = 0
    body: int = 0
    pieces: int = 0

    def took(self, count: int) -> None:
        """Count bytes read off the connection; raises LargeHeadersError or FloodError."""
        self.read += count
        if self.in_head:
            if self.read > self.head_bytes + 2 * _READ:
                raise LargeHeadersError("headers without end")
        elif self.read > _PACKAGING + 2 * self.body:
            raise FloodError("an answer of packaging without content")

    def begin_body(self) -> None:
        """Note that the headers are complete."""
        self.in_head, self.read = False, 0

    def gave(self, count: int) -> None:
        """Count bytes of the body that came out of what was read; raises FloodError."""
        self.body += count
        self.pieces += 1
        if self.pieces > _PIECES + self.body // _PIECE:
            raise FloodError(f"a body in more than {_PIECES:,} pieces")


class LargePlaces:
    """The places of bodies that grow large, and when an ordinary answer last came in.

    Receiving megabytes holds up everybody in the process: as long as ordinary answers keep coming,
    who has patience waits.
    """

    def __init__(self, at_once: int = LARGE_AT_ONCE) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._came = float("-inf")

    def came(self) -> None:
        """Note that an ordinary answer has come in."""
        self._came = time.monotonic()

    async def quiet(self, patience_s: float) -> None:
        """Wait until nothing ordinary comes in, `patience_s` at most."""
        until = time.monotonic() + patience_s
        while (now := time.monotonic()) < until and now < self._came + _QUIET_S:
            await asyncio.sleep(min(_LOOK_S, until - now))

    async def acquire(self) -> None:
        """Wait for a free place."""
        await self._free.acquire()

    def release(self) -> None:
        """Give a place back."""
        self._free.release()


class LargePlace:
    """One request's claim to let its body grow large; a context manager that gives it back.

    Waiting for a place moves the request's deadline: the servers before it are not its fault.
    """

    def __init__(
        self, places: LargePlaces, deadline: asyncio.Timeout, *, patience_s: float = 0.0
    ) -> None:
        self._places = places
        self._patience_s = patience_s
        self._deadline = deadline
        self._gave_way = patience_s <= 0.0
        self._ordinary = True
        self._held = False

    def __enter__(self) -> LargePlace:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._held:
            self._held = False
            self._places.release()
        elif self._ordinary:
            self._places.came()

    async def give_way(self) -> None:
        """Wait, once, until ordinary answers have had their turn, as long as there is patience."""
        if self._gave_way:
            return
        self._gave_way, self._ordinary = True, False
        with self._standing_still():
            await self._places.quiet(self._patience_s)

    async def take(self) -> None:
        """Wait for a place, unless this request has one; ordinary answers go first."""
        if self._held:
            return
        await self.give_way()
        with self._standing_still():
            await self._places.acquire()
            self._held = True

    @contextmanager
    def _standing_still(self) -> Iterator[None]:
        began, due = time.monotonic(), self._deadline.when()
        self._deadline.reschedule(None)
        try:
            yield
        finally:
            if due is not None:
                self._deadline.reschedule(due + time.monotonic() - began)
