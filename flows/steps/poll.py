"""One poll of many feeds: ask, read, and land each feed's entries with its new validators."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence, Set
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import compress
from threading import Event
from typing import IO, TYPE_CHECKING

from extractors.records import (
    FeedState,
    Fetched,
    ParsedFeed,
    Reason,
    SourceKind,
    State,
    WarcPosition,
)
from flows.net.door import Fetcher
from flows.net.outage import not_charged
from flows.policy import after_poll, body_hash, changes, outcome_of, possible_gap
from flows.steps.batches import Together, in_batches
from flows.steps.job import Job
from flows.steps.progress import listener
from flows.steps.rows import entry_row
from flows.steps.sitting import Sitting, in_thread
from flows.steps.spool import LARGE, spooled, unspooled
from flows.steps.telling import LANDING, SPOOLED
from flows.steps.topics import Topics
from storage.archive import ArchiveWriter
from storage.landing import land_polls
from storage.rows import EntryRow, PollLanding, PollRow
from storage.work import forgotten_ids, known_entries

if TYPE_CHECKING:
    from flows.steps.aside import Bounds

# While feeds come, one comes every few milliseconds: those left are slow, and nobody waits.
_PATIENCE_S = 0.05
_UNREACHED = (Reason.DNS, Reason.CONNECT, Reason.TIMEOUT)
# Bytes of bodies that wait in memory until they land.
_HELD = 2_000_000
# Starting a process to read in takes as long as reading four hundred feeds.
_MANY = 400
_TOGETHER = 8  # feeds that a thread reads at once


@dataclass(frozen=True, slots=True)
class Polled:
    """One feed's answer, read. `parsed` is None for an unchanged body and for a failure."""

    before: FeedState
    fetched: Fetched
    parsed: ParsedFeed | None
    entries: tuple[EntryRow, ...] = ()
    note: str | None = None

    @property
    def reason(self) -> Reason | None:
        """Why this poll failed, or None."""
        return self.fetched.reason or (self.parsed.reason if self.parsed else None)


@dataclass(frozen=True, slots=True)
class Later:
    """A costly answer that is set aside on the disk until the ordinary ones have had their turn."""

    before: FeedState
    spool: IO[bytes]
    note: str | None = None


_Read = Callable[[FeedState, Fetched], Awaitable[Polled | None]]
_Answer = tuple[FeedState, Fetched]
_Parse = Callable[[Sequence[Fetched]], Sequence[ParsedFeed | None]]


async def poll_feeds(
    job: Job, topics: Topics, feeds: list[FeedState], door: Fetcher, *, pages: bool = False
) -> int:
    """Poll these feeds at once and land them in batches; returns how many were landed.

    Where `pages` are fetched next, many feeds are read where those will be: the other cores would
    have nothing to do meanwhile.
    """
    listener().expect("feeds", len(feeds))
    with job.warehouse.session() as session:
        forgotten = forgotten_ids(session)
    elsewhere = pages and len(feeds) >= _MANY
    # Here one thread reads, so that readers do not fight the event loop for the interpreter.
    threads = job.settings.workers if elsewhere else 1
    reader = ThreadPoolExecutor(threads, thread_name_prefix="read")
    left = Event()
    try:
        with (
            ArchiveWriter(job.settings.archive_root, f"{job.run_id}-feeds") as archive,
            Sitting(job.warehouse) as sitting,
        ):
            most, deep = job.settings.max_entries, job.settings.max_depth
            cheaply = partial(job.readers.read_feeds, stopped=left) if elsewhere else _read_here()
            parse = partial(cheaply, max_entries=most, max_depth=deep)
            read = partial(read_polls, job, topics, parse)
            reading = Together(reader, read, threads=threads, most=_TOGETHER)
            desk = _Desk(job, topics, door, archive, sitting, reader, reading, forgotten)
            asking = [desk.ask(state) for state in feeds]
            batches = in_batches(asking, job.settings.batch, patience_s=_PATIENCE_S, pauses=True)
            async for batch in batches:
                await desk.take(batch)
            await desk.finish()
    finally:
        left.set()
        reader.shutdown(wait=False, cancel_futures=True)
    return len(feeds)


def _read_here() -> Callable[..., list[ParsedFeed | None]]:
    """What reads feeds in this process; imported where it is needed, and before anything comes."""
    from flows.steps.aside import read_all_cheaply

    return read_all_cheaply


