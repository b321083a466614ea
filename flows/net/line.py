"""The bytes of one connection as they come: a bounded buffer with one reader.

Reading is bounded in time by one timer that looks, when it strikes, for how long nothing has come;
closing is immediate and waits for nobody, so that a request given up at any point can do it.
"""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from collections import deque
from typing import Any

import httpcore

_HELD = 262_144  # bytes that wait for the reader from which on nothing more is read
_UNSENT = 262_144  # bytes that the other side may leave unread


class Line(asyncio.Protocol):
    """One connection. `read_s` bounds the wait for the next bytes, in seconds."""

    def __init__(self, read_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._read_s = read_s
        self._transport: asyncio.Transport | None = None
        self._socket: Any = None
        self._pieces: deque[bytes] = deque()
        self._held = 0
        self._paused = self._ended = self._resting = False
        self._error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._since = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take what asyncio opened."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # narrows the type
        self._transport = transport
        self._socket = transport.get_extra_info("socket")
        if self._ended:  # given up while it was made
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Keep bytes for the reader."""
        if self._resting:  # nobody asked: it must not be taken for the answer to what comes next
            self.close()
            return
        self._pieces.append(data)
        self._held += len(data)
        if self._held >= _HELD and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Note that nothing more will come."""
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone, and by what error."""
        self._ended = True
        self._error = self._error or exc
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake()

    async def read(self, most: int = _HELD) -> bytes:
        """Return the next bytes, b'' after the last. Raises httpcore's ReadTimeout or ReadError."""
        if not self._pieces and not self._ended:
            await self._wait()
        if self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > most:
                self._pieces.appendleft(piece[most:])
                piece = piece[:most]
            self._held -= len(piece)
            if self._paused and self._held < _HELD and self._transport is not None:
                self._paused = False
                self._transport.resume_reading()
            return piece
        if self._error is not None:
            raise httpcore.ReadError(str(self._error)) from self._error
        return b""

    def write(self, data: bytes) -> None:
        """Send bytes, in the background where need be. Raises httpcore.WriteError when the other
        side leaves too much unread; one that is gone shows at the next reading.
        """
        if self._ended or self._transport is None:
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > _UNSENT:
            raise httpcore.WriteError("the server does not read what it is sent")

    def close(self) -> None:
        """Close at once, whatever is under way; safe to call again."""
        self._ended = True
        self._pieces.clear()
        if self._transport is not None:
            self._transport.abort()

    def rest(self) -> None:
        """Note that nothing is expected to come until `rouse`: what does come closes it."""
        self._resting = True

    def rouse(self) -> bool:
        """End the rest; tell whether the connection stands and nothing came meanwhile."""
        self._resting = False
        return self.still and not _readable(self._socket)

    @property
    def open(self) -> bool:
        """Tell whether the connection stands."""
        return not self._ended

    @property
    def still(self) -> bool:
        """Tell whether the connection stands and nothing waits to be read."""
        return not self._ended and not self._pieces

    @property
    def speaks(self) -> str | None:
        """Return the protocol that TLS agreed on, None when none or without TLS."""
        tls = None if self._transport is None else self._transport.get_extra_info("ssl_object")
        return None if tls is None else tls.selected_alpn_protocol()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        self._since = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._read_s, self._look)
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _look(self) -> None:
        """End a wait that is too long; else look again when it would be."""
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        due = self._since + self._read_s
        if due > self._loop.time():
            self._timer = self._loop.call_at(due, self._look)
        else:
            self._waiter.set_exception(httpcore.ReadTimeout())


async def open_line(
    connection: socket.socket,
    *,
    read_s: float,
    limit_s: float,
    tls: ssl.SSLContext | None = None,
    host: str | None = None,
) -> Line:
    """Take over a connected socket; with `tls`, shake hands with `host` within `limit_s` seconds.

    Raises TimeoutError, and OSError or ValueError for whatever fails; the socket is closed then.
    """
    line = Line(read_s)
    # asyncio's own bound on the handshake is a little longer, so that ours is the one that strikes.
    bound = None if tls is None else limit_s + 1.0
    try:
        async with asyncio.timeout(limit_s):
            await asyncio.get_running_loop().create_connection(
                lambda: line,
                sock=connection,
                ssl=tls,
                server_hostname=None if tls is None else host,
                ssl_handshake_timeout=bound,
            )
    except BaseException:
        line.close()
        raise
    return line


def _readable(connection: Any) -> bool:
    """Whether something has come, or the end; a closed one is at its end."""
    if connection is None or connection.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
