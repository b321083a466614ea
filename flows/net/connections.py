"""Connections kept open between requests to the same server, a bounded number of them.

How many are open at once is bounded by `politeness`, so that all that is needed here is to find
an idle one. Closing waits for nobody: a request that is given up leaves nothing half-used behind.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpcore

from flows.net.addresses import Target
from flows.net.connect import Backend, TlsError, tls_words
from flows.net.http1 import Http1
from flows.net.http2 import Http2
from flows.net.limits import NetSettings
from flows.net.line import open_line
from flows.net.messages import Request, Response
from flows.net.wire import LargePlaces

# Shorter than the idle time of common servers: a connection they are about to close is not used.
_IDLE_S = 4.0
_KEPT = 100  # idle connections of all servers together

# What a server that closed an idle connection in the meantime looks like.
_STALE = (
    httpcore.ConnectionNotAvailable,
    httpcore.RemoteProtocolError,
    httpcore.ReadError,
    httpcore.WriteError,
)

Origin = tuple[str, str, int]
Connection = Http1 | Http2


class Connections:
    """Makes requests over new or idle connections; HTTP/2 where a server offers it over TLS.

    `large` holds the places of bodies that grow large, see `wire.LargePlace`.
    """

    def __init__(
        self, settings: NetSettings, *, ssl_context: ssl.SSLContext, backend: Backend
    ) -> None:
        self.large = LargePlaces()
        self._settings = settings
        self._ssl_context = ssl_context
        self._backend = backend
        self._idle: deque[tuple[Origin, Connection, float]] = deque()

    @asynccontextmanager
    async def request(self, request: Request) -> AsyncIterator[Response]:
        """Send a request and hold its response, headers read and body not yet.

        Raises what httpcore raises, FloodError and LargeHeadersError. The connection is kept when
        the response was read to its end, and closed otherwise, cancellation included.
        """
        connection, response = await self._send(request)
        kept = False
        try:
            yield response
            kept = connection.rest()
        finally:
            if kept:
                self._keep(request.target.origin, connection)
            else:
                connection.close()

    async def aclose(self) -> None:
        """Close what is idle; what is in use is closed by whoever uses it."""
        while self._idle:
            self._idle.popleft()[1].close()
        await asyncio.sleep(0)  # asyncio lets go of a socket at its next turn

    async def _send(self, request: Request) -> tuple[Connection, Response]:
        idle = self._take(request.target.origin)
        if idle is not None:
            try:
                return idle, await _ask(idle, request)
            except _STALE:
                pass  # not this request's fault: it has not been answered by anybody yet
        fresh = await self._open(request.target)
        return fresh, await _ask(fresh, request)

    async def _open(self, target: Target) -> Connection:
        """Connect to a target's host, over TLS where its scheme says so."""
        limit = self._settings.connect_s
        tls = self._ssl_context if target.scheme == "https" else None
        connection = await self._backend.connect(target.host, target.port)
        try:
            line = await open_line(
                connection, read_s=self._settings.read_s, limit_s=limit, tls=tls, host=target.host
            )
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout from exc
        except (OSError, ValueError) as exc:
            if tls is None:
                raise httpcore.ConnectError("no connection could be made") from exc
            raise TlsError(tls_words(exc)) from exc
        return Http2(line, target) if line.speaks == "h2" else Http1(line)

    def _take(self, origin: Origin) -> Connection | None:
        """Find an idle connection to that server, the one used last first."""
        for place in range(len(self._idle) - 1, -1, -1):
            if self._idle[place][0] != origin:
                continue
            _, connection, since = self._idle[place]
            del self._idle[place]
            if time.monotonic() - since < _IDLE_S and connection.usable():
                return connection
            connection.close()
            return None
        return None

    def _keep(self, origin: Origin, connection: Connection) -> None:
        self._idle.append((origin, connection, time.monotonic()))
        while len(self._idle) > _KEPT:
            self._idle.popleft()[1].close()


async def _ask(connection: Connection, request: Request) -> Response:
    """Send on one connection, which is closed when that fails or is given up."""
    try:
        return await connection.ask(request)
    except BaseException:
        connection.close()
        raise
