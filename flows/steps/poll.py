"""One poll of many feeds: ask, read, and land each feed's entries with its new validators."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from extractors.feeds import discover_feeds
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
from flows.steps.aside import LARGE, Bounds, read_aside, read_feed
from flows.steps.batches import in_batches
from flows.steps.job import Job
from flows.steps.progress import listener
from flows.steps.rows import entry_row
from flows.steps.sitting import Sitting
from flows.steps.topics import Topics
from storage.archive import ArchiveWriter
from storage.landing import land_polls
from storage.rows import EntryRow, PollLanding, PollRow
from storage.work import feeds_with_entries, known_entries

# A batch is held in memory until it lands.
_BATCH_BYTES = 32_000_000
_UNREACHED = (Reason.DNS, Reason.CONNECT, Reason.TIMEOUT)


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


Read = TypeVar("Read")


@dataclass
class _Desks:
    """Where answers are read: one thread for ordinary ones, so that readers do not fight the event
    loop for the interpreter, and one for the large, which holds one body at a time.
    """

    ordinary: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="read")
    )
    large: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="read-large")
    )

    async def read(self, fetched: Fetched, work: Callable[[], Read]) -> Read:
        desk = self.large if len(fetched.body) > LARGE else self.ordinary
        return await asyncio.get_running_loop().run_in_executor(desk, work)

    def close(self) -> None:
        for desk in (self.ordinary, self.large):
            desk.shutdown(wait=False, cancel_futures=True)


async def poll_feeds(job: Job, topics: Topics, feeds: list[FeedState], door: Fetcher) -> int:
    """Poll these feeds at once and land them in batches; returns how many were landed."""
    listener().expect("feeds", len(feeds))
    desks = _Desks()
    asking = [_ask(job, topics, state, door, desks) for state in feeds]
    # Whether it is the feed or our own connection is known only when everybody was asked.
    suspects: list[Polled] = []
    size = job.settings.batch
    try:
        with (
            ArchiveWriter(job.settings.archive_root, f"{job.run_id}-feeds") as archive,
            Sitting(job.warehouse) as sitting,
        ):
            async for batch in in_batches(
                asking, size, weigh=_weight, most_weight=_BATCH_BYTES, pauses=True
            ):
                listener().advance("feeds", len(batch))
                suspects += [item for item in batch if item.reason in _UNREACHED]
                ready = [item for item in batch if item.reason not in _UNREACHED]
                if ready:
                    await asyncio.to_thread(_land, job, archive, ready, sitting)
                elif not batch:
                    await asyncio.to_thread(sitting.rise)
            judged = [
                replace(i, fetched=not_charged(i.fetched, offline=door.offline)) for i in suspects
            ]
            for start in range(0, len(judged), size):
                await asyncio.to_thread(_land, job, archive, judged[start : start + size], sitting)
    finally:
        desks.close()
    return len(feeds)


def _weight(polled: Polled) -> int:
    return len(polled.fetched.body)


async def _ask(job: Job, topics: Topics, state: FeedState, door: Fetcher, desks: _Desks) -> Polled:
    fetched = await _fetch(state, state.url, door)
    polled = await desks.read(fetched, lambda: read_poll(job, topics, state, fetched))
    if polled.reason != Reason.NOT_A_FEED:
        return polled
    found = await desks.read(fetched, lambda: discover_feeds(fetched.body, fetched.final_url))
    if len(found) != 1:
        return replace(polled, note=_choices(found))
    other = await _fetch(replace(state, etag=None, last_modified=None), found[0][0], door)
    note = f"the address is a page; its one feed is {found[0][0]}"
    again = await desks.read(other, lambda: read_poll(job, topics, state, other))
    return replace(again, note=note)


async def _fetch(state: FeedState, url: str, door: Fetcher) -> Fetched:
    trusted = not state.validators_off
    return await door.fetch(
        url,
        etag=state.etag if trusted else None,
        last_modified=state.last_modified if trusted else None,
        accept="feed",
        robots=False,
    )


def read_poll(job: Job, topics: Topics, state: FeedState, fetched: Fetched) -> Polled:
    """Read one answer: an unchanged body is not parsed, a changed one gives its entries."""
    if fetched.reason or fetched.status == 304:
        return Polled(state, fetched, None)
    if body_hash(fetched.body) == state.body_hash:
        return Polled(state, fetched, None)
    parsed = _parsed(job, fetched)
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


def _parsed(job: Job, fetched: Fetched) -> ParsedFeed:
    settings = job.settings
    if len(fetched.body) <= LARGE:
        return read_feed(fetched, settings.max_entries)
    bounds = Bounds(settings.page_s, settings.page_mb * 1_000_000, settings.max_entries)
    return read_aside(fetched, bounds)


def _gated(row: EntryRow, topics: Topics) -> EntryRow:
    """The topic gate: what could concern no topic is a sighting whose page is not fetched."""
    if row.page_id is None or topics.tagger.likely(row.title, row.summary, row.url):
        return row
    return replace(row, state=str(State.SKIPPED), reason=str(Reason.UNLIKELY))


def _land(job: Job, archive: ArchiveWriter, polled: list[Polled], sitting: Sitting) -> None:
    """Keep the changed bodies, then land polls, entries and validators in one transaction."""
    now = job.clock()
    changed = {
        item.before.feed_id: archive.add(item.fetched, now)
        for item in polled
        if item.parsed is not None and item.reason is None
    }
    archive.sync()
    with sitting.session() as session:
        ids = [row.entry_id for item in polled for row in item.entries]
        known = known_entries(session, ids)
        before = feeds_with_entries(session, [item.before.feed_id for item in polled])
        landings = [
            _landing(job, item, known, item.before.feed_id in before, changed, now)
            for item in polled
        ]
        land_polls(session, landings, run_id=job.run_id, now=now)


def _landing(
    job: Job,
    item: Polled,
    known: set[str],
    had_entries: bool,
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
    gap = item.reason is None and possible_gap(seen, len(item.entries), had_entries)
    return PollLanding(
        poll=replace(poll, possible_gap=bool(gap and item.entries)),
        entries=item.entries,
        state_after=after,
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
