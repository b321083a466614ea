"""The client: one attempt at one URL, with every rule of this folder on every hop.

It never raises for anything that the network or a server does: what happened is in the Fetched.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from types import TracebackType

import httpx

from extractors.records import Fetched, Reason
from flows.net import robots as robots_txt
from flows.net.addresses import Refusal, Target, open_host, read_url, redact
from flows.net.connect import Backend, GuardedBackend, ssl_context
from flows.net.connections import Connections
from flows.net.door import Accept
from flows.net.exchange import REDIRECTS, Answer, Ask, exchange
from flows.net.headers import retry_after_s
from flows.net.limits import NetSettings
from flows.net.outage import Outage
from flows.net.politeness import Politeness
from flows.net.statuses import reason_of_status


@dataclass(slots=True)
class _Journey:
    """One fetch under way: where it is, where it came from, and the network time it has left."""

    url: str
    left_s: float
    hops: tuple[tuple[int, str], ...] = ()
    seen: frozenset[str] = frozenset()


class Client:
    """The real `door.Fetcher`. Use it as an async context manager, one for a run.

    `clock` gives aware UTC for `fetched_at`, Retry-After dates and the robots.txt cache;
    `transport` opens connections and defaults to the guarded one; `politeness` is a seam for
    tests with a clock of their own.
    """

    def __init__(
        self,
        settings: NetSettings,
        *,
        clock: Callable[[], datetime],
        transport: Backend | None = None,
        politeness: Politeness | None = None,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._politeness = politeness or Politeness(settings)
        self._outage = Outage()
        self._robots = robots_txt.Robots(
            self._fetch_robots, settings.robot, clock=clock, slow_down=self._slow_down
        )
        self._connections = Connections(
            settings,
            ssl_context=ssl_context(settings.ca_file),
            backend=transport or GuardedBackend(settings),
        )

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._connections.aclose()

    @property
    def offline(self) -> bool:
        """Tell whether most of this run's hosts failed at the connection: our own outage."""
        return self._outage.offline

    def pause(self) -> None:
        """Start no further request, of whatever host, until `resume`; those under way go on."""
        self._politeness.pause()

    def resume(self) -> None:
        """Start requests again."""
        self._politeness.resume()

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: Accept,
        robots: bool,
        max_bytes: int | None = None,
    ) -> Fetched:
        """Make exactly one attempt, following redirects; see `door.Fetcher.fetch`."""
        ask = Ask(
            accept=accept,
            limit=self._settings.max_body if max_bytes is None else max_bytes,
            etag=etag,
            last_modified=last_modified,
        )
        check = robots and self._settings.robots
        return await self._timed(url, ask, check, self._settings.max_redirects)

    async def _fetch_robots(self, url: str) -> Fetched:
        ask = Ask(accept="page", limit=robots_txt.MAX_BYTES, truncate=True)
        return await self._timed(url, ask, False, robots_txt.MAX_REDIRECTS)

    async def _timed(self, url: str, ask: Ask, robots: bool, max_redirects: int) -> Fetched:
        started = time.monotonic()
        fetched = await self._follow(url, ask, robots, max_redirects)
        elapsed = int((time.monotonic() - started) * 1000)
        return replace(fetched, url=redact(url), fetched_at=self._clock(), elapsed_ms=elapsed)

    async def _follow(self, url: str, ask: Ask, robots: bool, max_redirects: int) -> Fetched:
        """Go from hop to hop; each one is read, judged and asked anew."""
        way = _Journey(url, self._settings.total_s)
        for _ in range(max_redirects + 1):
            target = await self._judged(way, robots)
            if isinstance(target, Refusal):
                return _failed(way, target.reason, target.detail)
            answer = self._untried(target) or await self._ask(way, target, ask)
            if answer.reason is not None or answer.status not in REDIRECTS:
                return self._finished(way, target, answer, ask)
            location = answer.header("location")
            if not location:
                return _failed(way, Reason.REDIRECTS, "a redirect that does not say where to")
            way.hops += ((answer.status, redact(way.url)),)
            way.seen |= {target.url}
            way.url = _joined(target.url, location)
        return _failed(way, Reason.REDIRECTS, f"more than {max_redirects} redirects")

    async def _judged(self, way: _Journey, robots: bool) -> Target | Refusal:
        """Read the next URL of the way and decide whether it may be asked."""
        target = read_url(way.url, self._settings)
        if isinstance(target, Refusal):
            return target
        if target.url in way.seen:
            return Refusal(Reason.REDIRECTS, "the redirects go round in a circle")
        refusal = await self._robots.judge(target) if robots else None
        return refusal or target

    def _untried(self, target: Target) -> Answer | None:
        """Answer at once where asking would be useless or unwelcome."""
        if self._far(target) and self._outage.cut(time.monotonic()):
            return Answer(reason=Reason.OFFLINE, detail="this machine reaches no host at all")
        wait = 0 if self._exempt(target.host) else self._politeness.held_s(target.host)
        if wait:
            detail = f"{target.host} asked to be left alone for {wait} s more"
            return Answer(reason=Reason.THROTTLED, detail=detail)
        return None

    async def _ask(self, way: _Journey, target: Target, ask: Ask) -> Answer:
        """Wait for this host's turn, then make the request and learn from how it went."""
        async with self._politeness.slot(target.host, exempt=self._exempt(target.host)):
            untried = self._untried(target)  # much may have been learnt while it waited
            if untried is not None:
                return untried
            started = time.monotonic()
            answer = await exchange(self._connections, target, ask, self._settings, way.left_s)
            way.left_s -= time.monotonic() - started
        if answer.reason is Reason.ADDRESS or not self._far(target):
            return answer  # it says nothing about our own connection
        self._outage.note(target.host, reached=answer.connected)
        if not answer.connected and self._outage.tripped:
            return replace(answer, reason=Reason.OFFLINE)
        return answer

    def _finished(self, way: _Journey, target: Target, answer: Answer, ask: Ask) -> Fetched:
        """Say what the last answer means."""
        retry = retry_after_s(answer.header("retry-after"), self._clock())
        burst = False
        if not self._exempt(target.host):
            if answer.status is not None:
                burst = self._politeness.note(target.host, answer.status, retry)
            elif answer.reason is Reason.THROTTLED:
                retry = self._politeness.held_s(target.host)
        reason, detail = answer.reason, answer.detail
        if reason is None and answer.status is not None:
            reason = reason_of_status(answer.status, retry_after=retry is not None, burst=burst)
            detail = "" if reason is None else f"HTTP {answer.status}"
        if reason is None:
            reason, detail = _worth_reading(answer, ask)
        return Fetched(
            url=way.url,
            final_url=redact(way.url),
            status=answer.status,
            headers=answer.headers,
            body=answer.body,
            reason=reason,
            detail=detail,
            hops=way.hops,
            retry_after_s=retry,
        )

    def _far(self, target: Target) -> bool:
        """Tell whether a host lies beyond our own network: only those show an outage of ours."""
        return not open_host(target.host, self._settings)

    def _exempt(self, host: str) -> bool:
        return not self._settings.pace_allowed and open_host(host, self._settings)

    def _slow_down(self, host: str, seconds: float) -> None:
        if not self._exempt(host):
            self._politeness.slow_down(host, seconds)


def _failed(way: _Journey, reason: Reason, detail: str) -> Fetched:
    shown = redact(way.url)
    return Fetched(
        url=shown, final_url=shown, status=None, reason=reason, detail=detail, hops=way.hops
    )


def _worth_reading(answer: Answer, ask: Ask) -> tuple[Reason | None, str]:
    """Look for the answers that are good by their status and yet say nothing."""
    if answer.status == 304:
        if ask.etag or ask.last_modified:
            return None, ""
        return Reason.PROTOCOL, "HTTP 304 to a question without conditions"
    if not answer.body:
        return Reason.EMPTY, f"HTTP {answer.status} with nothing in it"
    return None, ""


def _joined(base: str, location: str) -> str:
    """Resolve a Location against the URL it came from; what cannot be resolved is left to be
    refused as it stands.
    """
    try:
        return str(httpx.URL(base).join(location.strip()).copy_with(fragment=None))
    except (httpx.InvalidURL, ValueError):
        return location
