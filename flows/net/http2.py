"""HTTP/2 over one connection: httpcore's, on our own line."""

from __future__ import annotations

import ssl
from typing import Any

import httpcore

from flows.net.addresses import Target
from flows.net.line import Line
from flows.net.messages import Request
from flows.net.wire import LargeHeadersError, Wire


class _Stream(httpcore.AsyncNetworkStream):
    """A line as httpcore wants it; what is read is charged to the request under way."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self.wire: Wire | None = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout  # the line has a bound of its own
        data = await self._line.read(max_bytes)
        if self.wire is not None:
            self.wire.took(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._line.write(buffer)

    async def aclose(self) -> None:
        self._line.close()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise NotImplementedError  # it stands already

    def get_extra_info(self, info: str) -> Any:
        del info


class Http2:
    """A connection that speaks HTTP/2, here with one request at a time."""

    def __init__(self, line: Line, target: Target) -> None:
        self._line = line
        self._stream = _Stream(line)
        self._origin = (target.scheme.encode("ascii"), target.host.encode("ascii"), target.port)
        self._inner = httpcore.AsyncHTTP2Connection(httpcore.Origin(*self._origin), self._stream)

    async def ask(self, request: Request) -> Http2Response:
        """Send a request and read its answer's head; raises as `Http1.ask`."""
        scheme, host, port = self._origin
        wire = self._stream.wire = request.wire
        url = httpcore.URL(scheme=scheme, host=host, port=port, target=request.target.path)
        headers = [(name.encode("ascii"), v.encode("latin-1")) for name, v in request.headers]
        got = await self._inner.handle_async_request(httpcore.Request("GET", url, headers=headers))
        wire.begin_body()
        if sum(len(name) + len(value) for name, value in got.headers) > wire.head_bytes:
            bound = f"headers of more than {wire.head_bytes:,} bytes"
            raise LargeHeadersError(bound, got.status)
        return Http2Response(got, wire)

    def usable(self) -> bool:
        """Tell whether another request may be sent."""
        return self._line.open and self._inner.is_available()

    def rest(self) -> bool:
        """Make ready for another request; tell whether that is possible."""
        self._stream.wire = None
        return self._inner.is_idle() and not self._inner.is_closed()

    def close(self) -> None:
        """Close at once."""
        self._line.close()


class Http2Response:
    """See `messages.Response`."""

    def __init__(self, response: httpcore.Response, wire: Wire) -> None:
        self.status = response.status
        self.headers = [(name.lower(), value) for name, value in response.headers]
        self._response = response
        self._pieces = response.aiter_stream()
        self._wire = wire

    async def read(self) -> bytes:
        """See `messages.Response.read`."""
        async for piece in self._pieces:
            self._wire.gave(len(piece))
            if piece:
                return piece
        await self._response.aclose()
        return b""