@dataclass
class _Desk:
    """One poll at work: what it is given, and what it has set aside."""

    job: Job
    topics: Topics
    door: Fetcher
    archive: ArchiveWriter
    sitting: Sitting
    reader: Executor
    reading: Together[_Answer, Polled | None]
    forgotten: Set[str]
    # Whether it is the feed or our own connection is known only when everybody was asked.
    suspects: list[Polled] = field(default_factory=list)
    later: list[Later] = field(default_factory=list)

    async def ask(self, state: FeedState) -> Polled | Later:
        """Ask one feed and read its answer, unless that is costly."""
        return await self._read(state, await _fetch(state, state.url, self.door), self._cheaply)

    async def _read(
        self, state: FeedState, fetched: Fetched, read: _Read, note: str | None = None
    ) -> Polled | Later:
        """Read an answer; of a page that names one feed, that feed's."""
        polled = await read(state, fetched)
        if polled is None:
            self.job.times.add(SPOOLED, len(fetched.body))
            spool = await asyncio.to_thread(spooled, fetched, self.job.settings.data)
            return Later(state, spool, note)
        if note or polled.reason != Reason.NOT_A_FEED:
            return replace(polled, note=note)
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self.reader, _named_feeds, fetched)
        if len(found) != 1:
            return replace(polled, note=_choices(found))
        plain = replace(state, etag=None, last_modified=None)
        other = await _fetch(plain, found[0][0], self.door)
        return await self._read(
            state, other, read, f"the address is a page; its one feed is {found[0][0]}"
        )

    async def _cheaply(self, state: FeedState, fetched: Fetched) -> Polled | None:
        """Read an answer soon, unless that would hold up the others."""
        return None if len(fetched.body) > LARGE else await self.reading.run((state, fetched))

    async def take(self, batch: Sequence[Polled | Later]) -> None:
        """Land a batch, and set aside what is not to be landed yet; an empty one is a pause."""
        listener().advance("feeds", len(batch))
        self.later += [item for item in batch if isinstance(item, Later)]
        polled = [item for item in batch if isinstance(item, Polled)]
        self.suspects += [item for item in polled if item.reason in _UNREACHED]
        ready = [item for item in polled if item.reason not in _UNREACHED]
        if ready:
            await self._land(ready)
        elif not batch:
            await in_thread(self.sitting.rise)

    async def finish(self) -> None:
        """Land the rest: what was set aside, and what could not be reached."""
        await self._finish_later()
        offline, size = self.door.offline, self.job.settings.batch
        judged = [
            replace(i, fetched=not_charged(i.fetched, offline=offline)) for i in self.suspects
        ]
        for start in range(0, len(judged), size):
            await self._land(judged[start : start + size])

    async def _finish_later(self) -> None:
        """Read and land what was set aside, as much at once as the memory should hold."""
        if not self.later:
            return
        from flows.steps.aside import Aside  # few polls have a costly answer

        ready: list[Polled] = []
        with Aside(_bounds(self.job)) as aside:
            read_one = partial(read_polls, self.job, self.topics, aside.read_all)

            async def read(state: FeedState, fetched: Fetched) -> Polled | None:
                loop = asyncio.get_running_loop()
                (polled,) = await loop.run_in_executor(self.reader, read_one, [(state, fetched)])
                return polled

            while self.later:
                item = self.later.pop()
                with item.spool:
                    fetched = await asyncio.to_thread(unspooled, item.spool)
                polled = await self._read(item.before, fetched, read, item.note)
                ready += [polled] if isinstance(polled, Polled) else []
                held = sum(len(one.fetched.body) for one in ready)
                if held > _HELD or len(ready) >= self.job.settings.batch or not self.later:
                    await self._land(ready)
                    ready = []

    async def _land(self, polled: list[Polled]) -> None:
        await in_thread(_land, self, polled)


async def _fetch(state: FeedState, url: str, door: Fetcher) -> Fetched:
    trusted = not state.validators_off
    return await door.fetch(
        url,
        etag=state.etag if trusted else None,
        last_modified=state.last_modified if trusted else None,
        accept="feed",
        robots=False,
    )


def read_polls(
    job: Job, topics: Topics, parse: _Parse, answers: Sequence[_Answer]
) -> list[Polled | None]:
    """Read answers, in order: an unchanged body is not parsed, a changed one gives its entries.

    In place of one that `parse` leaves for later there is None.
    """
    news = [_is_news(state, fetched) for state, fetched in answers]
    parsed = iter(parse([fetched for _, fetched in compress(answers, news)]))
    return [
        _polled(job, topics, state, fetched, next(parsed)) if new else Polled(state, fetched, None)
        for (state, fetched), new in zip(answers, news, strict=True)
    ]


def _is_news(state: FeedState, fetched: Fetched) -> bool:
    if fetched.reason or fetched.status == 304:
        return False
    return body_hash(fetched.body) != state.body_hash


