"""Bodies too large to hold: one attempt at one URL, handed over piece by piece.

The same door with the same rules: every hop is read, judged and paced as in `client.py`, and the
address connected to is the one that was judged. What differs are the bounds, which are those of a
file of gigabytes: see `StreamBounds`. Content-Encoding is not undone, and none is asked for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from extractors.records import Fetched, Reason
from flows.net.addresses import Refusal, Target, redact
from flows.net.client import Client, _failed, _joined, _Journey
from flows.net.exchange import REDIRECTS, Answer, Ask, answer_of_error, get_request, head_of
from flows.net.limits import NetSettings
from flows.net.messages import Response

_PLAIN = [("Accept", "*/*"), ("Accept-Encoding", "identity")]
_GATHERED = 1 << 19  # pieces are handed on in lumps: a reader in a thread pays for each


@dataclass(frozen=True, slots=True)
class StreamBounds:
    """What one stream may cost; only time spent waiting for the server counts.

    Slower than `least_rate` bytes a second on the average, once `grace_s` have been waited, is a
    server that drips.
    """

    max_bytes: int = 8 << 30
    total_s: float = 6 * 3600.0
    grace_s: float = 60.0
    least_rate: float = 16_384.0


_BOUNDS = StreamBounds()


class StreamError(Exception):
    """The body ended before its end; `reason` and `detail` as in a Fetched."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Body:
    """What is left to read of a body, from any task of the loop, one reader at a time."""

    def __init__(self, response: Response, bounds: StreamBounds, settings: NetSettings) -> None:
        self._response = response
        self._bounds = bounds
        self._settings = settings
        self._received = 0
        self._waited_s = 0.0
        self._ended = False
        self._error: StreamError | None = None

    async def read(self) -> bytes:
        """Return the next lump of bytes, b'' after the last. Raises StreamError, again and again,
        after what came before the error was given.
        """
        lump = bytearray()
        while not self._ended and self._error is None and len(lump) < _GATHERED:
            try:
                lump += await self._piece()
            except StreamError as error:
                self._error = error
        if self._error is not None and not lump:
            raise self._error
        return bytes(lump)

    async def _piece(self) -> bytes:
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._settings.read_s):
                piece = await self._response.read()
        except TimeoutError as error:
            detail = f"nothing came for {self._settings.read_s:g} s"
            raise StreamError(Reason.TIMEOUT, detail) from error
        except Exception as error:  # the libraries below raise more than they list
            answer = answer_of_error(error, self._settings)
            raise StreamError(answer.reason or Reason.PROTOCOL, answer.detail) from error
        self._waited_s += time.monotonic() - started
        if not piece:
            self._ended = True
            return b""
        self._received += len(piece)
        self._check()
        return piece

    def _check(self) -> None:
        bounds, waited = self._bounds, self._waited_s
        if self._received > bounds.max_bytes:
            detail = f"a body of more than {bounds.max_bytes:,} bytes"
            raise StreamError(Reason.TOO_LARGE, detail)
        if waited > bounds.total_s:
            raise StreamError(Reason.TIMEOUT, f"not done within {bounds.total_s:g} s")
        if waited > bounds.grace_s and self._received < bounds.least_rate * waited:
            detail = f"under {bounds.least_rate:,.0f} bytes a second"
            raise StreamError(Reason.TIMEOUT, detail)


@dataclass(frozen=True, slots=True)
class Streamed:
    """An answer under way: its head (without a body), and the body, None when there is none.

    Exactly one of `head.reason` and `body` is set.
    """

    head: Fetched
    body: Body | None = None


class Streamer(Protocol):
    """Whatever can open a body to be read piece by piece: `StreamingClient`."""

    def stream(
        self, url: str, *, bounds: StreamBounds = ...
    ) -> AbstractAsyncContextManager[Streamed]:
        """See `StreamingClient.stream`."""
        ...


class StreamingClient(Client):
    """A `Client` that can hand bodies over piece by piece as well."""

    @asynccontextmanager
    async def stream(self, url: str, *, bounds: StreamBounds = _BOUNDS) -> AsyncIterator[Streamed]:
        """Make exactly one attempt at one URL, following redirects, and hold the answer open.

        Only a 200 is an answer. Never raises for anything the network or a server does; reading
        the body raises StreamError. The host's place is held until the context is left.
        """
        way = _Journey(url, self._settings.total_s)
        ask = Ask(accept="page", limit=bounds.max_bytes, truncate=True)
        async with AsyncExitStack() as held:
            yield await self._travel(way, ask, bounds, held)

    async def _travel(
        self, way: _Journey, ask: Ask, bounds: StreamBounds, held: AsyncExitStack
    ) -> Streamed:
        for _ in range(self._settings.max_redirects + 1):
            target = await self._judged(way, robots=False)
            if isinstance(target, Refusal):
                return Streamed(_failed(way, target.reason, target.detail))
            async with AsyncExitStack() as hop:
                answer, body = await self._hop(way, target, bounds, hop)
                if body is not None:
                    held.push_async_exit(hop.pop_all())
                    return Streamed(_head(way, answer), body)
            if answer.reason is not None or answer.status not in REDIRECTS:
                return Streamed(self._finished(way, target, answer, ask))
            location = answer.header("location")
            if not location:
                detail = "a redirect that does not say where to"
                return Streamed(_failed(way, Reason.REDIRECTS, detail))
            way.hops += ((answer.status, redact(way.url)),)
            way.seen |= {target.url}
            way.url = _joined(target.url, location)
        detail = f"more than {self._settings.max_redirects} redirects"
        return Streamed(_failed(way, Reason.REDIRECTS, detail))

    async def _hop(
        self, way: _Journey, target: Target, bounds: StreamBounds, hop: AsyncExitStack
    ) -> tuple[Answer, Body | None]:
        """Ask one hop; what it opened is closed with `hop`."""
        await hop.enter_async_context(
            self._politeness.slot(target.host, exempt=self._exempt(target.host))
        )
        if (untried := self._untried(target)) is not None:
            return untried, None
        answer, response = await self._send(way, target, hop)
        if self._far(target) and answer.reason is not Reason.ADDRESS:
            self._outage.note(target.host, reached=answer.connected)
        if response is None or answer.status != 200:
            return answer, None
        declared = answer.header("content-length") or ""
        if declared.isascii() and declared.isdigit() and int(declared[:19]) > bounds.max_bytes:
            detail = f"a body of more than {bounds.max_bytes:,} bytes"
            return Answer(200, answer.headers, reason=Reason.TOO_LARGE, detail=detail), None
        if not self._exempt(target.host):
            self._politeness.note(target.host, 200, None)
        return answer, Body(response, bounds, self._settings)

    async def _send(
        self, way: _Journey, target: Target, hop: AsyncExitStack
    ) -> tuple[Answer, Response | None]:
        """Send the request and read the head, within the time that the way has left."""
        started = time.monotonic()
        late = Answer(
            reason=Reason.TIMEOUT, detail=f"no answer within {self._settings.total_s:g} s"
        )
        try:
            async with asyncio.timeout(max(way.left_s, 0.0)):
                response = await hop.enter_async_context(
                    self._connections.request(get_request(target, _PLAIN, self._settings))
                )
        except TimeoutError:
            return late, None
        except Exception as error:  # as in exchange.py
            return answer_of_error(error, self._settings), None
        finally:
            way.left_s -= time.monotonic() - started
        return head_of(response), response


def _head(way: _Journey, answer: Answer) -> Fetched:
    return Fetched(
        url=way.url,
        final_url=redact(way.url),
        status=answer.status,
        headers=answer.headers,
        hops=way.hops,
    )
