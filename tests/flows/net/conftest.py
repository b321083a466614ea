"""A stage for hostile servers on loopback, and fakes for what may never be reached."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import heapq
import itertools
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from extractors.records import Fetched
from flows.net.client import Client
from flows.net.connect import GuardedBackend
from flows.net.limits import NetSettings

NOW = datetime(2023, 9, 13, 6, 0, tzinfo=UTC)
Play = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def says(*pieces: bytes) -> Play:
    """A server that writes these bytes whatever it is asked, and closes."""

    async def play(request: bytes, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return play


def answers(body: bytes = b"hello", status: str = "200 OK", **headers: str) -> Play:
    """A well-formed answer; header names with underscores for hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return says("\r\n".join([*lines, "", ""]).encode() + body)


@dataclass
class Stage:
    """What the server was asked, head by head, and where it listens."""

    port: int = 0
    heads: list[bytes] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [head.split(b" ")[1].decode() for head in self.heads]

    def url(self, path: str = "/", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def serving(play: Play, tls: ssl.SSLContext | None = None) -> AsyncIterator[Stage]:
    """Serve on a free port of loopback: one request a connection, then close."""
    stage = Stage()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await reader.readuntil(b"\r\n\r\n")
            stage.heads.append(head)
            await play(head, writer)
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    stage.port = server.sockets[0].getsockname()[1]
    try:
        yield stage
    finally:
        server.close()


def open_settings(**changes: Any) -> NetSettings:
    """Settings of a test on loopback: no pace, and times that no pause of this machine uses up."""
    given: dict[str, Any] = {
        "allow_hosts": ("127.0.0.1/32",),
        "pace_allowed": False,
        "connect_s": 60.0,
        "read_s": 60.0,
        "total_s": 60.0,
    }
    return NetSettings(**(given | changes))


@dataclass
class FakeConnector:
    """Connects to nothing: remembers the addresses it was given and plays an answer."""

    replies: list[bytes]
    dialled: list[str] = field(default_factory=list)
    dead: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    ends: list[socket.socket] = field(default_factory=list)

    async def __call__(self, address: str, port: int) -> socket.socket:
        self.dialled.append(address)
        if address in self.silent:
            await asyncio.sleep(3600)
        if address in self.dead:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "refused")
        ours, theirs = socket.socketpair()
        theirs.sendall(self.replies.pop(0))
        theirs.shutdown(socket.SHUT_WR)
        self.ends.append(theirs)
        return ours


@dataclass
class StubResolver:
    """Answers look-ups from a table; each value is a row of answers, the last one repeats."""

    table: dict[str, list[tuple[str, ...]]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append(host)
        row = self.table.get(host)
        if row is None:
            raise OSError(-2, "Name or service not known")
        return row.pop(0) if len(row) > 1 else row[0]


async def fetch_faked(
    url: str,
    resolver: Any,
    connector: FakeConnector,
    settings: NetSettings | None = None,
) -> Fetched:
    """Fetch once through the guarded backend with both of its seams replaced."""
    chosen = settings or NetSettings(pace_s=0.0)
    backend = GuardedBackend(chosen, resolve=resolver, connector=connector)
    async with Client(chosen, clock=lambda: NOW, transport=backend) as client:
        return await client.fetch(url, accept="page", robots=False)


class FakeTime:
    """Time that moves only when everybody waits for it."""

    def __init__(self) -> None:
        self._now = 1_000.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        wake: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), wake))
        await wake

    async def run(self, *work: Awaitable[Any]) -> list[Any]:
        """Run everything to its end, jumping from one wake-up to the next."""
        together = asyncio.gather(*work, return_exceptions=True)
        while not together.done():
            for _ in range(20):
                await asyncio.sleep(0)
            while self._sleepers and self._sleepers[0][2].done():
                heapq.heappop(self._sleepers)
            if self._sleepers:
                self._now, _, wake = heapq.heappop(self._sleepers)
                wake.set_result(None)
        return list(await together)


class Kit:
    """Everything above, handed to tests as one fixture."""

    NOW = NOW
    says = staticmethod(says)
    answers = staticmethod(answers)
    serving = staticmethod(serving)
    settings = staticmethod(open_settings)
    fetch_faked = staticmethod(fetch_faked)
    FakeConnector = FakeConnector
    StubResolver = StubResolver
    FakeTime = FakeTime

    @staticmethod
    def play(
        play: Play, path: str = "/", settings: NetSettings | None = None, **ask: Any
    ) -> Fetched:
        """Serve one script and fetch it once, from beginning to end."""

        async def run() -> Fetched:
            async with (
                serving(play) as stage,
                Client(settings or open_settings(), clock=lambda: NOW) as client,
            ):
                wanted: dict[str, Any] = {"accept": "page", "robots": False} | ask
                return await client.fetch(stage.url(path), **wanted)

        return asyncio.run(run())


@pytest.fixture
def kit() -> Kit:
    return Kit()
