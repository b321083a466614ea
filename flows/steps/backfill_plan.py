"""What a backfill would do: units, what is done of them, and how long it takes. Writes nothing."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from extractors.records import Listing
from flows.settings import Settings
from flows.sources.base import Source, Unit, UnitFailed, Window
from flows.steps.backfill import OpenDoor
from flows.steps.backfill_asks import Ask, asks_of, check_request, gate_of
from flows.steps.backfill_request import BackfillRequest, named_sources
from flows.steps.backfill_sources import SourceMaker, make_sources, streaming_network
from flows.steps.job import Job
from flows.steps.units import Root, remaining, roots
from storage.backfill import Group, Span, covered_windows
from storage.backfill_reports import Gap, entries_a_day, recorded_gaps, source_lines

LOOK_S = 30.0  # at most so long is spent on asking what there is
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One feed in one source. `units` are those known by now: doing them may show more.

    `done_days` are days of the window that are covered already; `expected` how many items there
    will be, None where nothing tells; `problem` what stood against looking closer.
    """

    source: str
    feed: str
    units: int
    done_days: float
    days: float
    expected: int | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class BackfillPlan:
    """What a backfill would do. `seconds` is how long its requests take at the hosts' pace, pages
    included where their number is known; it is a lower bound, since units may show more.
    """

    windows: tuple[Window, ...]
    depth: str
    lines: tuple[PlanLine, ...]
    done_units: int
    seconds: float


@dataclass
class _Tally:
    """What is known of one feed in one source."""

    units: list[Unit] = field(default_factory=list)
    done_s: float = 0.0
    total_s: float = 0.0
    problem: str | None = None
    families: set[str] = field(default_factory=set)

    @property
    def days(self) -> tuple[float, float]:
        """How many days are done and asked, whatever the number of ways that lead to them."""
        seconds = _DAY_S * max(1, len(self.families))
        return self.done_s / seconds, self.total_s / seconds


def plan_backfill(
    job: Job,
    request: BackfillRequest,
    *,
    open_door: OpenDoor = streaming_network,
    make: SourceMaker = make_sources,
) -> BackfillPlan:
    """Work out what `run_backfill` would do. Asks what is cheap to ask, and writes nothing.

    Raises UsageError or SettingsError as the run would.
    """
    listed = check_request(job, request)
    _, depth = gate_of(job, request)
    return asyncio.run(_plan(job, request, listed, depth, open_door, make))


async def _plan(
    job: Job,
    request: BackfillRequest,
    listed: Sequence[Listing],
    depth: str,
    open_door: OpenDoor,
    make: SourceMaker,
) -> BackfillPlan:
    wanted = named_sources(request.sources)
    ready = job.warehouse.ready()
    gaps: tuple[Gap, ...] = ()
    if ready and request.gaps:
        with job.warehouse.session() as session:
            gaps = recorded_gaps(session)
    asks = asks_of(request, listed, gaps)
    tallies: dict[tuple[str, str], _Tally] = defaultdict(_Tally)
    names = {feed.feed_id: feed.publisher or feed.url for feed in listed}
    groups: set[Group] = set()
    async with open_door(job) as door:
        for ask in asks:
            sources = make(job.settings, door, ask.feeds, wanted)
            names |= {
                row.feed_id: row.publisher or row.url for made in sources for row in made.listings()
            }
            for source in sources:
                covered = _covered(job, source, ask, depth, request.again) if ready else {}
                groups |= _tally(source, ask.window, covered, tallies, names)
        await _look_closer(sources if asks else [], tallies)
    rates: Mapping[str, float] = {}
    done = 0
    if ready:
        with job.warehouse.session() as session:
            rates = entries_a_day(session, [feed.feed_id for feed in listed])
            lines_done = source_lines(session, sorted(groups, key=repr))
            done = sum(line.done + line.skipped for line in lines_done)
    lines = tuple(_line(key, tally, rates) for key, tally in sorted(tallies.items()))
    return BackfillPlan(
        windows=tuple(ask.window for ask in asks),
        depth=depth,
        lines=lines,
        done_units=done,
        seconds=seconds_at_pace(
            [unit for tally in tallies.values() for unit in tally.units],
            job.settings,
            pages=_expected_pages(asks, rates) if request.pages else {},
        ),
    )


