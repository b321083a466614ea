"""Past windows: what is not done yet is planned, done and landed, between the live runs.

First every source says what it knows of the window, then pages are fetched: so an article is made
with the best that any source says of it, whatever the order they answer in. The ledger is in the
warehouse; a run that was killed is gone on with by calling it again.

Runs of several shares of one window list in turns, take units that bring pages out of the ledger
side by side, and fetch the pages of their own servers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

from anyio.from_thread import BlockingPortal, start_blocking_portal

from extractors.records import Listing
from extractors.text import counted
from flows.collecting import seldom_collecting
from flows.processes import share_arenas
from flows.sources.base import Window
from flows.sources.feedlist import load
from flows.steps.backfill_asks import (
    Ask,
    asks_of,
    check_request,
    gate_of,
    living_backfills,
    plan_ask,
    skip_unlisted_units,
)
from flows.steps.backfill_crew import Crew
from flows.steps.backfill_request import (
    BackfillRequest,
    NamedSources,
    named_sources,
)
from flows.steps.backfill_sources import (
    BRINGING,
    LISTING,
    SourceMaker,
    StreamingDoor,
    make_sources,
    streaming_network,
)
from flows.steps.backfill_work import STRETCH_S, work_stretch
from flows.steps.ingest import (
    Call,
    directly,
    install_topics,
    publish_after_run,
    publish_if_due,
)
from flows.steps.job import Job
from flows.steps.pages import process_pages
from flows.steps.portals import run_there
from flows.steps.progress import WithoutMore, listener, listening
from flows.steps.reprocess import extract_again
from flows.steps.shares import WHOLE
from flows.steps.shifts import Shift
from flows.steps.site_lines import leave_out_site_lines
from flows.steps.sitting import Sitting
from flows.steps.telling import telling
from flows.steps.topics import load_topics
from flows.steps.turns import REST_S, Turn, logged
from storage.backfill import (
    Group,
    count_on_topic,
    release_units,
    units_are_open,
)
from storage.backfill_reports import (
    DayLine,
    FailedUnit,
    SourceLine,
    backlog_sizes,
    day_lines,
    failed_units,
    recorded_gaps,
    source_lines,
)
from storage.feeds import sync_listings
from storage.reports import RunReport, run_report
from storage.work import backlog_pages, revived_pages, waiting_hosts

PAGES_A_STRETCH = 1000
REVIVED_A_STEP = 200

# How a backfill opens its door to the network; tests hand in a fake.
OpenDoor = Callable[[Job], AbstractAsyncContextManager[StreamingDoor]]
# Told after each stretch: how many units or pages are done, and how many are left.
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class BackfillReport:
    """What a backfill did. `already` are units that were done before; `at_work` runs that others
    are doing parts of the window in; `backlog` pages that wait, `later` those to be tried again.
    """

    run: RunReport
    windows: tuple[Window, ...]
    depth: str
    sources: tuple[SourceLine, ...]
    failed: tuple[FailedUnit, ...]
    days: tuple[DayLine, ...]
    down: tuple[str, ...]
    backlog: int
    later: int
    revived: int


@dataclass
class _Backfill:
    """One backfill under way."""

    job: Job
    request: BackfillRequest
    wanted: NamedSources
    listed: tuple[Listing, ...]
    make: SourceMaker
    call: Call
    tell: Tell
    stretch_s: float
    portal: BlockingPortal
    door: StreamingDoor
    crew: Crew = field(init=False)
    units: int = 0
    revived: int = 0
    revived_to: str = ""
    rested: float = field(default_factory=time.monotonic)


def run_backfill(
    job: Job,
    request: BackfillRequest,
    *,
    call: Call = directly,
    trigger: str = "manual",
    flow_run_id: str | None = None,
    tell: Tell = lambda _stage, _done, _left: None,
    open_door: OpenDoor = streaming_network,
    make: SourceMaker = make_sources,
    stretch_s: float = STRETCH_S,
) -> BackfillReport:
    """Fill a past window; returns what happened, with what failed and what is left.

    Raises UsageError or SettingsError for what cannot work, before anything is written; Busy or
    StorageError when the run could not do its work. What is wrong with one unit or page is in the
    report; the same call again does what is not done.
    """
    listed = check_request(job, request)
    wanted = named_sources(request.sources)
    share_arenas()
    job.warehouse.migrate(job.clock())
    with telling(job.teller, job.clock), Turn(job):
        pass  # the first wait is not for ever
    with (
        telling(job.teller, job.clock),
        logged(job, trigger, _parameters(job, request), flow_run_id),
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_door(job)) as door,
    ):
        work = _Backfill(job, request, wanted, listed, make, call, tell, stretch_s, portal, door)
        # Closures: what a backfill shares is nothing that a task could take apart.
        asks = call("plan", lambda: _planned(work))
        _do_units(work, LISTING)
        _do_units(work, BRINGING)
        _do_pages(work)
        while _others_bring(work):
            time.sleep(REST_S)
            _do_units(work, BRINGING)
            _do_pages(work)
        left_out = call("leave out what recurs", lambda: _left_out(work))
        report = call("sum up", lambda: _summed_up(work, asks))
    changed = report.run.changed or bool(report.revived or left_out or work.units)
    call("publish", publish_after_run, job, changed)
    return report


def _parameters(job: Job, request: BackfillRequest) -> dict[str, Any]:
    window = request.window
    return job.share.parameters | {
        "from": window.start.isoformat() if window else None,
        "to": window.end.isoformat() if window else None,
        "feeds": request.feeds,
        "publishers": request.publishers,
        "topic": request.topic,
        "sources": request.sources,
        "limit": request.limit,
        "pages": request.pages,
        "again": request.again,
        "gaps": request.gaps,
    }


def _planned(work: _Backfill) -> list[Ask]:
    """Write into the ledger what is not done yet, and gather the crew."""
    job, request = work.job, work.request
    settings = job.settings
    gate, depth = gate_of(job, request)
    with Turn(job, patient=True):
        install_topics(job)
        with job.warehouse.session() as session:
            gaps = recorded_gaps(session) if request.gaps else ()
            asks = asks_of(request, work.listed, gaps)
            sources = work.make(settings, work.door, work.listed, work.wanted)
            rows = [*work.listed, *(row for source in sources for row in source.listings())]
            bounds = (settings.min_interval_s, settings.max_interval_s, settings.first_interval_s)
            sync_listings(session, rows, now=job.clock(), bounds=bounds, complete=False)
            listed = load(settings.feeds)
            whole = work.make(settings, work.door, listed, work.wanted)
            windows = [ask.window for ask in asks]
            unlisted = skip_unlisted_units(job, session, windows, listed, whole)
            if unlisted:
                units = counted(unlisted, "unit")
                listener().say(f"skipped {units} of feeds that are off the list")
            groups: set[Group] = set()
            for ask in asks:
                made = (
                    work.make(settings, work.door, ask.feeds, work.wanted)
                    if request.gaps
                    else sources
                )
                groups |= plan_ask(job, session, request, ask, made, depth)
    work.crew = Crew(
        job=job,
        topics=load_topics(settings.topics),
        sources={source.name: source for source in sources},
        groups=tuple(sorted(groups, key=repr)),
        urls={row.feed_id: row.url for row in rows},
        depth=depth,
        began=job.clock(),
        gate=gate,
        again=request.again,
        left=request.limit,
        alive=partial(living_backfills, job),
    )
    return asks


def _do_units(work: _Backfill, names: Sequence[str]) -> None:
    crew = work.crew
    used = [name for name in names if name in crew.sources]
    if not used or (names is LISTING and not any(_left_by_source(work, used).values())):
        return
    done = 0
    for name, count in _left_by_source(work, used).items():
        listener().expect(name, count)
    while crew.left != 0:
        step = work.call(f"units of {', '.join(used)}", lambda: _unit_stretch(work, used))
        if not step:
            return
        done, work.units = done + step, work.units + step
        work.tell("units", done, sum(_left_by_source(work, used).values()))
        _let_others(work)


def _others_bring(work: _Backfill) -> bool:
    """Whether runs that share this window may yet leave this one units to do or pages to fetch."""
    crew = work.crew
    names = [name for name in BRINGING if name in crew.sources and name not in crew.down]
    if work.job.share.whole or crew.left == 0 or not names:
        return False
    with work.job.warehouse.session() as session:
        claim = crew.claim(crew.alive(session))
        return units_are_open(session, crew.groups, names, claim, began=crew.began)


def _unit_stretch(work: _Backfill, names: Sequence[str]) -> int:
    job = work.job
    if names and names[0] in LISTING:
        # All that lists is done before any page is read, by one run at a time: see the module.
        job = replace(job, share=WHOLE)
    with Turn(job, patient=True) as turn, seldom_collecting():
        shift = Shift(turn, work.door, work.stretch_s)
        done = run_there(work.portal, work_stretch, work.crew, names, shift)
    publish_if_due(job, False)
    return done


def _left_by_source(work: _Backfill, names: Sequence[str]) -> dict[str, int]:
    with work.job.warehouse.session() as session:
        lines = source_lines(session, work.crew.groups)
    return {line.source: line.planned + line.running for line in lines if line.source in names}


def _do_pages(work: _Backfill) -> None:
    """Take up again what lies in a window now, then fetch what the units wanted."""
    while work.job.share.first and work.call("take up again", lambda: _revive_stretch(work)):
        pass
    if not work.request.pages:
        return
    with work.job.warehouse.session() as session:
        due, _ = backlog_sizes(session, work.job.clock())
    listener().expect("pages", due)
    done = 0
    with listening(WithoutMore(listener(), "pages")):
        while step := work.call("fetch pages", lambda: _page_stretch(work)):
            done += step
            work.tell("pages", done, max(due - done, 0))
            _let_others(work)


def _let_others(work: _Backfill) -> None:
    """Once a stretch, leave the turn alone for long enough that a run that waits takes it."""
    if time.monotonic() - work.rested >= work.stretch_s:
        time.sleep(REST_S)
        work.rested = time.monotonic()


def _revive_stretch(work: _Backfill) -> bool:
    """Make articles of pages that a window had left out; returns whether there were any."""
    job = work.job
    with Turn(job, patient=True):
        with job.warehouse.session() as session:
            found = revived_pages(session, after=work.revived_to, limit=REVIVED_A_STEP)
        if not found:
            return False
        work.revived += extract_again(job, found).pages
    work.revived_to = found[-1].task.page_id
    return True


def _page_stretch(work: _Backfill) -> int:
    """Fetch as many pages as fit into one stretch at the hosts' pace."""
    job, left = work.job, work.crew.left
    most = PAGES_A_STRETCH if left is None else min(PAGES_A_STRETCH, left)
    pace = max(job.settings.pace_s, 0.03)
    with Turn(job, patient=True) as turn:
        with job.warehouse.session() as session:
            now, ours = job.clock(), None
            if not job.share.whole:
                ours = job.share.of(waiting_hosts(session, now=now, backlog=True))
            a_host = max(1, int(work.stretch_s / pace))
            tasks = backlog_pages(session, now=now, limit=most, a_host=a_host, hosts=ours)
        if not tasks:
            return 0
        if left is not None:
            work.crew.left = left - len(tasks)
        shift = Shift(turn, work.door, work.stretch_s)

        async def give_way(sitting: Sitting) -> bool:
            """A slow host must not keep live runs from theirs."""
            return not shift.left_s and await shift.rest(sitting)

        fetching = partial(
            process_pages, job, work.crew.topics, tasks, work.door, give_way=give_way
        )
        with seldom_collecting():
            run_there(work.portal, fetching)
    publish_if_due(job, False)
    return len(tasks)


def _left_out(work: _Backfill) -> int:
    """Leave out of articles what recurs on their hosts' pages; returns of how many."""
    with Turn(work.job, patient=True):
        return leave_out_site_lines(work.job)


def _summed_up(work: _Backfill, asks: Sequence[Ask]) -> BackfillReport:
    job, crew = work.job, work.crew
    now: datetime = job.clock()
    with Turn(job, patient=True), job.warehouse.session() as session:
        release_units(session, job.run_id)
        count_on_topic(session, job.run_id)
        due, later = backlog_sizes(session, now)
        return BackfillReport(
            run=run_report(session, job.run_id),
            windows=tuple(ask.window for ask in asks),
            depth=crew.depth,
            sources=source_lines(session, crew.groups),
            failed=failed_units(session, crew.groups),
            days=day_lines(session, job.run_id),
            down=tuple(sorted(crew.down)),
            backlog=due,
            later=later,
            revived=work.revived,
        )
