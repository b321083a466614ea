"""One small HTTP/1.1 server on loopback for all stand-ins, and the faults it can play.

A thread a connection: tests ask little of it. Bodies may be files, sent piece by piece, so that a
test of memory does not measure its server.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any

_PIECE = 1 << 18


@dataclass(frozen=True)
class Reply:
    """An answer. `cut` is how many bytes of the body are sent before the line goes dead."""

    body: bytes | Path = b""
    status: int = 200
    content_type: str = "application/octet-stream"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    delay_s: float = 0.0
    drip_s: float = 0.0  # between pieces

    @property
    def size(self) -> int:
        return self.body.stat().st_size if isinstance(self.body, Path) else len(self.body)

    def pieces(self) -> Iterator[bytes]:
        if isinstance(self.body, bytes):
            yield self.body
            return
        with self.body.open("rb") as stream:
            while piece := stream.read(_PIECE):
                yield piece


# What stands at a path below a mount: path (without the mount's prefix) and query in, answer out.
Respond = Callable[[str, str], "Reply | None"]


class Services:
    """Serves every stand-in mounted on it; a context manager.

    `asked` lists what was asked for, target by target, in order. `fail` plays an answer in place
    of the real one, for a number of times. `address` is one of loopback's (127.0.0.0/8).
    """

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.asked: list[str] = []
        self._mounts: dict[str, Respond] = {}
        self._faults: list[tuple[str, list[Reply]]] = []
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"services": self})
        self._server = _Server((address, 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Services:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def origin(self) -> str:
        address, port = self._server.server_address[:2]
        return f"http://{address}:{port}"

    def mount(self, prefix: str, respond: Respond) -> str:
        """Serve `respond` below a prefix ('/archive'; '' is the root); returns its base URL."""
        self._mounts[prefix] = respond
        return self.origin + prefix

    def fail(self, part: str, reply: Reply, times: int = 1) -> None:
        """Answer the next `times` requests whose target contains `part` with `reply`."""
        with self._lock:
            self._faults.append((part, [reply] * times))

    def answer(self, target: str) -> Reply:
        path, _, query = target.partition("?")
        with self._lock:
            self.asked.append(target)
            for part, left in self._faults:
                if part in target and left:
                    return left.pop(0)
        for prefix in sorted(self._mounts, key=len, reverse=True):
            if path == prefix or path.startswith(prefix + "/"):
                found = self._mounts[prefix](path[len(prefix) :], query)
                if found is not None:
                    return _below(prefix, found)
        return Reply(b"nothing here", 404, "text/plain")

    def count(self, part: str) -> int:
        """Count the requests whose target contains `part`."""
        return sum(part in target for target in self.asked)


def _below(prefix: str, reply: Reply) -> Reply:
    """The same answer; where it leads to lies below the mount, as its paths do."""
    place = reply.headers.get("Location", "")
    if not place.startswith("/"):
        return reply
    return replace(reply, headers={**reply.headers, "Location": prefix + place})


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Of more than wait to be accepted, the kernel drops what they say, and they say it again after
    # 1, 3, 7, 15 and 31 seconds; the usual five are soon there while this process is busy.
    request_queue_size = 1024

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is none of ours."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 20
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    services: Services

    def do_GET(self) -> None:
        reply = self.services.answer(self.path)
        time.sleep(reply.delay_s)
        self.send_response(reply.status)
        headers = {"Content-Type": reply.content_type, "Content-Length": str(reply.size)}
        for name, value in (headers | dict(reply.headers)).items():
            self.send_header(name, value)
        self.end_headers()
        with contextlib.suppress(OSError):
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        left = reply.size if reply.cut is None else reply.cut
        for piece in reply.pieces():
            self.wfile.write(piece[:left])
            left -= len(piece[:left])
            if left <= 0 and reply.cut is not None:
                break
            time.sleep(reply.drip_s)
        if reply.cut is not None:
            self.wfile.flush()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing on the terminal."""
