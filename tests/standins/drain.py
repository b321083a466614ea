"""A backfill in small: every unit of a source done once, in order, and what came of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from flows.net.limits import NetSettings
from flows.net.streams import StreamingClient
from flows.sources.base import (
    Found,
    LeftOut,
    PassedOver,
    Source,
    Unit,
    UnitFailed,
    UnitSkipped,
    Window,
    unit_from_text,
    unit_to_text,
)

_T = TypeVar("_T")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


SEPTEMBER = Window(utc(2023, 9, 12), utc(2023, 9, 15))


@dataclass
class Outcome:
    """What a source gave."""

    units: list[Unit] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    passed: list[PassedOver] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    skipped: list[tuple[Unit, UnitSkipped]] = field(default_factory=list)
    failed: list[tuple[Unit, UnitFailed]] = field(default_factory=list)

    @property
    def inside(self) -> list[str]:
        """The addresses of what is not known to lie outside, in order."""
        return [one.entry.link or "" for one in self.found if not one.outside]

    @property
    def outside(self) -> list[str]:
        return [one.entry.link or "" for one in self.found if one.outside]

    @property
    def reasons(self) -> list[str]:
        return [str(failed.reason) for _, failed in self.failed]

    def twice(self) -> list[str]:
        """What was found more than once in one feed, by its guid."""
        counted = Counter((one.feed_id, one.entry.guid) for one in self.found)
        return [guid for (_, guid), times in counted.items() if times > 1]


async def drain_async(source: Source, window: Window, *, most: int = 2000) -> Outcome:
    """Do all units; each goes through its text form once, as it does in a ledger."""
    outcome = Outcome()
    waiting, seen = source.plan(window), set[str]()
    while waiting:
        unit = waiting.pop(0)
        if unit.unit_id in seen:
            continue
        assert unit_from_text(unit_to_text(unit)) == unit
        seen.add(unit.unit_id)
        assert len(seen) <= most, "units without end"
        outcome.units.append(unit)
        await _do(source, unit, outcome, waiting)
    return outcome


async def _do(source: Source, unit: Unit, outcome: Outcome, waiting: list[Unit]) -> None:
    last = None
    async for event in source.fetch(unit):
        assert not isinstance(last, UnitFailed | UnitSkipped), "what ends a unit comes last"
        last = event
        if isinstance(event, Found):
            assert not (event.outside and event.page), "what lies outside brings no page"
            outcome.found.append(event)
        elif isinstance(event, Unit):
            waiting.append(event)
        elif isinstance(event, PassedOver):
            outcome.passed.append(event)
        elif isinstance(event, LeftOut):
            outcome.left_out.append(event)
    if isinstance(last, UnitFailed):
        outcome.failed.append((unit, last))
    elif isinstance(last, UnitSkipped):
        outcome.skipped.append((unit, last))


@asynccontextmanager
async def open_door(**settings: object) -> AsyncIterator[StreamingClient]:
    """The real door, open to loopback; no pause of this machine uses up its patience."""
    given: dict[str, object] = {
        "allow_hosts": ("127.0.0.1/32",),
        "pace_allowed": False,
        "connect_s": 60.0,
        "read_s": 60.0,
        "total_s": 60.0,
    }
    net = NetSettings(**(given | settings))  # type: ignore[arg-type]
    async with StreamingClient(net, clock=lambda: NOW) as door:
        yield door


def drain(make: Callable[[StreamingClient], Source], window: Window = SEPTEMBER) -> Outcome:
    """Make a source on the real door and do all of its units."""
    return with_door(lambda door: drain_async(make(door), window))


def with_door(work: Callable[[StreamingClient], Awaitable[_T]]) -> _T:
    async def run() -> _T:
        async with open_door() as door:
            return await work(door)

    return asyncio.run(run())
