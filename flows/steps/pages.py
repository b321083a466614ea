"""From pages that wait to articles: fetch, keep the bytes, extract, judge, land, batch by batch."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Event

from extractors.records import Fetched, Reason, State, WarcPosition
from flows.net.door import Fetcher
from flows.sources.wayback import unwrap
from flows.steps.answers import Answer, MadePage, make_pages
from flows.steps.batches import Together, in_batches
from flows.steps.job import Job
from flows.steps.progress import listener
from flows.steps.sitting import Sitting, in_thread
from flows.steps.spool import LARGE, spooled, unspooled
from flows.steps.telling import LANDING, SPOOLED
from flows.steps.topics import Topics
from storage.archive import ArchiveWriter
from storage.host_lines import site_habits
from storage.landing import land_pages
from storage.packing import PackedRecord
from storage.rows import PageRow, PageTask
from storage.work import done_pages, forgotten_ids

# A batch of pages is held in memory until it lands.
_BATCH_BYTES = 64_000_000
# Pages that a reader is given at once: to change hands costs both sides what they had in the cache.
_TOGETHER = 16


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
    # Two for each reader, which has its next pages then before it has read the last.
    threads = 2 * job.settings.workers
    pool = ThreadPoolExecutor(threads, thread_name_prefix="read")
    left = Event()
    read = partial(make_pages, job, topics, left, known)
    reading = Together(pool, read, threads=threads, most=_TOGETHER)
    fetching = [_one(job, task, door, reading) for task in tasks]
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
        left.set()
        pool.shutdown(wait=False, cancel_futures=True)
    return len(tasks)


def _done_by_others(job: Job, tasks: Sequence[PageTask]) -> tuple[set[str], set[str]]:
    """What is forgotten by now, and which of these pages wait no more."""
    with job.warehouse.session() as session:
        page_ids = [task.page_id for task in tasks]
        return forgotten_ids(session), done_pages(session, page_ids)


async def _one(
    job: Job, task: PageTask, door: Fetcher, reading: Together[Answer, MadePage]
) -> MadePage:
    fetched = await _fetched(task, door)
    now = job.clock()
    if len(fetched.body) <= LARGE:
        return await reading.run(Answer(task, fetched, now))
    # Written at once: what waits for a thread would be held in memory meanwhile.
    spool = spooled(fetched, job.settings.data)
    job.times.add(SPOOLED, len(fetched.body))
    del fetched
    return await reading.run(Answer(task, spool, now))


async def _fetched(task: PageTask, door: Fetcher) -> Fetched:
    """Fetch an archive's copy where one is named, else, or if there is none, the page itself."""
    if task.fetch_url is not None:  # by the archive's own interface: robots.txt is not for that
        copy = unwrap(await door.fetch(task.fetch_url, accept="page", robots=False))
        if copy.reason not in (Reason.NOT_FOUND, Reason.GONE):
            return copy
    return await door.fetch(task.url, accept="page", robots=True)


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
