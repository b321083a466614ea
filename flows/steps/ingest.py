"""The main job, step by step: dropped files, feeds, pages. Runs with or without Prefect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from extractors.errors import SettingsError
from flows.collecting import seldom_collecting
from flows.sources.feedlist import load, merge
from flows.steps.job import Job
from flows.steps.pages import process_pages
from flows.steps.poll import poll_feeds
from flows.steps.progress import listener
from flows.steps.site_lines import leave_out_site_lines
from flows.steps.telling import telling
from flows.steps.topics import Topics, load_topics
from flows.steps.turns import at_work
from storage.feeds import due_feeds, sync_listings
from storage.publish import publish, published_age
from storage.reports import RunReport, run_report
from storage.topics import TopicListing, sync_topics
from storage.work import due_pages, waiting_hosts

# Large groups: the slowest of one group holds up the next one, and what a feed says of a page is
# held until its group is done.
FEEDS_A_STEP = 5000
PAGES_A_STEP = 5000  # 10,000 would spare a tenth of a second, and hold 70 MB more

Answer = TypeVar("Answer")
Item = TypeVar("Item")


class Call(Protocol):
    """How a step is called: directly, or as a Prefect task of that name."""

    def __call__(self, name: str, step: Callable[..., Answer], *given: Any) -> Answer:
        """Call `step` with what is given and hand back its answer."""


def directly(name: str, step: Callable[..., Answer], *given: Any) -> Answer:
    """Call a step with nothing around it."""
    del name
    return step(*given)


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What a run is asked to do. `seeds` None loads no files; `everything` polls feeds not due."""

    seeds: Path | None
    poll: bool = True
    everything: bool = False
    pages: bool = True


def run_ingest(
    job: Job,
    options: IngestOptions,
    *,
    call: Call = directly,
    trigger: str = "manual",
    flow_run_id: str | None = None,
) -> RunReport:
    """Load files, poll what is due, fetch the pages that wait, publish; returns what happened.

    Raises SettingsError, Busy or StorageError when the run could not do its work; what is wrong
    with one feed, page or file is in the report.
    """
    _check(job, options)
    parameters: dict[str, object] = {
        "seeds": options.seeds,
        "everything": options.everything,
        "pages": options.pages,
    }
    parameters |= job.share.parameters
    with at_work(job, trigger=trigger, parameters=parameters, flow_run_id=flow_run_id):
        relisted = call("install topics", install_topics, job)
        if options.seeds and job.share.first:
            call("load files", load_files, job, options.seeds)
        if options.poll:
            due, changed = call("sync feeds", sync_feeds, job, options.everything)
            relisted = relisted or changed
            for group in _groups(due, FEEDS_A_STEP):
                call("poll feeds", poll_group, job, group, options.pages)
        while options.pages and call("fetch pages", fetch_group, job, PAGES_A_STEP):
            pass
        # Always: what an earlier run that was stopped had landed is counted with it.
        settled = call("leave out what recurs", leave_out_site_lines, job)
        report = call("sum up", sum_up, job)
    call("publish", publish_after_run, job, report.changed or relisted or bool(settled))
    return report


def install_topics(job: Job) -> bool:
    """Bring `topics` in line with the folder of definitions; returns whether any changed."""
    topics = load_topics(job.settings.topics)
    now = job.clock()
    rows = [
        TopicListing(
            item.topic_id, item.version, item.title, topics.texts[item.topic_id], now, job.run_id
        )
        for item in topics.definitions
    ]
    with job.warehouse.session() as session:
        return sync_topics(session, rows)


def load_files(job: Job, folder: Path) -> int:
    """Land a folder of dropped files; feeds its .opml files name go on the owner's list."""
    from flows.steps.dropped import land_folder  # backfills and upkeep drop nothing

    followed = land_folder(job, _topics(job), folder)
    if followed:
        merge(job.settings.feeds, followed)
    return len(followed)


def sync_feeds(job: Job, everything: bool) -> tuple[list[str], bool]:
    """Bring `feeds` in line with the owner's list.

    Returns the ids of those of this run's share to poll now, and whether the list had changed.
    """
    settings = job.settings
    bounds = (settings.min_interval_s, settings.max_interval_s, settings.first_interval_s)
    now = job.clock()
    with job.warehouse.session() as session:
        listed = load(settings.feeds)
        changed = sync_listings(session, listed, now=now, bounds=bounds, complete=True)
        due = due_feeds(session, now=now, everything=everything)
    return [state.feed_id for state in due if job.share.has_url(state.url)], changed


def poll_group(job: Job, feed_ids: Sequence[str], pages: bool = False) -> int:
    """Poll these feeds, before their `pages` or without; returns how many ended in a state."""
    wanted = set(feed_ids)
    with job.warehouse.session() as session:
        everyone = due_feeds(session, now=job.clock(), everything=True)
    feeds = [state for state in everyone if state.feed_id in wanted]

    async def poll() -> int:
        async with job.door(job) as door:
            done = await poll_feeds(job, _topics(job), feeds, door, pages=pages)
            if door.offline:
                listener().say(
                    "no connection: hardly any host could be reached, so no feed is charged for it"
                )
            return done

    with seldom_collecting():
        return asyncio.run(poll())


def fetch_group(job: Job, most: int) -> int:
    """Fetch and land up to `most` pages that wait and are due; returns how many were."""
    with job.warehouse.session() as session:
        now = job.clock()
        ours = None
        if not job.share.whole:
            ours = job.share.of(waiting_hosts(session, now=now))
        tasks = due_pages(session, now=now, limit=most, hosts=ours)
    if not tasks:
        return 0

    async def fetch() -> int:
        async with job.door(job) as door:
            return await process_pages(job, _topics(job), tasks, door)

    with seldom_collecting():
        return asyncio.run(fetch())


def sum_up(job: Job) -> RunReport:
    """What this run did so far, out of the warehouse."""
    with job.warehouse.session() as session:
        return run_report(session, job.run_id)


def publish_after_run(job: Job, changed: bool) -> bool:
    """As `publish_if_due`, but a change waits until the copy is `publish_gap` old."""
    waiting = job.settings.data / ".unpublished"
    age = published_age(job.warehouse, job.clock())
    if changed and age is not None and timedelta(0) <= age < job.settings.publish_gap:
        waiting.touch()
        return False
    return publish_if_due(job, changed or waiting.exists())


def publish_if_due(job: Job, changed: bool) -> bool:
    """Publish after a change, or when the copy is missing or older than the settings allow.

    Nothing is published of a shared warehouse.
    """
    if job.warehouse.target is not None:
        return False
    age = published_age(job.warehouse, job.clock())
    if not changed and age is not None and age < job.settings.publish_every:
        return False
    done = publish(job.warehouse)
    (job.settings.data / ".unpublished").unlink(missing_ok=True)
    with telling(job.teller, job.clock):  # a run publishes when it has ended
        listener().say(f"published {done.size / 1e6:.1f} MB in {done.seconds:.1f} s")
    return True


def _check(job: Job, options: IngestOptions) -> None:
    """Refuse what cannot work before anything is written."""
    load_topics(job.settings.topics)
    if options.seeds and not options.seeds.is_dir():
        raise SettingsError(f"{options.seeds} is no folder: name one with dropped files in it.")
    if options.poll:
        load(job.settings.feeds)


def _topics(job: Job) -> Topics:
    return load_topics(job.settings.topics)


def _groups(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
