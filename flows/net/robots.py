"""robots.txt by RFC 9309: asked once an origin and day; 4xx allows, 5xx means not now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from protego import Protego

from extractors.records import Fetched, Reason
from flows.net.addresses import Refusal, Target

MAX_BYTES = 512_000  # RFC 9309 2.5 asks for at least 500 KiB
MAX_REDIRECTS = 5

_KEPT = timedelta(hours=24)  # RFC 9309 2.4: no longer than a day
_KEPT_FAILURE = timedelta(minutes=10)
_ORIGINS = 2_000

# The page itself would fail in the same way: that is the better reason to give.
_SAME_FOR_PAGE = frozenset(
    {
        Reason.DNS,
        Reason.CONNECT,
        Reason.TLS,
        Reason.TIMEOUT,
        Reason.OFFLINE,
        Reason.ADDRESS,
        Reason.BAD_URL,
    }
)
_NOT_NOW = frozenset({Reason.THROTTLED, Reason.SERVER_ERROR, Reason.PROTOCOL, Reason.TOO_LARGE})


@dataclass(frozen=True, slots=True)
class Rules:
    """One origin's robots.txt: parsed, absent (everything allowed), or a refusal for now."""

    parsed: Protego | None = None
    refusal: Refusal | None = None
    delay_s: float = 0.0

    def judge(self, url: str, robot: str) -> Refusal | None:
        """Return why `url` may not be asked by `robot` (a product token), or None."""
        if self.refusal is not None:
            return self.refusal
        if self.parsed is None or self.parsed.can_fetch(url, robot):
            return None
        return Refusal(Reason.ROBOTS, "robots.txt of that site says no")


def read_robots(fetched: Fetched, robot: str) -> Rules:
    """Turn the answer for /robots.txt into rules. Pure; never raises.

    4xx and a loop of redirects mean that there are no rules. 429, 5xx, an answer that is not
    HTTP and one without end mean not now; a failure of the connection is handed on as it is.
    """
    if fetched.reason in _SAME_FOR_PAGE:
        return Rules(refusal=Refusal(fetched.reason, fetched.detail))
    if fetched.reason in _NOT_NOW:
        words = f"robots.txt cannot be read now: {fetched.detail}"
        return Rules(refusal=Refusal(Reason.ROBOTS_UNREACHABLE, words))
    if fetched.reason is not None or not fetched.body:
        return Rules()
    text = fetched.body[:MAX_BYTES].decode("utf-8-sig", "replace")
    try:
        parsed = Protego.parse(text)
        return Rules(parsed=parsed, delay_s=_delay_s(parsed, robot))
    except (ValueError, AttributeError, IndexError, OverflowError) as exc:
        words = f"robots.txt cannot be understood: {type(exc).__name__}"
        return Rules(refusal=Refusal(Reason.ROBOTS_UNREACHABLE, words))


def _delay_s(parsed: Protego, robot: str) -> float:
    """Return the longer of Crawl-delay and Request-rate, in seconds between starts."""
    rate = parsed.request_rate(robot)
    spaced = rate.seconds / rate.requests if rate is not None and rate.requests > 0 else 0.0
    return max(float(parsed.crawl_delay(robot) or 0.0), spaced)


class Robots:
    """The rules of every origin asked, fetched through `fetch` (which knows no robots.txt).

    `clock` gives aware UTC; `slow_down(host, seconds)` is told of a crawl delay.
    """

    def __init__(
        self,
        fetch: Callable[[str], Awaitable[Fetched]],
        robot: str,
        *,
        clock: Callable[[], datetime],
        slow_down: Callable[[str, float], None],
    ) -> None:
        self._fetch = fetch
        self._robot = robot
        self._clock = clock
        self._slow_down = slow_down
        self._known: dict[tuple[str, str, int], tuple[datetime, Rules]] = {}
        self._asking: dict[tuple[str, str, int], asyncio.Lock] = {}

    async def judge(self, target: Target) -> Refusal | None:
        """Return why a page may not be asked, or None. Concurrent callers share one request."""
        rules = self._fresh(target.origin)
        if rules is None:
            # A lock, not a shared task: a caller that is cancelled takes nobody with it.
            async with self._asking.setdefault(target.origin, asyncio.Lock()):
                rules = self._fresh(target.origin) or await self._ask(target)
        return rules.judge(target.url, self._robot)

    def _fresh(self, origin: tuple[str, str, int]) -> Rules | None:
        known = self._known.get(origin)
        return known[1] if known is not None and self._clock() < known[0] else None

    async def _ask(self, target: Target) -> Rules:
        whole = target.url.encode("ascii")
        root = whole[: len(whole) - len(target.path)].decode("ascii")
        rules = read_robots(await self._fetch(f"{root}/robots.txt"), self._robot)
        until = self._clock() + (_KEPT if rules.refusal is None else _KEPT_FAILURE)
        while len(self._known) >= _ORIGINS:
            self._known.pop(next(iter(self._known)))
        self._known[target.origin] = (until, rules)
        self._asking.pop(target.origin, None)
        if rules.delay_s > 0:
            self._slow_down(target.host, rules.delay_s)
        return rules
