"""A whole run over loopback: feeds and pages in, articles landed, archived, tagged and published.

DUCKWIRE_BENCH_FEEDS and DUCKWIRE_BENCH_PAGES set the size (1,000 and 10,000 by default).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from desks import Desk, new_desk

from extractors.records import FeedKind, Listing
from flows.prefect_server import exported, prefect_environment
from flows.prefect_server import server as prefect_server
from flows.settings import ROOT
from flows.steps.reading import read_page
from flows.steps.topics import load_topics
from storage.rows import PageRow
from storage.work import stored_pages

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

FEEDS = int(os.environ.get("DUCKWIRE_BENCH_FEEDS", "1000"))
PAGES = int(os.environ.get("DUCKWIRE_BENCH_PAGES", "10000"))
CORES = len(os.sched_getaffinity(0))
# Floors, which only rise.
LEAST_SHARE = 0.75
LEAST_POLLS_A_SECOND = 300
MOST_MEMORY_MB = 1500
MOST_GROWTH = 1.2  # of the second half of a run over the first
MOST_OVER_A_TENTH = 1.25  # of a run over one of a tenth of the feeds, which has hardly warmed up
TOPICS = load_topics(ROOT / "seeds" / "topics")


@dataclass
class Cost:
    """What a run took: seconds by the clock, CPU seconds of its processes and of the server.

    `idle` are the seconds in which a core had nothing to do, whoever else is on the machine;
    `memory_mb` is what the process tree held, twice a second.
    """

    wall: float
    cpu: float
    server: float
    idle: float
    memory_mb: list[float]
    report: dict[str, Any]
    stages: dict[str, dict[str, float]]

    @property
    def cores(self) -> float:
        """The seconds of the cores that were its own or nobody's."""
        return self.cpu + self.idle