def _covered(job: Job, source: Source, ask: Ask, depth: str, again: bool) -> dict[str, list[Span]]:
    if again:
        return {}
    named = sorted({family for _, family in roots(source, ask.window, {})})
    with job.warehouse.session() as session:
        return covered_windows(session, named, depth)


def _tally(
    source: Source,
    window: Window,
    covered: Mapping[str, Sequence[Span]],
    tallies: dict[tuple[str, str], _Tally],
    names: Mapping[str, str],
) -> set[Group]:
    """Count a source's units by feed; returns the groups that hold what is done of the window."""
    whole: list[Root] = roots(source, window, {})
    seen: set[tuple[tuple[str, str], str]] = set()
    groups: set[Group] = set()
    for unit, family in whole:
        key = (source.name, names.get(unit.feed_id or "", "all of them"))
        groups.add(Group(family, unit.start, unit.end))
        if (key, family) in seen:
            continue
        seen.add((key, family))
        groups |= {Group(family, *span) for span in covered.get(family, ())}
        tally = tallies[key]
        length = (window.end - window.start).total_seconds()
        left = sum(
            (part.end - part.start).total_seconds()
            for part in remaining(window, covered.get(family, ()))
        )
        tally.families.add(family)
        tally.total_s += length
        tally.done_s += length - left
    for unit, _ in roots(source, window, covered):
        tallies[source.name, names.get(unit.feed_id or "", "all of them")].units.append(unit)
    return groups


async def _look_closer(
    sources: Sequence[Source], tallies: Mapping[tuple[str, str], _Tally]
) -> None:
    """Do the cheap units that only name others, and count those; no longer than `LOOK_S`."""
    by_name = {source.name: source for source in sources}
    looking = [
        _look(by_name[unit.source], unit, tally)
        for tally in tallies.values()
        for unit in list(tally.units)
        if unit.lists
    ]
    with suppress(TimeoutError):
        async with asyncio.timeout(LOOK_S):
            await asyncio.gather(*looking)


async def _look(source: Source, unit: Unit, tally: _Tally) -> None:
    async with aclosing(source.fetch(unit)) as events:
        async for event in events:
            if isinstance(event, Unit):
                tally.units.append(event)
            elif isinstance(event, UnitFailed):
                tally.problem = f"{event.reason}: {event.detail}"


def _line(key: tuple[str, str], tally: _Tally, rates: Mapping[str, float]) -> PlanLine:
    known = [unit.expected for unit in tally.units if unit.expected is not None]
    rate = sum(rates.get(feed, 0.0) for feed in {unit.feed_id or "" for unit in tally.units})
    done, days = tally.days
    expected = sum(known) if known else round(rate * (days - done)) if rate else None
    return PlanLine(
        source=key[0],
        feed=key[1],
        units=len({unit.unit_id for unit in tally.units}),
        done_days=done,
        days=days,
        expected=expected,
        problem=tally.problem,
    )


def _expected_pages(asks: Iterable[Ask], rates: Mapping[str, float]) -> Counter[str]:
    """How many pages each host is likely to be asked for."""
    found: Counter[str] = Counter()
    for ask in asks:
        days = (ask.window.end - ask.window.start).total_seconds() / _DAY_S
        for feed in ask.feeds:
            found[_host(feed.homepage or feed.url)] += round(rates.get(feed.feed_id, 0.0) * days)
    return found


def seconds_at_pace(
    units: Iterable[Unit], settings: Settings, *, pages: Mapping[str, int]
) -> float:
    """How long these units and pages take when each host is asked at its pace, all side by side.

    Pure; files on this machine take no time.
    """
    asked: Counter[str] = Counter(pages)
    queries = 0
    for unit in {unit.unit_id: unit for unit in units}.values():
        if unit.source == "wayback" and unit.step != "issue":
            queries += 1
        elif unit.url.startswith(("http://", "https://")):
            asked[_host(unit.url)] += 1
    slowest = max((count * settings.pace_s for count in asked.values()), default=0.0)
    return max(slowest, queries * settings.cdx_pace_s)


def _host(url: str) -> str:
    return urlsplit(url).netloc
