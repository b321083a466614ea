"""From pages that wait to articles: fetch, keep the bytes, extract, judge, land, batch by batch."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import IO
from urllib.parse import urlsplit

from extractors.records import UNKNOWN_SITE, Fetched, Reason, State, WarcPosition
from flows.net.door import Fetcher
from flows.policy import after_page
from flows.sources.wayback import unwrap
from flows.steps.batches import Together, in_batches
from flows.steps.job import Job
from flows.steps.progress import listener
from flows.steps.sitting import Sitting, in_thread
from flows.steps.spool import LARGE, spooled, unspooled
from flows.steps.telling import LANDING, READING, SPOOLED
from flows.steps.topics import Topics
from storage.archive import ArchiveWriter
from storage.host_lines import Habits, site_habits
from storage.landing import land_pages
from storage.packing import PackedRecord, packed, payload_digest
from storage.rows import ArticleLanding, PageRow, PageTask
from storage.work import done_pages, forgotten_ids

# Our own outage charges nobody a try; the next run asks again.
_OFFLINE_PAUSE = timedelta(minutes=5)
# A batch of pages is held in memory until it lands.
_BATCH_BYTES = 64_000_000
_HTML_TYPES = ("html", "xml", "text/plain")


@dataclass(frozen=True, slots=True)
class MadePage:
    """One page done: its row, its article if it is one, and the bytes to keep (large: spooled)."""

    row: PageRow
    article: ArticleLanding | None
    fetched: Fetched | PackedRecord | IO[bytes]
    feed_id: str | None = None

    @property
    def weight(self) -> int:
        """How many bytes of the page are held in memory."""
        return len(self.fetched.body) if isinstance(self.fetched, Fetched) else 0


@dataclass(frozen=True, slots=True)
class PackedPage:
    """An answer that waits to be read: its bytes as the archive will keep them, a quarter of it."""

    answer: Fetched  # without its body
    record: PackedRecord

    @classmethod
    def of(cls, fetched: Fetched, now: datetime) -> PackedPage:
        """Pack an answer as of now."""
        return cls(replace(fetched, body=b""), packed(fetched, now))

    @property
    def unpacked(self) -> Fetched:
        """The answer with its body."""
        return replace(self.answer, body=self.record.payload)


# Asked between two batches; says whether others have been at the warehouse meanwhile.
GiveWay = Callable[[Sitting], Awaitable[bool]]


async def _stay(_: Sitting) -> bool:
    return False


async def process_pages(
    job: Job,
    topics: Topics,
    tasks: list[PageTask],
    door: Fetcher,
    *,
    give_way: GiveWay = _stay,
) -> int:
    """Fetch and land these pages; returns how many were landed, in whatever state.

    Fetching goes on while earlier pages land; a batch lands in one transaction, its bytes on the
    disk before it. Between two batches, and while nothing comes, it may `give_way`.
    """
    listener().expect("pages", len(tasks))
    forgotten, others = _done_by_others(job, [])
    with job.warehouse.session() as session:
        known = site_habits(session)
    # One more than readers: it has the next page ready for the first of them that is free.
    pool = ThreadPoolExecutor(job.settings.workers + 1, thread_name_prefix="read")
    reading = Together(pool)
    fetching = [_one(job, topics, task, door, reading, known) for task in tasks]
    try:
        with (
            ArchiveWriter(job.settings.archive_root, job.run_id) as archive,
            Sitting(job.warehouse) as sitting,
        ):
            async for batch in in_batches(
                fetching,
                job.settings.batch,
                weigh=lambda made: made.weight,
                most_weight=_BATCH_BYTES,
                pauses=True,
            ):
                if batch:
                    ours = [made for made in batch if made.row.page_id not in others]
                    await in_thread(land_made, job, archive, ours, forgotten, sitting)
                    listener().advance("pages", len(batch))
                else:
                    await in_thread(sitting.rise)
                if await give_way(sitting):
                    forgotten, others = await in_thread(_done_by_others, job, tasks)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return len(tasks)


def _done_by_others(job: Job, tasks: Sequence[PageTask]) -> tuple[set[str], set[str]]:
    """What is forgotten by now, and which of these pages wait no more."""
    with job.warehouse.session() as session:
        page_ids = [task.page_id for task in tasks]
        return forgotten_ids(session), done_pages(session, page_ids)


async def _one(
    job: Job,
    topics: Topics,
    task: PageTask,
    door: Fetcher,
    reading: Together,
    known: Habits,
) -> MadePage:
    fetched = await _fetched(task, door)
    read = partial(make_page, job, topics, task, now=job.clock(), rand=random.random, known=known)
    if len(fetched.body) <= LARGE:
        return await reading.run(partial(read, fetched))
    # Written at once: what waits for a thread would be held in memory meanwhile.
    spool = spooled(fetched, job.settings.data)
    job.times.add(SPOOLED, len(fetched.body))
    del fetched
    return await reading.run(partial(_read_spooled, read, spool))


async def _fetched(task: PageTask, door: Fetcher) -> Fetched:
    """Fetch an archive's copy where one is named, else, or if there is none, the page itself."""
    if task.fetch_url is not None:  # by the archive's own interface: robots.txt is not for that
        copy = unwrap(await door.fetch(task.fetch_url, accept="page", robots=False))
        if copy.reason not in (Reason.NOT_FOUND, Reason.GONE):
            return copy
    return await door.fetch(task.url, accept="page", robots=True)


