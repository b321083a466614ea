"""One request and its answer on the wire: bounded in time and size, and never an exception."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import anyio
import httpcore

from extractors.records import Reason
from flows.net.addresses import Target
from flows.net.connect import DnsError, RefusedError, TlsError
from flows.net.connections import Connections
from flows.net.decode import ACCEPTED, TooLargeError, UndecodableError, codings, decode
from flows.net.door import Accept
from flows.net.headers import sendable
from flows.net.limits import NetSettings
from flows.net.wire import LARGE, LARGE_FEED, PATIENCE_S, FloodError, LargePlace, Wire, under_way

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


class _HeadersTooLargeError(Exception):
    """The headers go over the bound."""


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
    answer = Answer(reason=Reason.TIMEOUT, detail=f"not done within {settings.total_s:g} s")
    # A cancel scope of anyio, because httpcore shields its own cleaning up from exactly that.
    with anyio.move_on_after(max(budget_s, 0.0)) as deadline:
        try:
            answer = await _exchange(connections, target, ask, settings, deadline)
        except Exception as exc:  # the libraries below raise more than they list
            answer = answer_of_error(exc, settings)
    return answer


async def _exchange(
    connections: Connections,
    target: Target,
    ask: Ask,
    settings: NetSettings,
    deadline: anyio.CancelScope,
) -> Answer:
    head = Answer()
    wire = Wire(settings.max_header_bytes)
    before = under_way.set(wire)
    patience_s = PATIENCE_S if ask.accept == "feed" else 0.0
    place = LargePlace(connections.large, deadline, patience_s=patience_s)
    try:
        async with place, connections.request(_request(target, ask, settings)) as response:
            wire.begin_body()
            head = _head(response)
            if sum(len(k) + len(v) for k, v in response.headers) > settings.max_header_bytes:
                raise _HeadersTooLargeError
            if response.status in REDIRECTS:
                await _read(response, wire, place, _SMALL, truncate=True)
                return head
            raw = await _body(response, wire, place, head, ask)
            return await _decoded(head, raw, place, ask)
    except _HeadersTooLargeError:
        bound = f"headers of more than {settings.max_header_bytes:,} bytes"
        return Answer(head.status, reason=Reason.TOO_LARGE, detail=bound)
    except _BodyTooLargeError:
        return _too_large(head, ask)
    except FloodError as exc:
        reason = Reason.TOO_LARGE if wire.in_head else Reason.PROTOCOL
        return Answer(head.status, head.headers, reason=reason, detail=str(exc))
    finally:
        under_way.reset(before)


def _head(response: httpcore.Response) -> Answer:
    headers = tuple((k.decode("latin-1").lower(), _text(v)) for k, v in response.headers)
    return Answer(response.status, headers)


async def _body(
    response: httpcore.Response, wire: Wire, place: LargePlace, head: Answer, ask: Ask
) -> bytes:
    declared = head.header("content-length") or ""
    plain = declared.isascii() and declared.isdigit() and len(declared) < 19
    if plain and int(declared) > ask.limit and not ask.truncate:
        raise _BodyTooLargeError
    return await _read(response, wire, place, ask.limit, truncate=ask.truncate)


async def _read(
    response: httpcore.Response, wire: Wire, place: LargePlace, limit: int, *, truncate: bool
) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_stream():
        wire.gave(len(chunk))
        body += chunk
        if len(body) > limit:
            if truncate:
                return bytes(body[:limit])
            raise _BodyTooLargeError
        if len(body) > LARGE:
            await place.take()
        elif len(body) > LARGE_FEED:
            await place.give_way()
    return bytes(body)


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


def _request(target: Target, ask: Ask, settings: NetSettings) -> httpcore.Request:
    headers = [
        ("Accept", _ACCEPT[ask.accept]),
        ("Accept-Encoding", "identity" if ask.truncate else ACCEPTED),
    ]
    for name, value in (("If-None-Match", ask.etag), ("If-Modified-Since", ask.last_modified)):
        if sendable(value):
            headers.append((name, value or ""))
    return get_request(target, headers, settings)


def get_request(
    target: Target, headers: list[tuple[str, str]], settings: NetSettings
) -> httpcore.Request:
    """A GET of a target with our name, these headers, and the bounds on each wait."""
    default = target.port == (443 if target.scheme == "https" else 80)
    host = f"[{target.host}]" if ":" in target.host else target.host
    named = [
        ("Host", host if default else f"{host}:{target.port}"),
        ("User-Agent", settings.identity),
        *headers,
    ]
    waits = {"connect": settings.connect_s, "read": settings.read_s, "write": settings.read_s}
    return httpcore.Request(
        "GET",
        httpcore.URL(
            scheme=target.scheme.encode("ascii"),
            host=target.host.encode("ascii"),
            port=target.port,
            target=target.path,
        ),
        headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in named],
        extensions={"timeout": waits},
    )


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
    if getattr(exc.__cause__, "error_status_hint", None) == 431:
        return Answer(reason=Reason.TOO_LARGE, detail="headers without end")
    if isinstance(exc, httpcore.NetworkError):
        return Answer(reason=Reason.PROTOCOL, detail="the connection broke off")
    words = str(exc)[:120] or type(exc).__name__
    return Answer(reason=Reason.PROTOCOL, detail=f"not a proper HTTP answer: {words}")
