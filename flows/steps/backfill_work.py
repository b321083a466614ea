"""Doing units of the past: fetch, land what they find, note how they ended, one stretch at a time.

A stretch ends after a while, so that live runs come to their turn. While a unit lasts longer than
that, the turn is given back for a while between two landings, and the unit goes on.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from itertools import chain, islice
from threading import Event

from extractors.records import Reason
from flows.policy import is_soft
from flows.sources.base import (
    Found,
    LeftOut,
    PassedOver,
    Unit,
    UnitFailed,
    UnitSkipped,
    unit_from_text,
)
from flows.steps.answers import Answer, MadePage, PackedPage, make_pages
from flows.steps.backfill_crew import Crew, Haul
from flows.steps.backfill_sources import BRINGING, SERVICES
from flows.steps.pages import land_made
from flows.steps.progress import listener
from flows.steps.shifts import Shift
from flows.steps.sitting import Sitting, in_thread
from flows.steps.units import ENTRIES, unit_row
from storage.archive import ArchiveWriter
from storage.backfill import (
    UnitEnd,
    UnitRow,
    claim_units,
    keep_units,
    release_units,
)
from storage.finds import land_finds
from storage.rows import PageTask
from storage.work import forgotten_ids, tasks_without_bytes

STRETCH_S = 30.0
_CLAIMED = 60  # units a batch
_AT_ONCE = 40  # hosts are asked side by side; each has its own pace
_STREAMS_AT_ONCE = 2  # large files keep the cores busy
PAGES_TOGETHER = 8  # that a reader is given at once: what is read beside them is held as well
_READING = 2  # batches of a unit: one is read while the one before lands and the next one comes
_PAUSE_S = 1.0
_GIVE_UP = 3  # failures in a row after which a service is down


async def work_stretch(crew: Crew, names: Sequence[str], shift: Shift) -> int:
    """Do units of these sources until none is left or the shift is over; returns how many."""
    done = 0
    # One more than readers: it has the next pages ready for the first of them that is free.
    threads = crew.job.settings.workers + 1
    pool = ThreadPoolExecutor(threads, thread_name_prefix="read")
    with (
        ArchiveWriter(crew.job.settings.archive_root, crew.job.run_id) as archive,
        Sitting(crew.job.warehouse) as sitting,
    ):
        stretch = _Stretch(crew, archive, sitting, pool, shift)
        await in_thread(stretch.begin)
        resting = asyncio.create_task(stretch.give_way())
        try:
            while not stretch.over and (units := await stretch.take(names)):
                done += await stretch.do(units, resting)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            resting.cancel()
            await asyncio.gather(resting, return_exceptions=True)
            await in_thread(stretch.end)
    return done


class _Stretch:
    """One stretch at work."""

    def __init__(
        self,
        crew: Crew,
        archive: ArchiveWriter,
        sitting: Sitting,
        pool: ThreadPoolExecutor,
        shift: Shift,
    ) -> None:
        self._crew, self._archive, self._sitting, self._pool = crew, archive, sitting, pool
        self._shift, self._deadline = shift, time.monotonic() + shift.left_s
        self._begun, self._rests = False, 0
        self._in_hand: set[str] = set()  # pages that another unit may have as well
        self._landing = asyncio.Lock()
        self._forgotten: set[str] = set()

    @property
    def over(self) -> bool:
        """Whether no further unit is to be begun; one is, however slow the machine."""
        late = self._begun and time.monotonic() >= self._deadline
        return late or self._crew.left == 0

    def begin(self) -> None:
        """Give back what an earlier stretch of this run left half-done."""
        with self._sitting.session() as session:
            release_units(session, self._crew.job.run_id)
            self._forgotten = forgotten_ids(session)

    def end(self) -> None:
        """Give back what was claimed and not done."""
        with self._sitting.session() as session:
            release_units(session, self._crew.job.run_id)

    async def give_way(self) -> None:
        """Give the turn back after each shift, whatever the units are at; for ever."""
        while True:
            await asyncio.sleep(self._shift.left_s)
            async with self._landing:
                await self._shift.rest(self._sitting)
                self._rests += 1
                await in_thread(self._go_on)

    def _go_on(self) -> None:
        """Hold on to what was claimed, and look what others have done meanwhile."""
        with self._sitting.session() as session:
            keep_units(session, self._crew.claim())
            self._forgotten = forgotten_ids(session)

    async def take(self, names: Sequence[str]) -> list[tuple[Unit, str]]:
        """Claim the next units, each with its family."""
        async with self._landing:
            return await in_thread(self._claimed, names)

    def _claimed(self, names: Sequence[str]) -> list[tuple[Unit, str]]:
        up = [name for name in names if name not in self._crew.down]
        with self._sitting.session() as session:
            found = claim_units(
                session,
                self._crew.groups,
                up,
                self._crew.claim(self._crew.alive(session)),
                began=self._crew.began,
                # Runs that share the work leave each other enough of what takes long.
                limit=_CLAIMED if set(names).isdisjoint(self._crew.spread) else _STREAMS_AT_ONCE,
            )
        return [(unit_from_text(spec), family) for spec, family in found]

    async def do(self, units: list[tuple[Unit, str]], resting: asyncio.Task[None]) -> int:
        """Do units side by side, and those that they name, until the time is over.

        Raises what `resting`, which never ends by itself, ended with: the turn is lost.
        """
        waiting, done = deque(units), 0
        at_work: set[asyncio.Task[list[tuple[Unit, str]]]] = set()
        try:
            while at_work or (waiting and not self.over):
                while waiting and not self.over and len(at_work) < _most(waiting[0][0]):
                    unit, family = waiting.popleft()
                    if unit.source not in self._crew.down:
                        self._begun = True
                        at_work.add(asyncio.create_task(self._one(unit, family)))
                if not at_work:
                    break
                await asyncio.wait(
                    {*at_work, resting}, timeout=_PAUSE_S, return_when=asyncio.FIRST_COMPLETED
                )
                await self._pause()
                if resting.done():
                    resting.result()
                ended = {task for task in at_work if task.done()}
                at_work -= ended
                for task in ended:
                    waiting.extend(task.result())
                done += len(ended)
        finally:
            for task in at_work:
                task.cancel()
            await asyncio.gather(*at_work, return_exceptions=True)
        return done

    async def _pause(self) -> None:
        """Leave the working file to runs that share the work while nothing lands."""
        if not (self._crew.job.share.whole or self._landing.locked()):
            async with self._landing:
                await in_thread(self._sitting.rise_if_idle, _PAUSE_S)

    async def _one(self, unit: Unit, family: str) -> list[tuple[Unit, str]]:
        """Do one unit; returns the units it named that nobody had planned before."""
        haul = Haul(unit, family)
        try:
            return await self._hauled(haul)
        finally:
            for reading in haul.reading:
                reading.cancel()
            await asyncio.gather(*haul.reading, return_exceptions=True)

    async def _hauled(self, haul: Haul) -> list[tuple[Unit, str]]:
        unit = haul.unit
        undone: UnitFailed | UnitSkipped | None = None
        async with aclosing(self._crew.sources[unit.source].fetch(unit)) as events:
            async for event in events:
                if isinstance(event, Found):
                    haul.add(self._crew, event)
                    if haul.is_full(self._crew.job.settings.batch):
                        await self._land(haul)
                elif isinstance(event, Unit):
                    haul.children.append(
                        unit_row(event, haul.family, self._crew.depth, parent_id=unit.unit_id)
                    )
                elif isinstance(event, LeftOut):
                    haul.leave_out(event, self._crew.depth)
                elif isinstance(event, PassedOver):
                    haul.count = replace(haul.count, passed=haul.count.passed + event.count)
                else:
                    undone = event
                if self._crew.left == 0 and unit.source in BRINGING:
                    break
        self._note(unit.source, undone)
        fresh = await self._land(haul, self._ended(haul, undone))
        listener().expect(unit.source, len(fresh))
        listener().advance(unit.source)
        return [(unit_from_text(row.spec), row.family) for row in fresh]

    def _note(self, source: str, undone: UnitFailed | UnitSkipped | None) -> None:
        """Count a service's failures in a row; after a few its other units are left alone."""
        crew = self._crew
        if source not in SERVICES:
            return
        soft = isinstance(undone, UnitFailed) and is_soft(undone.reason)
        crew.failing[source] = crew.failing[source] + 1 if soft else 0
        if crew.failing[source] >= _GIVE_UP and undone and source not in crew.down:
            crew.down.add(source)
            listener().say(f"{source} cannot be had ({undone.detail}): the rest of it is left")

    def _ended(self, haul: Haul, undone: UnitFailed | UnitSkipped | None) -> UnitEnd:
        """Say how a unit ended. A day that is not over is never done."""
        crew = self._crew
        if isinstance(undone, UnitFailed):
            return replace(
                haul.count, state="failed", reason=str(undone.reason), detail=undone.detail
            )
        if crew.left == 0 and haul.unit.source in BRINGING:
            reason = str(Reason.LIMIT)
            return replace(
                haul.count, state="planned", reason=reason, detail="stopped at the limit"
            )
        lag: timedelta = getattr(crew.sources[haul.unit.source], "lag", timedelta(0))
        if haul.unit.end + lag > crew.job.clock():
            return replace(haul.count, state="planned", detail="its window is not over yet")
        if undone is not None:
            return replace(
                haul.count, state="skipped", reason=str(undone.reason), detail=undone.detail
            )
        return replace(haul.count, state="done")

    async def _land(self, haul: Haul, end: UnitEnd | None = None) -> tuple[UnitRow, ...]:
        """Land what has gathered: sightings, then pages that came with them, then the end.

        Pages are read, and landed, while the unit goes on to gather the next batch.
        """
        bodies = haul.bodies
        if bodies:
            async with self._landing:
                await in_thread(self._land_finds, haul, None)
                tasks, rests = await in_thread(self._tasks, list(bodies)), self._rests
            await haul.read_but(_READING - 1)
            haul.reading.append(asyncio.create_task(self._read(tasks, bodies, rests)))
            if end is None:
                return ()
        await haul.read_but(0)
        async with self._landing:
            return await in_thread(self._land_finds, haul, end)

    def _land_finds(self, haul: Haul, end: UnitEnd | None) -> tuple[UnitRow, ...]:
        with self._sitting.session() as session:
            landed = land_finds(
                session,
                haul.unit.unit_id,
                haul.entries,
                haul.wanted,
                claim=self._crew.claim(),
                children=haul.children if end else (),
                left_out=haul.left_out if end else (),
                end=replace(end, new=haul.count.new) if end else None,
                again=self._crew.again,
            )
            if spread := haul.unit.source in self._crew.spread:
                children = [row.unit_id for row in landed.children]
                release_units(session, self._crew.job.run_id, children)
        haul.count = replace(haul.count, new=haul.count.new + landed.new)
        haul.empty()
        return () if spread else landed.children

    async def _read(
        self, tasks: Sequence[PageTask], bodies: Mapping[str, PackedPage], rests: int
    ) -> None:
        """Make articles of pages that a unit brought with it, as of fetched ones, and land them."""
        crew, remaining, stopped = self._crew, iter(tasks), Event()
        loop, now = asyncio.get_running_loop(), crew.job.clock()
        listener().expect("pages", len(tasks))

        def read_on() -> list[MadePage]:
            made: list[MadePage] = []
            # Each goes to the thread that comes first.
            while (some := list(islice(remaining, part))) and not stopped.is_set():
                answers = [Answer(task, bodies[task.page_id], now) for task in some]
                made += make_pages(crew.job, crew.topics, stopped, {}, answers)
            return made

        # A future for each thread: one for each page costs half of what a reader's answer does.
        threads = range(crew.job.settings.workers)
        part = max(1, min(PAGES_TOGETHER, len(tasks) // len(threads)))
        try:
            parts = await asyncio.gather(
                *(loop.run_in_executor(self._pool, read_on) for _ in threads)
            )
        finally:
            stopped.set()
        made = list(chain.from_iterable(parts))
        async with self._landing:
            await in_thread(self._land_read, made, rests)
        self._in_hand -= {task.page_id for task in tasks}
        listener().advance("pages", len(made))

    def _land_read(self, made: list[MadePage], rests: int) -> None:
        if rests != self._rests:  # others had the turn meanwhile, and may have fetched some
            ids = [page.row.page_id for page in made]
            left = {task.page_id for task in self._without_bytes(ids)}
            made = [page for page in made if page.row.page_id in left]
        if made:
            land_made(self._crew.job, self._archive, made, self._forgotten, self._sitting)

    def _tasks(self, page_ids: list[str]) -> list[PageTask]:
        """Those of the pages that are to be read, within the limit."""
        crew = self._crew
        if crew.depth == ENTRIES:
            return []
        found = self._without_bytes([one for one in page_ids if one not in self._in_hand])
        tasks = found[: crew.left]
        self._in_hand |= {task.page_id for task in tasks}
        if crew.left is not None:
            crew.left -= len(tasks)
        return tasks

    def _without_bytes(self, page_ids: list[str]) -> list[PageTask]:
        with self._sitting.session() as session:
            return tasks_without_bytes(session, page_ids, everything=self._crew.again)


def _most(unit: Unit) -> int:
    return _STREAMS_AT_ONCE if unit.source in BRINGING else _AT_ONCE
