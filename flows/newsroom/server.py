"""A small HTTP/1.1 server on loopback (RFC 9110, 9112), and the faults that it can play.

asyncio and a reader of its own instead of http.server: a thousand feeds that drip or sleep must not
need a thousand threads. Keep-alive, HEAD, If-None-Match, If-Modified-Since and gzip are handled.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from http.client import responses
from urllib.parse import quote, unquote, urlsplit

from flows.newsroom.site import Answer

_GZIP_FROM = 860  # bytes; below that compression gains nothing
_CACHED = 1024


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with an answer: another status, a delay, a cut or a dripping body.

    `cut` is how many bytes of the body are sent before the connection closes; `drip_s` the
    seconds between single bytes of the body; `body` replaces it; `headers` are added.
    """

    status: int | None = None
    delay_s: float = 0.0
    cut: int | None = None
    drip_s: float | None = None
    body: bytes | None = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    target: str
    headers: Mapping[str, str]
    keep_alive: bool


@dataclass(frozen=True, slots=True)
class _Rendered:
    """An answer without its body, and that as it goes over the wire."""

    answer: Answer
    etag: str
    body: bytes
    zipped: bool


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    head: bytes
    body: bytes


class Server:
    """Serves what `respond(path, query)` returns, in a thread with an event loop of its own."""

    def __init__(self, respond: Callable[[str, str], Answer]) -> None:
        self.requests: Counter[str] = Counter()
        self.statuses: Counter[tuple[str, int]] = Counter()
        self._respond = respond
        self._faults: dict[str, list[Fault]] = {}
        self._late: set[asyncio.Event] = set()
        self._cache: dict[tuple[str, bool], _Rendered] = {}
        self._ahead: dict[tuple[str, bool], _Rendered] = {}
        self._edition = 0
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="newsroom", daemon=True)
        self._server: asyncio.Server | None = None

    def listen(self, port: int) -> int:
        """Bind 127.0.0.1:port (0: any free one), serve from now on, and return the port.

        Raises OSError when the port is taken.
        """
        starting = asyncio.start_server(self._connection, "127.0.0.1", port, backlog=1024)
        try:
            self._server = self._loop.run_until_complete(starting)
        except OSError:
            self._loop.close()
            raise
        self._thread.start()
        return int(self._server.sockets[0].getsockname()[1])

    def close(self) -> None:
        """Stop serving and drop open connections. Safe to call twice."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def render(self, paths: Sequence[str]) -> None:
        """Make the compressed answers of these paths now, and keep them until `forget`."""
        made = {
            (quote(path), True): _packed(self._respond(path, ""), zipped=True) for path in paths
        }
        with self._lock:
            self._ahead = made

    def forget(self) -> None:
        """Drop cached answers, after the content has changed."""
        with self._lock:
            self._edition += 1
            self._ahead = {}
            self._cache.clear()

    def add_fault(self, path: str, fault: Fault, times: int) -> None:
        """Play the fault for the next `times` requests of a path (with its query, if any)."""
        with self._lock:
            self._faults.setdefault(path, []).extend([fault] * times)

    def clear_faults(self) -> None:
        """Forget all faults that are still to be played; what is delayed by one is answered now."""
        with self._lock:
            self._faults.clear()
        self._loop.call_soon_threadsafe(self._answer_the_late)

    def _answer_the_late(self) -> None:
        for event in self._late:
            event.set()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()
        if self._server is not None:
            self._server.close()
        for task in self._connections:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._connections, return_exceptions=True))
        self._loop.close()

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        # Cancelled only by close(): asyncio would print a task that ends so.
        gone = contextlib.suppress(
            ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, TimeoutError
        )
        with gone, contextlib.closing(writer):
            while await self._exchange(reader, writer):
                pass

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read one request and answer it; False when the connection is to be closed."""
        try:
            request = _parse(await reader.readuntil(b"\r\n\r\n"))
        except (ValueError, asyncio.LimitOverrunError):
            writer.write(_head(400, (("Content-Length", "0"), ("Connection", "close"))))
            await writer.drain()
            return False
        self.requests[request.target] += 1
        fault = self._take_fault(request.target) or Fault()
        rendered = self._rendered(request)
        if fault.delay_s:  # at once: it is let go by whoever heals from here on
            await self._delay(fault.delay_s)
        await asyncio.sleep(rendered.answer.delay_s)
        reply = _reply(request, rendered, fault)
        self.statuses[request.target, reply.status] += 1
        return await _send(writer, reply, fault) and request.keep_alive

    async def _delay(self, seconds: float) -> None:
        healed = asyncio.Event()
        self._late.add(healed)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await healed.wait()
        finally:
            self._late.discard(healed)

    def _take_fault(self, target: str) -> Fault | None:
        with self._lock:
            for key in (target, urlsplit(target).path):
                if self._faults.get(key):
                    return self._faults[key].pop(0)
        return None

    def _rendered(self, request: _Request) -> _Rendered:
        if request.method not in {"GET", "HEAD"}:
            return _packed(Answer(405, "text/plain"), zipped=False)
        zipped = "gzip" in request.headers.get("accept-encoding", "")
        key = (request.target, zipped)
        with self._lock:
            known, edition = self._ahead.get(key) or self._cache.get(key), self._edition
        if known is None:
            parts = urlsplit(request.target)
            known = _packed(self._respond(unquote(parts.path), parts.query), zipped=zipped)
            self._keep(key, known, edition)
        return known

    def _keep(self, key: tuple[str, bool], rendered: _Rendered, edition: int) -> None:
        with self._lock:
            if edition != self._edition:  # the content changed while this was being made
                return
            if len(self._cache) >= _CACHED:
                self._cache.clear()
            self._cache[key] = rendered


