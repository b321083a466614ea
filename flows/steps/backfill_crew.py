"""What the stretches of one backfill share, and what one unit has given so far."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from extractors.records import Reason, SourceKind, State
from flows.sources.base import Found, LeftOut, Source, Unit
from flows.steps.answers import PackedPage
from flows.steps.backfill_sources import BRINGING
from flows.steps.job import Job
from flows.steps.rows import entry_row
from flows.steps.topics import Topics
from flows.steps.units import ENTRIES, tells_nothing, unit_row
from storage.backfill import Claim, Group, UnitEnd, UnitRow
from storage.finds import WantedPage
from storage.rows import EntryRow
from storage.session import Session

_BATCH_BYTES = 10_000_000  # of pages as they wait, packed
_FEW = 40  # pages keep the readers busy for as long as the next ones take to come
_KEEP = timedelta(minutes=30)  # how long a claim holds when nothing lands


@dataclass
class Crew:
    """What all stretches of one backfill share. `urls` are the addresses of the rows of `feeds`.

    `down` are services that do not answer, `left` how many pages may still be read (None: all),
    `alive` tells which other runs are alive.
    """

    job: Job
    topics: Topics
    sources: dict[str, Source]
    groups: tuple[Group, ...]
    urls: dict[str, str]
    depth: str
    began: datetime
    gate: Topics | None
    again: bool
    left: int | None
    alive: Callable[[Session], tuple[str, ...]]
    down: set[str] = field(default_factory=set)
    failing: Counter[str] = field(default_factory=Counter)

    @property
    def spread(self) -> frozenset[str]:
        """The sources whose units are left for any run that shares the work, one by one."""
        return frozenset() if self.job.share.whole else frozenset(BRINGING)

    def claim(self, alive: tuple[str, ...] = ()) -> Claim:
        """A claim as of now; whoever takes units says which other runs are alive."""
        now = self.job.clock()
        return Claim(self.job.run_id, alive, now, now + _KEEP)


@dataclass
class Haul:
    """What a unit gave so far: counted in all, and gathered since it last landed.

    `weight` are the bytes of the pages among it, as they wait; `reading` the batches whose pages
    are read at the moment, or land.
    """

    unit: Unit
    family: str
    count: UnitEnd = field(default_factory=lambda: UnitEnd("running"))
    entries: list[EntryRow] = field(default_factory=list)
    wanted: list[WantedPage] = field(default_factory=list)
    bodies: dict[str, PackedPage] = field(default_factory=dict)
    children: list[UnitRow] = field(default_factory=list)
    left_out: list[UnitRow] = field(default_factory=list)
    reading: list[asyncio.Task[None]] = field(default_factory=list)
    weight: int = 0

    def is_full(self, most: int) -> bool:
        """Whether `most` sightings, or as much memory as a batch may take, have gathered.

        While no page is being read, a few make a batch: readers are not kept waiting for it.
        """
        if len(self.entries) >= most or self.weight >= _BATCH_BYTES:
            return True
        return len(self.bodies) >= _FEW and all(one.done() for one in self.reading)

    async def read_but(self, few: int) -> None:
        """Wait until no more than a few batches are being read; raises what went wrong in one."""
        while len(self.reading) > few:
            await self.reading[0]
            del self.reading[0]

    def empty(self) -> None:
        """Begin the next batch; further units are kept for the end."""
        self.entries, self.wanted, self.bodies, self.weight = [], [], {}, 0

    def leave_out(self, left: LeftOut, depth: str) -> None:
        """Note a unit that is not to be done."""
        self.count = replace(self.count, passed=self.count.passed + 1)
        row = unit_row(left.unit, self.family, depth, parent_id=self.unit.unit_id)
        self.left_out.append(replace(row, reason=str(left.reason), detail=left.detail))

    def add(self, crew: Crew, found: Found) -> None:
        """Take up a find as a sighting; window and gate decide whether its page is wanted."""
        feed_id = found.feed_id or self.unit.feed_id or ""
        if feed_id not in crew.urls:  # of no source that anybody listed
            self.count = replace(self.count, passed=self.count.passed + 1)
            return
        row = entry_row(
            found.entry,
            feed_id,
            crew.urls[feed_id],
            run_id=crew.job.run_id,
            source_kind=str(SourceKind.BACKFILL),
            now=crew.job.clock(),
        )
        if row.page_id is not None and found.outside:
            row = replace(row, state=str(State.SKIPPED), reason=str(Reason.OUTSIDE_WINDOW))
        elif row.page_id is not None and not _passes(crew, found, row):
            row = replace(row, state=str(State.SKIPPED), reason=str(Reason.UNLIKELY))
        self.entries.append(row)
        outside = row.reason == Reason.OUTSIDE_WINDOW
        self.count = replace(
            self.count, found=self.count.found + 1, outside=self.count.outside + outside
        )
        if row.page_id is not None and row.state == State.LANDED:
            self.wanted.append(WantedPage(row.page_id, found.fetch_url))
            if found.page and crew.depth != ENTRIES and row.page_id not in self.bodies:
                packed = PackedPage.of(found.page, crew.job.clock())
                self.bodies[row.page_id] = packed
                self.weight += len(packed.record.member)


def _passes(crew: Crew, found: Found, row: EntryRow) -> bool:
    gate = crew.gate
    if gate is None or tells_nothing(found.entry):
        return True
    return gate.tagger.likely(row.title, row.summary, row.url)
