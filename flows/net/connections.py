"""Connections kept open between requests to the same server, a bounded number of them.

httpcore's own pool looks at every connection at every request; with a hundred open to one
server that costs ten times as much as the request itself. How many are open at once is bounded
by `politeness`, so that all that is needed here is to find an idle one.
"""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpcore

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

Origin = tuple[bytes, bytes, int]


class Connections:
    """Makes requests over new or idle connections; HTTP/2 where a server offers it over TLS.

    `large` holds the places of bodies that grow large, see `wire.LargePlace`.
    """

    def __init__(
        self, *, ssl_context: ssl.SSLContext, backend: httpcore.AsyncNetworkBackend
    ) -> None:
        self.large = LargePlaces()
        self._ssl_context = ssl_context
        self._backend = backend
        self._idle: deque[tuple[Origin, httpcore.AsyncHTTPConnection]] = deque()

    @asynccontextmanager
    async def request(self, request: httpcore.Request) -> AsyncIterator[httpcore.Response]:
        """Send a request and hold its response, headers read and body not yet.

        Raises what httpcore raises. The connection is kept when the response was read to its
        end, and closed otherwise, cancellation included.
        """
        url = request.url
        origin = (url.scheme, url.host, url.port or 0)
        connection, response = await self._send(origin, request)
        kept = False
        try:
            yield response
            kept = True
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()
                await self._put_back(origin, connection, kept=kept)

    async def aclose(self) -> None:
        """Close what is idle; what is in use is closed by whoever uses it."""
        while self._idle:
            await _close(self._idle.popleft()[1])

    async def _send(
        self, origin: Origin, request: httpcore.Request
    ) -> tuple[httpcore.AsyncHTTPConnection, httpcore.Response]:
        idle = await self._take(origin)
        if idle is not None:
            try:
                return idle, await _handle(idle, request)
            except _STALE:
                pass  # not this request's fault: it has not been answered by anybody yet
        fresh = httpcore.AsyncHTTPConnection(
            httpcore.Origin(*origin),
            ssl_context=self._ssl_context,
            keepalive_expiry=_IDLE_S,
            http2=True,
            network_backend=self._backend,
        )
        return fresh, await _handle(fresh, request)

    async def _take(self, origin: Origin) -> httpcore.AsyncHTTPConnection | None:
        """Find an idle connection to that server, the one used last first."""
        for place in range(len(self._idle) - 1, -1, -1):
            if self._idle[place][0] != origin:
                continue
            connection = self._idle[place][1]
            del self._idle[place]
            if connection.is_available() and not connection.has_expired():
                return connection
            await _close(connection)
            return None
        return None

    async def _put_back(
        self, origin: Origin, connection: httpcore.AsyncHTTPConnection, *, kept: bool
    ) -> None:
        if not kept or not connection.is_idle() or connection.is_closed():
            await _close(connection)
            return
        self._idle.append((origin, connection))
        while len(self._idle) > _KEPT:
            await _close(self._idle.popleft()[1])


async def _handle(
    connection: httpcore.AsyncHTTPConnection, request: httpcore.Request
) -> httpcore.Response:
    """Send on one connection, which is closed when that fails or is given up."""
    try:
        return await connection.handle_async_request(request)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await _close(connection)
        raise


async def _close(connection: httpcore.AsyncHTTPConnection) -> None:
    """Close without waiting long: a TLS farewell to a server that is gone could hang."""
    with anyio.move_on_after(1.0, shield=True):
        await connection.aclose()