class Watch(threading.Thread):
    """Adds up the memory (proportional share) of a process tree, again and again."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.over = process, threading.Event()
        self.seen: list[float] = []

    def run(self) -> None:
        while not self.over.wait(0.5):
            total = 0
            for each in [self.process, *self._children()]:
                try:
                    total += each.memory_full_info().pss
                except psutil.Error:
                    continue
            self.seen.append(total / 1e6)

    def _children(self) -> list[psutil.Process]:
        try:
            return self.process.children(recursive=True)
        except psutil.Error:
            return []


@pytest.fixture(scope="module")
def room() -> Iterator[tuple[psutil.Process, list[Listing]]]:
    """The newsroom in a process of its own, so that its CPU can be told from ours.

    Its pages are made before the run: a site elsewhere does not share our cores and caches.
    """
    line = [sys.executable, "-m", "flows.newsroom", "--port", "0"]
    line += ["--feeds", str(FEEDS), "--pages", str(PAGES), "--heavy", "--ahead"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout
        process.stdout.readline()
        feeds: list[Listing] = []
        while len(feeds) < FEEDS:
            name, language, url = process.stdout.readline().split()
            if name.startswith("g1-"):
                feeds.append(Listing(name, url, kind=FeedKind.FEED, language=language))
        yield psutil.Process(process.pid), feeds
        process.terminate()


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _run(data: Path, feeds: Path, server: psutil.Process, *options: str) -> Cost:
    """One run as a process of its own, seen by the Prefect that stands at its data directory."""
    environment = {
        **os.environ,
        "DUCKWIRE_DATA": str(data),
        "DUCKWIRE_FEEDS": str(feeds),
        "DUCKWIRE_ALLOW_HOSTS": "127.0.0.1",
        "DUCKWIRE_PACE_ALLOWED": "false",
        "PYTHONPATH": str(ROOT),
    }
    program, times = Path(__file__).with_name("staged_run.py"), data / "times.json"
    line = [sys.executable, str(program), str(times), "run", "--json", *options]
    before, start, idle = _cpu(server), time.perf_counter(), psutil.cpu_times().idle
    used = os.times()
    process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, cwd=ROOT)
    watch = Watch(psutil.Process(process.pid))
    watch.start()
    output, _ = process.communicate()
    wall = time.perf_counter() - start
    watch.over.set()
    now = os.times()
    cpu = now.children_user + now.children_system - used.children_user - used.children_system
    assert process.returncode == 0
    return Cost(
        wall,
        cpu,
        _cpu(server) - before,
        psutil.cpu_times().idle - idle,
        watch.seen,
        json.loads(output),
        json.loads(times.read_text("utf-8"))["stages"],
    )


def _reading_ms(desk: Desk) -> float:
    """CPU of reading one of the run's own pages in this process, in milliseconds.

    It is given what a reader of the run was: the page, and what its feed says of it.
    """
    with desk.job().warehouse.session() as session:
        found = session.execute(
            "SELECT page_id FROM pages WHERE state = 'landed' AND starts_with(url, 'http://127.') "
            "ORDER BY hash(url) LIMIT 300"
        ).fetchall()
        stored = stored_pages(session, [page_id for (page_id,) in found])
    bodies = [urllib.request.urlopen(page.task.url).read() for page in stored]
    spent = 0.0
    for number, (page, body) in enumerate(zip(stored, bodies, strict=True)):
        row = PageRow(
            page_id=page.task.page_id,
            url=page.task.url,
            final_url=page.final_url,
            state="landed",
            fetched_at=page.fetched_at,
            content_type=page.content_type,
            last_modified=page.last_modified,
            first_seen_at=page.fetched_at,
            run_id="bench",
        )
        start = time.process_time()
        read_page(TOPICS, page.task, row, body, page.fetched_at)
        if number >= 20:
            spent += time.process_time() - start
    size = sum(map(len, bodies)) / len(bodies) / 1000
    print(f"a page has {size:.0f} KB")
    return 1000 * spent / (len(bodies) - 20)


def _print_stages(title: str, cost: Cost) -> None:
    """Where the time went: CPU of each stage, and how long it waited with nothing to do."""
    print(f"\n{title:42}{'s CPU':>8}{'s waiting':>12}")
    for stage, spent in cost.stages.items():
        waited = max(0.0, spent["wall"] - spent["cpu"])
        print(f"{stage:42}{spent['cpu']:8.2f}{waited:12.2f}")


def test_a_whole_run(room: tuple[psutil.Process, list[Listing]], tmp_path: Path) -> None:
    """A tenth, then everything once, then every feed again, unchanged; Prefect's server is warm."""
    server, feeds = room
    tenth = new_desk(tmp_path / "tenth", feeds[: FEEDS // 10])
    data, listed = tenth.settings.data, tenth.settings.feeds
    with exported(prefect_environment(data, os.environ)), prefect_server(data):
        short = _run(data, listed, server)
    before = _reading_ms(tenth)
    desk = new_desk(tmp_path / "data", feeds)
    data, listed = desk.settings.data, desk.settings.feeds
    with exported(prefect_environment(data, os.environ)), prefect_server(data):
        cost = _run(data, listed, server)
        again = _run(data, listed, server, "--all", "--no-pages")
    # Before and after: a machine that others use as well changes in the meantime.
    reading = (before + _reading_ms(desk)) / 2
    share = PAGES * reading / 1000 / cost.cores
    beyond = 0.9 * PAGES * reading / 1000 / (cost.cores - short.cores)
    print(f"\n{PAGES} pages of {FEEDS} feeds on {CORES} cores, {cost.wall:.1f} s by the clock")
    print(f"{'reading a page, one process':42}{reading:8.1f} ms CPU")
    print(f"{'everything else':42}{1000 * cost.cpu / PAGES - reading:8.1f} ms CPU a page")
    print(f"{'idle':42}{1000 * cost.idle / PAGES:8.1f} ms a page")
    print(
        f"{'the stand-in server (not counted)':42}{1000 * cost.server / PAGES:8.1f} ms CPU a page"
    )
    print(f"{'share of cores x the one-process rate':42}{share:8.2f}")
    print(f"{'the same without start and end':42}{beyond:8.2f}")
    inside = cost.stages["reading pages (processes)"]["cpu"] / cost.cpu
    print(f"{'share of the CPU that went into reading':42}{inside:8.2f}")
    highest, half = max(cost.memory_mb), len(cost.memory_mb) // 2
    early, late = max(cost.memory_mb[:half]), max(cost.memory_mb[half:])
    print(f"{'memory of the process tree':42}{highest:8.0f} MB")
    print(f"{'the same in the first and second half':42}{early:8.0f} MB, {late:.0f} MB")
    print(f"{'the same of a tenth of the feeds':42}{max(short.memory_mb):8.0f} MB")
    polling = again.stages["asking feeds (event loop)"]["wall"]
    rate = FEEDS / polling
    print(f"{'unchanged feeds':42}{rate:8.0f} polls/s")
    print(f"{'the same, start of process included':42}{FEEDS / again.wall:8.0f} polls/s")
    _print_stages("the whole run", cost)
    _print_stages("unchanged feeds", again)
    landed = cost.report["stages"]["page"]["landed"]
    assert landed == PAGES
    assert highest < MOST_MEMORY_MB
    if (FEEDS, PAGES) >= (1000, 10_000):  # starting weighs too much in a smaller run
        assert share >= LEAST_SHARE
        assert late <= MOST_GROWTH * early
        assert highest <= MOST_OVER_A_TENTH * max(short.memory_mb)
        assert rate >= LEAST_POLLS_A_SECOND