def _polled(
    job: Job, topics: Topics, state: FeedState, fetched: Fetched, parsed: ParsedFeed | None
) -> Polled | None:
    if parsed is None:
        return None
    now = job.clock()
    rows = tuple(
        entry_row(
            entry,
            state.feed_id,
            fetched.final_url,
            run_id=job.run_id,
            source_kind=str(SourceKind.FEED),
            now=now,
        )
        for entry in parsed.entries
    )
    if state.fetch == "likely":
        rows = tuple(_gated(row, topics) for row in rows)
    return Polled(state, fetched, parsed, rows)


def _named_feeds(fetched: Fetched) -> list[tuple[str, str]]:
    """The feeds that a page names."""
    from extractors.feeds import discover_feeds  # most answers are feeds, and most read elsewhere

    return discover_feeds(fetched.body, fetched.final_url)


def _bounds(job: Job) -> Bounds:
    from flows.steps.aside import Bounds

    settings = job.settings
    memory = settings.page_mb * 1_000_000
    return Bounds(settings.page_s, memory, settings.max_entries, settings.max_depth)


def _gated(row: EntryRow, topics: Topics) -> EntryRow:
    """The topic gate: what could concern no topic is a sighting whose page is not fetched."""
    if row.page_id is None or topics.tagger.likely(row.title, row.summary, row.url):
        return row
    return replace(row, state=str(State.SKIPPED), reason=str(Reason.UNLIKELY))


def _land(desk: _Desk, polled: list[Polled]) -> None:
    """Keep the changed bodies, then land polls, entries and validators in one transaction.

    Of a body that lists something forgotten nothing is kept: it would hold its summary or text.
    """
    job, archive, now = desk.job, desk.archive, desk.job.clock()
    changed = {
        item.before.feed_id: archive.add(item.fetched, now)
        for item in polled
        if item.parsed is not None and item.reason is None
        if desk.forgotten.isdisjoint(row.page_id for row in item.entries)
    }
    archive.sync()
    # A poll that brought nothing lands as well: it moves the feed's next time.
    with job.times.of(LANDING, len(polled)), desk.sitting.session() as session:
        ids = [row.entry_id for item in polled for row in item.entries]
        known = known_entries(session, ids)
        landings = [_landing(job, item, known, changed, now) for item in polled]
        land_polls(session, landings, run_id=job.run_id, now=now)
    for landing in landings:
        row = landing.poll
        said = {"state": row.state, "reason": row.reason, "detail": row.detail}
        job.teller.event("poll", now, feed=row.feed_id, url=row.url, new=row.new_entries, **said)


def _landing(
    job: Job,
    item: Polled,
    known: set[str],
    positions: dict[str, WarcPosition],
    now: datetime,
) -> PollLanding:
    seen = sum(row.entry_id in known for row in item.entries)
    fresh = len(item.entries) - seen
    outcome = outcome_of(item.fetched, item.parsed, fresh, seen, previous=item.before)
    after = after_poll(item.before, outcome, now, random.random)
    for change in changes(item.before, after):
        listener().say(f"{item.before.publisher or item.before.url}: {change}")
    poll = _poll_row(job, item, now, fresh, seen, after, positions.get(item.before.feed_id))
    shown = tuple(row.entry_id for row in item.entries)
    return PollLanding(
        poll=replace(poll, possible_gap=possible_gap(item.before.shown, shown)),
        entries=item.entries,
        state_after=replace(after, shown=shown or item.before.shown),
        title=item.parsed.title if item.parsed else None,
    )


def _poll_row(
    job: Job,
    item: Polled,
    now: datetime,
    fresh: int,
    seen: int,
    after: FeedState,
    position: WarcPosition | None,
) -> PollRow:
    parsed, reason = item.parsed, item.reason
    state = State.FAILED if reason else State.LANDED if parsed else State.KNOWN
    detail = item.fetched.detail or (parsed.detail if parsed else "")
    words = [part for part in (detail, item.note) if part]
    return PollRow(
        feed_id=item.before.feed_id,
        run_id=job.run_id,
        polled_at=now,
        url=item.before.url,
        final_url=item.fetched.final_url,
        state=str(state),
        reason=str(reason) if reason else None,
        detail="; ".join(words) or None,
        status=item.fetched.status,
        elapsed_ms=item.fetched.elapsed_ms,
        bytes=len(item.fetched.body),
        entries=len(item.entries),
        new_entries=fresh,
        known_entries=seen,
        dropped=parsed.dropped if parsed else 0,
        warning=parsed.warning if parsed else None,
        path=parsed.path if parsed else None,
        change="; ".join(changes(item.before, after)) or None,
        next_poll_at=after.next_poll_at,
        warc_file=position.file if position else None,
        warc_offset=position.offset if position else None,
        warc_digest=position.digest if position else None,
    )


def _choices(found: list[tuple[str, str]]) -> str:
    if not found:
        return "the page names no feed"
    listed = ", ".join(url for url, _ in found[:5])
    return f"the page names {len(found)} feeds, add the one you want: {listed}"
