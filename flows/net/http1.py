"""HTTP/1.1 over one connection: llhttp reads the answers, in its strict mode.

What llhttp lets through and what could make two readers disagree about where an answer ends is
refused here; a connection serves again only when its answer ended where it said it would.
"""

from __future__ import annotations

import httpcore
from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserUpgrade,
    HttpResponseParser,
)

from flows.net.line import Line
from flows.net.messages import Request
from flows.net.wire import LargeHeadersError, Wire

_PROTOCOL = b"HTTP/"  # llhttp would also take RTSP and ICE for it
_UNENDING = 131_072  # bytes of which nothing comes: a chunk's extension, one line of a trailer


class _SurplusError(Exception):
    """Something follows the answer."""


class Http1:
    """A connection that speaks HTTP/1.1, one request at a time."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._response: Http1Response | None = None

    async def ask(self, request: Request) -> Http1Response:
        """Send a request and read its answer's head; raises what httpcore raises, FloodError and
        LargeHeadersError.
        """
        self._line.write(_sent(request))
        self._response = response = Http1Response(self._line, request.wire)
        await response.begin()
        return response

    def usable(self) -> bool:
        """Tell whether another request may be sent, after a rest."""
        return self._line.rouse()

    def rest(self) -> bool:
        """Make ready for another request; tell whether that is possible."""
        response = self._response
        if response is None or not response.reusable or not self._line.still:
            return False
        self._response = None
        self._line.rest()
        return True

    def close(self) -> None:
        """Close at once."""
        if self._response is not None:
            self._response.drop()
        self._line.close()


class Http1Response:
    """An answer as it comes in. The `on_` methods are llhttp's."""

    def __init__(self, line: Line, wire: Wire) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.reusable = False
        self._line = line
        self._wire = wire
        # A parser of its own for each answer: nothing of the one before can be left in it.
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._pieces: list[bytes] = []
        self._start = b""
        self._head_size = self._events = self._silence = 0
        self._keep = self._until_close = self._done = False
        self._error: BaseException | None = None

    async def begin(self) -> None:
        """Read until the head of the final answer has come."""
        while not self.status:
            await self._more()

    async def read(self) -> bytes:
        """See `messages.Response.read`."""
        while not self._pieces:
            if self._done:
                return b""
            await self._more()
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        return body

    def drop(self) -> None:
        """Let go of the parser, which holds this in turn."""
        self._parser = None

    async def _more(self) -> None:
        """Read on; an error is raised only now, when all that came before it has been given."""
        if self._error is not None:
            raise self._error
        data = await self._line.read()
        if data:
            self._feed(data)
        elif self.status and self._until_close:
            self._done = True
            self.drop()
        else:
            raise httpcore.RemoteProtocolError(
                "the answer breaks off" if self._start else "the server hung up without an answer"
            )

    def _feed(self, data: bytes) -> None:
        """Give bytes to the parser; what is wrong with them is kept in `_error`."""
        parser, events = self._parser, self._events
        if parser is None:
            raise httpcore.ReadError("the connection was closed")
        if len(self._start) < len(_PROTOCOL):
            self._start = (self._start + data).lstrip(b"\r\n")[: len(_PROTOCOL)]
            if not _PROTOCOL.startswith(self._start):
                raise httpcore.RemoteProtocolError("it does not begin with HTTP/")
        try:
            parser.feed_data(data)
        except HttpParserCallbackError as error:
            self._error = error.__context__ or error
        except (HttpParserError, HttpParserUpgrade) as error:
            self._error = httpcore.RemoteProtocolError(str(error))
        if self._done:  # what comes behind it is nobody's answer
            self.reusable = self._keep and self._error is None
            self._error = None
            self.drop()
        elif self._error is None:
            self._account(len(data), moved=self._events != events)

    def _account(self, count: int, *, moved: bool) -> None:
        self._wire.took(count)
        self._silence = 0 if moved else self._silence + count
        if self._silence > _UNENDING:
            raise LargeHeadersError("headers without end", self.status or None)

    def on_message_begin(self) -> None:
        """An answer begins, maybe one that nobody asked for."""
        if self._done:
            raise _SurplusError

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header, or one line of a trailer, which is only counted."""
        self._events += 1
        self._head_size += len(name) + len(value)
        if self._head_size > self._wire.head_bytes:
            bound = f"headers of more than {self._wire.head_bytes:,} bytes"
            raise LargeHeadersError(bound, self.status or self._status_said())
        if self.status:
            self._keep = False
        else:
            self.headers.append((name.lower(), value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """The head is whole: decide how the body ends, and whether all that can be believed."""
        parser, status = self._parser, self._status_said()
        version = "" if parser is None else parser.get_http_version()
        sized = any(name == b"content-length" for name, _ in self.headers)
        coded = [v.lower() for name, v in self.headers if name == b"transfer-encoding"]
        if version not in ("1.0", "1.1") or status < 100 or status == 101:
            raise httpcore.RemoteProtocolError(f"version {version} or status {status}")
        if coded and (coded != [b"chunked"] or version == "1.0"):
            raise httpcore.RemoteProtocolError("a transfer coding that nobody asked for")
        if status < 200:
            if sized or coded:
                raise httpcore.RemoteProtocolError("an interim answer with a body")
            self.headers.clear()
            return
        self.status = status
        self._until_close = not sized and not coded
        self._keep = version == "1.1" and parser is not None and parser.should_keep_alive()
        self._wire.begin_body()

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        self._events += 1
        self._wire.gave(len(body))
        self._pieces.append(body)

    def on_message_complete(self) -> None:
        """The end, unless it is that of an interim answer."""
        self._done = self.status != 0

    def _status_said(self) -> int:
        return 0 if self._parser is None else self._parser.get_status_code()


def _sent(request: Request) -> bytes:
    lines = [f"{name}: {value}\r\n" for name, value in request.headers]
    return b"GET %b HTTP/1.1\r\n%b\r\n" % (request.target.path, "".join(lines).encode("latin-1"))
