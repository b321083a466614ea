"""How often one host is asked, and how many are asked at once.

Requests of one host start in the order in which they came, `pace_s` apart and `per_host` at
once; all hosts together use `connections` at once. A request that waits for its host holds
nothing that another host could use, and one that is cancelled while it waits leaves no trace.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from flows.net.limits import NetSettings

_BURST = 3  # answers of 403 in a row that show a host turning us away, not one page
_BURST_HOLD_S = 300.0
_HOLD_S = 60.0  # a 429 that names no time
_LONGEST_HOLD_S = 86_400.0


@dataclass(slots=True)
class _Lane:
    """One host's queue."""

    places: asyncio.Semaphore
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    pace_s: float = 0.0
    next_start: float = 0.0
    held_until: float = 0.0
    refusals: int = 0


class Politeness:
    """The queues of all hosts. `now` (seconds that only grow) and `sleep` are seams for tests."""

    def __init__(
        self,
        settings: NetSettings,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._settings = settings
        self._now = now
        self._sleep = sleep
        self._everybody = asyncio.Semaphore(settings.connections)
        self._lanes: dict[str, _Lane] = {}
        self._open = asyncio.Event()
        self._open.set()

    def pause(self) -> None:
        """Let no further request start; those under way go on. Safe to call again."""
        self._open.clear()

    def resume(self) -> None:
        """Let requests start again, in the order in which they came."""
        self._open.set()

    @asynccontextmanager
    async def slot(self, host: str, *, exempt: bool = False) -> AsyncIterator[None]:
        """Hold a place for one request to `host`, entered when it may start.

        `exempt` hosts have neither pace nor limit of their own; the global limit holds for all.
        """
        if exempt:
            await self._open.wait()
            async with self._everybody:
                yield
            return
        lane = self._lane(host)
        async with lane.places:
            async with lane.turn:
                await self._moment(lane)
                await self._everybody.acquire()
                lane.next_start = self._now() + lane.pace_s
            try:
                yield
            finally:
                self._everybody.release()

    async def _moment(self, lane: _Lane) -> None:
        """Wait until a host may be asked again, and requests may start at all."""
        while not self._open.is_set() or lane.next_start > self._now():
            await self._open.wait()
            if (wait := lane.next_start - self._now()) > 0:
                await self._sleep(wait)

    def slow_down(self, host: str, pace_s: float) -> None:
        """Raise a host's pace to what its robots.txt asks, inside the bound of the settings."""
        lane = self._lane(host)
        lane.pace_s = max(lane.pace_s, min(pace_s, self._settings.max_crawl_delay_s))
        lane.next_start = max(lane.next_start, self._now() + lane.pace_s)

    def held_s(self, host: str) -> int:
        """Say for how many seconds more a host asked to be left alone; 0 when it did not."""
        lane = self._lanes.get(host)
        return 0 if lane is None else max(0, -int(self._now() - lane.held_until))

    def note(self, host: str, status: int, retry_after_s: int | None) -> bool:
        """Learn from an answer; tell whether it belongs to a burst of 403s from that host.

        After 429, and after 503 or 403 with a time to come back, and after a burst, the host is
        left alone for that time.
        """
        lane = self._lane(host)
        lane.refusals = lane.refusals + 1 if status == 403 else 0
        burst = lane.refusals >= _BURST
        hold = _hold_s(status, retry_after_s, burst)
        if hold:
            lane.held_until = max(lane.held_until, self._now() + min(hold, _LONGEST_HOLD_S))
        return burst

    def _lane(self, host: str) -> _Lane:
        lane = self._lanes.get(host)
        if lane is None:
            lane = _Lane(asyncio.Semaphore(self._settings.per_host), pace_s=self._settings.pace_s)
            self._lanes[host] = lane
        return lane


def _hold_s(status: int, retry_after_s: int | None, burst: bool) -> float:
    """Say how long a host is left alone after an answer. Pure."""
    if status in (403, 429, 503) and retry_after_s is not None:
        return float(retry_after_s)
    if status == 429:
        return _HOLD_S
    return _BURST_HOLD_S if burst else 0.0
