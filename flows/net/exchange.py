"""One request and its answer on the wire: bounded in time and size, and never an exception."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpcore

from extractors.records import Reason
from flows.net.addresses import Target
from flows.net.connect import DnsError, RefusedError, TlsError
from flows.net.connections import Connections
from flows.net.decode import ACCEPTED, TooLargeError, UndecodableError, codings, decode
from flows.net.door import Accept
from flows.net.headers import sendable
from flows.net.limits import NetSettings
from flows.net.messages import Request, Response
from flows.net.wire import (
    LARGE,
    LARGE_FEED,
    PATIENCE_S,
    FloodError,
    LargeHeadersError,
    LargePlace,
    Wire,
)

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_SMALL = 65_536  # of a redirect's own body, read so that the connection can be used again
_ACCEPT: dict[Accept, str] = {
    "feed": (
        "application/atom+xml, application/rss+xml, application/feed+json, "
        "application/rdf+xml;q=0.9, application/xml;q=0.8, text/xml;q=0.8, */*;q=0.5"
    ),
    "page": "text/html, application/xhtml+xml, application/xml;q=0.8, */*;q=0.5",
}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked for, the same on every hop."""

    accept: Accept
    limit: int
    etag: str | None = None
    last_modified: str | None = None
    truncate: bool = False  # robots.txt: what is over the limit is left, not refused


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one request. `connected` is False when it failed before a connection stood."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    reason: Reason | None = None
    detail: str = ""
    connected: bool = True

    def header(self, name: str) -> str | None:
        """Return the first header of that name (lower case), or None."""
        return next((value for key, value in self.headers if key == name), None)


class _BodyTooLargeError(Exception):
    """The body on the wire goes over the bound."""


async def exchange(
    connections: Connections,
    target: Target,
    ask: Ask,
    settings: NetSettings,
    budget_s: float,
) -> Answer:
    """Send one GET and read its answer within `budget_s` seconds in all. Never raises.

    The body is decoded (gzip, deflate, br, zstd) within `ask.limit`; a redirect's is not kept.
    """
    try:
        async with asyncio.timeout(max(budget_s, 0.0)) as deadline:
            try:
                return await _exchange(connections, target, ask, settings, deadline)
            except Exception as exc:  # the libraries below raise more than they list
                return answer_of_error(exc, settings)
    except TimeoutError:
        return Answer(reason=Reason.TIMEOUT, detail=f"not done within {settings.total_s:g} s")


async def _exchange(
    connections: Connections,
    target: Target,
    ask: Ask,
    settings: NetSettings,
    deadline: asyncio.Timeout,
) -> Answer:
    head = Answer()
    patience_s = PATIENCE_S if ask.accept == "feed" else 0.0
    place = LargePlace(connections.large, deadline, patience_s=patience_s)
    try:
        with place:
            async with connections.request(_request(target, ask, settings)) as response:
                head = head_of(response)
                if response.status in REDIRECTS:
                    await _read(response, place, _SMALL, truncate=True)
                    return head
                raw = await _body(response, place, head, ask)
            return await _decoded(head, raw, place, ask)
    except _BodyTooLargeError:
        return _too_large(head, ask)
    except FloodError as exc:
        return Answer(head.status, head.headers, reason=Reason.PROTOCOL, detail=str(exc))


def head_of(response: Response) -> Answer:
    """Take over an answer's status and headers."""
    headers = tuple((name.decode("latin-1"), _text(value)) for name, value in response.headers)
    return Answer(response.status, headers)


async def _body(response: Response, place: LargePlace, head: Answer, ask: Ask) -> bytes:
    declared = head.header("content-length") or ""
    plain = declared.isascii() and declared.isdigit() and len(declared) < 19
    if plain and int(declared) > ask.limit and not ask.truncate:
        raise _BodyTooLargeError
    return await _read(response, place, ask.limit, truncate=ask.truncate)