def _packed(answer: Answer, *, zipped: bool) -> _Rendered:
    body, bare = answer.body, replace(answer, body=b"")
    if zipped and len(body) >= _GZIP_FROM and "gzip" not in answer.content_type:
        body = gzip.compress(body, compresslevel=1, mtime=0)
        return _Rendered(bare, answer.etag, body, zipped=True)
    return _Rendered(bare, answer.etag, body, zipped=False)


def _parse(head: bytes) -> _Request:
    """Read a request's head. Raises ValueError for what is not HTTP/1.x."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, version = first.split(" ")
    if not version.startswith("HTTP/1.") or not target.startswith("/"):
        raise ValueError(first)
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    wish = headers.get("connection", "").lower()
    keep = wish != "close" if version == "HTTP/1.1" else wish == "keep-alive"
    return _Request(method, target, headers, keep)


def _unchanged(request: _Request, rendered: _Rendered) -> bool:
    """Decide on 304: If-None-Match by weak comparison, else If-Modified-Since (RFC 9110 13.2.2)."""
    answer = rendered.answer
    if answer.status != 200:
        return False
    tags = request.headers.get("if-none-match")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return rendered.etag in known or "*" in known
    since = request.headers.get("if-modified-since")
    if since is None or answer.changed is None:
        return False
    try:
        return answer.changed.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False


def _reply(request: _Request, rendered: _Rendered, fault: Fault) -> _Reply:
    answer, body = rendered.answer, rendered.body
    status = fault.status or answer.status
    headers = [("Content-Type", answer.content_type), ("Vary", "Accept-Encoding")]
    if rendered.zipped:
        headers.append(("Content-Encoding", "gzip"))
    if fault.body is not None:
        headers, body = [("Content-Type", answer.content_type)], fault.body
    elif status == 200:
        headers += _validators(rendered)
        if _unchanged(request, rendered):
            status, body = 304, b""
    if answer.location and status in {301, 302, 307, 308}:
        headers.append(("Location", answer.location))
    if status != 304:
        headers.append(("Content-Length", str(len(body))))
    headers.append(("Connection", "keep-alive" if request.keep_alive else "close"))
    head = _head(status, (*headers, *fault.headers))
    return _Reply(status, head, b"" if request.method == "HEAD" else body)


def _validators(rendered: _Rendered) -> list[tuple[str, str]]:
    answer = rendered.answer
    headers = [("ETag", f"W/{rendered.etag}" if rendered.zipped else rendered.etag)]
    if answer.changed is not None:
        stamp = format_datetime(answer.changed.astimezone(UTC), usegmt=True)
        headers.append(("Last-Modified", stamp))
    return headers


def _head(status: int, headers: Iterable[tuple[str, str]]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    phrase = responses.get(status, "Unknown")
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode("latin-1")


async def _send(writer: asyncio.StreamWriter, reply: _Reply, fault: Fault) -> bool:
    """Write a reply, cut or dripping if the fault says so; False when the connection must end."""
    body = reply.body if fault.cut is None else reply.body[: fault.cut]
    if fault.drip_s is None:
        writer.write(reply.head + body)
    else:
        writer.write(reply.head)
        for position in range(len(body)):
            writer.write(body[position : position + 1])
            await writer.drain()
            await asyncio.sleep(fault.drip_s)
    await writer.drain()
    return len(body) == len(reply.body)
