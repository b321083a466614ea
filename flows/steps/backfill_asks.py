"""What is asked of whom: which windows of which feeds, checked, and planned into the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractors.records import Listing
from flows.sources.base import Source, Window
from flows.sources.feedlist import load
from flows.steps.backfill_request import BackfillRequest, chosen_feeds, named_sources
from flows.steps.job import Job
from flows.steps.topics import Topics, load_topic, load_topics
from flows.steps.turns import process_is_gone
from flows.steps.units import BY_FEED, depth_of, groups_of, roots, unit_row
from storage.backfill import (
    Group,
    ask_window,
    covered_windows,
    plan_units,
    windows_at_work,
)
from storage.backfill_reports import Gap
from storage.ledger import mark_crashed
from storage.session import Session
from storage.unlisted import skip_unlisted
from storage.upkeep import running_runs


@dataclass(frozen=True, slots=True)
class Ask:
    """One window, and the feeds that it is asked of."""

    window: Window
    feeds: tuple[Listing, ...]


def check_request(job: Job, request: BackfillRequest) -> tuple[Listing, ...]:
    """Refuse what cannot work; returns the feeds that are asked. Reads settings and lists alone."""
    topics = load_topics(job.settings.topics)
    del topics
    if request.topic:
        load_topic(request.topic, job.settings.topics)
    named_sources(request.sources)
    return chosen_feeds(load(job.settings.feeds), request.feeds, request.publishers)


def asks_of(request: BackfillRequest, listed: Sequence[Listing], gaps: Sequence[Gap]) -> list[Ask]:
    """What is asked of which feeds: the window of all, or of each feed its gaps within it."""
    if not request.gaps:
        return [Ask(request.window, tuple(listed))] if request.window else []
    by_id = {feed.feed_id: feed for feed in listed}
    asks = []
    for gap in gaps:
        start, end = gap.after_at, gap.before_at
        if request.window:
            start, end = max(start, request.window.start), min(end, request.window.end)
        if gap.feed_id in by_id and start < end:
            asks.append(Ask(Window(start, end), (by_id[gap.feed_id],)))
    return asks


def gate_of(job: Job, request: BackfillRequest) -> tuple[Topics | None, str]:
    """The topic that decides before pages are fetched, if any, and the depth that makes."""
    if not request.topic:
        return None, depth_of(pages=request.pages, topic=None, version=None)
    gate = load_topic(request.topic, job.settings.topics)
    ((topic, version),) = gate.versions.items()
    return gate, depth_of(pages=request.pages, topic=topic, version=version)


def living_backfills(job: Job, session: Session) -> tuple[str, ...]:
    """Which other backfills are alive; those whose process is gone are said to have crashed."""
    alive = []
    for run_id, host, pid in running_runs(session):
        if run_id == job.run_id or not run_id.startswith("backfill-"):
            continue
        if host == job.worker.host and process_is_gone(pid):
            mark_crashed(session, run_id, now=job.clock())
        else:
            alive.append(run_id)
    return tuple(alive)


def skip_unlisted_units(
    job: Job,
    session: Session,
    windows: Sequence[Window],
    listed: Sequence[Listing],
    sources: Sequence[Source],
) -> int:
    """Skip what waits in some windows for feeds that are no longer on the list; returns how many
    units.

    `listed` is everything that is on it, `sources` are those of it.
    """
    on_list = [feed.feed_id for feed in listed]
    alive = living_backfills(job, session)
    return sum(
        skip_unlisted(
            session,
            source.name,
            [*on_list, *(row.feed_id for row in source.listings())],
            window.start,
            window.end,
            run_id=job.run_id,
            alive=alive,
        )
        for window in windows
        for source in sources
        if source.name in BY_FEED
    )


def plan_ask(
    job: Job,
    session: Session,
    request: BackfillRequest,
    ask: Ask,
    sources: Sequence[Source],
    depth: str,
) -> set[Group]:
    """Plan one window; returns the groups of units to do, those that others are at included."""
    rows = [*ask.feeds, *(row for source in sources for row in source.listings())]
    ask_window(session, [row.feed_id for row in rows], ask.window.start, ask.window.end)
    named = sorted({family for source in sources for _, family in roots(source, ask.window, {})})
    alive = living_backfills(job, session)
    others = windows_at_work(session, named, depth, alive)
    covered = {} if request.again else covered_windows(session, named, depth)
    for family, spans in others.items():
        covered.setdefault(family, []).extend(spans)
    planned = [root for source in sources for root in roots(source, ask.window, covered)]
    groups = groups_of(planned)
    plan_units(
        session,
        [unit_row(unit, family, depth) for unit, family in planned],
        sorted(groups, key=repr),
        depth=depth,
        again=request.again,
        run_id=job.run_id,
        now=job.clock(),
    )
    window = ask.window
    shared = {
        Group(family, start, end)
        for family, spans in others.items()
        for start, end in spans
        if start < window.end and end > window.start
    }
    return groups | shared