async def _read(response: Response, place: LargePlace, limit: int, *, truncate: bool) -> bytes:
    pieces: list[bytes] = []
    size = 0
    while piece := await response.read():
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            if truncate:
                return b"".join(pieces)[:limit]
            raise _BodyTooLargeError
        if size > LARGE:
            await place.take()
        elif size > LARGE_FEED:
            await place.give_way()
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


async def _decoded(head: Answer, raw: bytes, place: LargePlace, ask: Ask) -> Answer:
    applied = codings(head.header("content-encoding"))
    try:
        try:
            first = LARGE_FEED if ask.accept == "feed" else LARGE
            body = decode(raw, applied, ask.limit if not applied else min(ask.limit, first))
        except TooLargeError:
            # Only what turns out large pays for going again, and for a thread.
            await place.take()
            body = await asyncio.to_thread(decode, raw, applied, ask.limit)
    except TooLargeError:
        return _too_large(head, ask)
    except UndecodableError as exc:
        return Answer(head.status, head.headers, reason=Reason.PROTOCOL, detail=str(exc))
    return Answer(head.status, head.headers, body)


def _too_large(head: Answer, ask: Ask) -> Answer:
    detail = f"a body of more than {ask.limit:,} bytes"
    return Answer(head.status, head.headers, reason=Reason.TOO_LARGE, detail=detail)


def _request(target: Target, ask: Ask, settings: NetSettings) -> Request:
    headers = [
        ("Accept", _ACCEPT[ask.accept]),
        ("Accept-Encoding", "identity" if ask.truncate else ACCEPTED),
    ]
    for name, value in (("If-None-Match", ask.etag), ("If-Modified-Since", ask.last_modified)):
        if sendable(value):
            headers.append((name, value or ""))
    return get_request(target, headers, settings)


def get_request(target: Target, headers: list[tuple[str, str]], settings: NetSettings) -> Request:
    """A GET of a target with our name and these headers."""
    default = target.port == (443 if target.scheme == "https" else 80)
    host = f"[{target.host}]" if ":" in target.host else target.host
    named = (
        ("Host", host if default else f"{host}:{target.port}"),
        ("User-Agent", settings.identity),
        *headers,
    )
    return Request(target, named, Wire(settings.max_header_bytes))


def _text(value: bytes) -> str:
    """Read a header value: UTF-8 when it is that (some send raw paths), else byte by byte."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def answer_of_error(exc: Exception, settings: NetSettings) -> Answer:
    """Map whatever the network libraries raise to a reason and one plain line. Pure."""
    for kind, reason in (
        (RefusedError, Reason.ADDRESS),
        (DnsError, Reason.DNS),
        (TlsError, Reason.TLS),
    ):
        if isinstance(exc, kind):
            return Answer(reason=reason, detail=str(exc), connected=kind is TlsError)
    if isinstance(exc, httpcore.ConnectTimeout):
        detail = f"no connection within {settings.connect_s:g} s"
        return Answer(reason=Reason.TIMEOUT, detail=detail, connected=False)
    if isinstance(exc, httpcore.ConnectError):
        return Answer(reason=Reason.CONNECT, detail=str(exc) or "no connection", connected=False)
    if isinstance(exc, httpcore.TimeoutException):
        return Answer(reason=Reason.TIMEOUT, detail=f"nothing came for {settings.read_s:g} s")
    return _answer_of_protocol(exc)


def _answer_of_protocol(exc: Exception) -> Answer:
    """Name what went wrong after the connection stood."""
    if isinstance(exc, LargeHeadersError):
        return Answer(exc.status, reason=Reason.TOO_LARGE, detail=str(exc))
    if isinstance(exc, FloodError):
        return Answer(reason=Reason.PROTOCOL, detail=str(exc))
    if isinstance(exc, httpcore.NetworkError):
        return Answer(reason=Reason.PROTOCOL, detail="the connection broke off")
    words = str(exc)[:120] or type(exc).__name__
    return Answer(reason=Reason.PROTOCOL, detail=f"not a proper HTTP answer: {words}")