def _read_spooled(read: Callable[[Fetched], MadePage], spool: IO[bytes]) -> MadePage:
    """Make a page of an answer on the disk, and leave its bytes there until it lands."""
    return replace(read(unspooled(spool)), fetched=spool)


def make_packed_page(
    job: Job,
    topics: Topics,
    task: PageTask,
    page: PackedPage,
    now: datetime,
    rand: Callable[[], float],
) -> MadePage:
    """As `make_page`, of a page that came packed and stays so until it lands."""
    digest = page.record.digest
    made = make_page(job, topics, task, page.unpacked, now, rand, digest=digest)
    return replace(made, fetched=page.record)


def make_page(
    job: Job,
    topics: Topics,
    task: PageTask,
    fetched: Fetched,
    now: datetime,
    rand: Callable[[], float],
    known: Habits | None = None,
    *,
    digest: str | None = None,
) -> MadePage:
    """Decide what became of a page, and make its article when there are bytes to make it of.

    What is `known` of its host goes into reading it; `digest` is its body's, where known.
    """
    refused = fetched.reason or _no_page(fetched)
    if refused:
        row = _refused_row(job, task, fetched, refused, now, rand)
        return MadePage(row, None, fetched, task.feed_id)
    digest = digest or payload_digest(fetched.body)
    row = PageRow(
        page_id=task.page_id,
        url=task.url,
        final_url=fetched.final_url,
        host=urlsplit(fetched.final_url).hostname,
        state=str(State.KNOWN if digest == task.body_hash else State.LANDED),
        attempts=task.attempts + 1,
        first_attempt_at=task.first_attempt_at or now,
        fetched_at=fetched.fetched_at or now,
        status=fetched.status,
        content_type=fetched.header("content-type"),
        last_modified=fetched.header("last-modified"),
        body_hash=digest,
        bytes=len(fetched.body),
        elapsed_ms=fetched.elapsed_ms,
        first_seen_at=task.first_seen_at,
        run_id=job.run_id,
    )
    site = (known or {}).get(row.host or "", UNKNOWN_SITE)
    during = job.times.of(READING)
    row, article = job.readers.read(topics, task, row, fetched.body, now, site, during=during)
    return MadePage(row, article, fetched, task.feed_id)


def land_made(
    job: Job, archive: ArchiveWriter, made: list[MadePage], forgotten: Set[str], sitting: Sitting
) -> None:
    """Keep the bytes, then land the rows that name them, in one transaction.

    Nothing is kept of pages and articles whose id is `forgotten`.
    """
    rows = []
    for item in made:
        row = item.row
        kept = not {row.page_id, row.article_id} & forgotten
        if row.body_hash and row.state == State.LANDED and kept:
            row = at_position(row, _kept(job, archive, item))
        rows.append(row)
    archive.sync()
    articles = [item.article for item in made if item.article]
    with job.times.of(LANDING, len(rows)), sitting.session() as session:
        land_pages(session, rows, articles, run_id=job.run_id, now=job.clock(), group_later=True)
    for item in made:
        row = item.row
        said = {"page": row.url, "state": row.state, "reason": row.reason, "detail": row.detail}
        made_of = {"article": row.article_state, "article_reason": row.article_reason}
        job.teller.event("page", job.clock(), feed=item.feed_id, **said, **made_of)


def _kept(job: Job, archive: ArchiveWriter, item: MadePage) -> WarcPosition:
    """Keep a page's bytes; returns where they lie."""
    if isinstance(item.fetched, Fetched):
        return archive.add(item.fetched, job.clock(), item.row.body_hash)
    if isinstance(item.fetched, PackedRecord):
        return archive.append(item.fetched, job.clock())
    with item.fetched as spool:
        return archive.add(unspooled(spool), job.clock(), item.row.body_hash)


def at_position(row: PageRow, position: WarcPosition) -> PageRow:
    """The row naming where its bytes lie."""
    return replace(
        row,
        warc_file=position.file,
        warc_offset=position.offset,
        warc_digest=position.digest,
    )


def _no_page(fetched: Fetched) -> Reason | None:
    kind = (fetched.header("content-type") or "text/html").lower()
    if not any(word in kind for word in _HTML_TYPES):
        return Reason.NOT_HTML
    return Reason.EMPTY if not fetched.body or fetched.body.isspace() else None


def _refused_row(
    job: Job,
    task: PageTask,
    fetched: Fetched,
    reason: Reason,
    now: datetime,
    rand: Callable[[], float],
) -> PageRow:
    first = task.first_attempt_at or now
    attempts = task.attempts + 1
    if reason == Reason.OFFLINE:
        attempts = task.attempts
        state, next_at = State.WAITING, now + _OFFLINE_PAUSE
    elif reason == Reason.ROBOTS:
        state, next_at = State.SKIPPED, None
    elif reason == Reason.NOT_HTML:
        state, next_at = State.REJECTED, None
    else:
        state, next_at = after_page(
            attempts, first, reason, now, rand, retry_after_s=fetched.retry_after_s
        )
    return PageRow(
        page_id=task.page_id,
        url=task.url,
        host=urlsplit(task.url).hostname,
        state=str(state),
        reason=str(reason),
        detail=fetched.detail or None,
        attempts=attempts,
        first_attempt_at=first,
        next_at=next_at,
        status=fetched.status,
        elapsed_ms=fetched.elapsed_ms,
        first_seen_at=task.first_seen_at,
        run_id=job.run_id,
    )
