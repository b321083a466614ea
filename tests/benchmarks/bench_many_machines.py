"""One, two and three workers on a DuckLake, under a Prefect server on the same PostgreSQL.

DUCKWIRE_BENCH_FEEDS and DUCKWIRE_BENCH_PAGES set the size (2,000 and 20,000 by default). Each
worker is one process that reads pages; all of them, the servers of the news, PostgreSQL and Prefect
share this machine's cores.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from desks import new_desk
from machines import all_feeds, machines, papers
from tables import TABLES, tables_in, tables_of

from flows.newsroom import Newsroom

pytestmark = [pytest.mark.bench, pytest.mark.postgres, pytest.mark.timeout(7200)]

FEEDS = int(os.environ.get("DUCKWIRE_BENCH_FEEDS", "2000")) // 6 * 6
PAGES = int(os.environ.get("DUCKWIRE_BENCH_PAGES", "20000")) // 6 * 6
CORES = len(os.sched_getaffinity(0))


@pytest.fixture(scope="module")
def rooms() -> Iterator[list[Newsroom]]:
    with papers(3, feeds=FEEDS, pages=PAGES) as served:
        yield served


@pytest.mark.parametrize("count", [1, 2, 3])
def test_throughput_by_workers(rooms: list[Newsroom], tmp_path: Path, count: int) -> None:
    """From the moment that the runs are asked for until all have landed everything.

    Beside it the processor time that went into the runs themselves, their workers' start included,
    into Prefect's server, PostgreSQL, and this process, which serves the news.
    """
    with machines(tmp_path, all_feeds(rooms)) as made:
        deployments = made.deploy(count)
        made.start_workers(count)
        begun, idle, spent = time.perf_counter(), psutil.cpu_times().idle, made.cpu_seconds()
        made.run_all(deployments, seconds=3600)
        took = time.perf_counter() - begun
        busy = CORES - (psutil.cpu_times().idle - idle) / took
        cpu = {part: seconds - spent[part] for part, seconds in made.cpu_seconds().items()}
        with made.desk.job().warehouse.reading() as session:
            landed = session.execute("SELECT count(*) FROM articles").fetchone()
    assert landed == (PAGES,)
    if count == 1:
        print(f"\n{PAGES} articles of {FEEDS} feeds, {CORES} cores; processor seconds of each part")
        print(f"{'workers':>8}{'s':>8}{'articles/s':>12}{'cores busy':>12}", end="")
        print("".join(f"{part:>10}" for part in cpu))
    print(f"{count:8}{took:8.1f}{PAGES / took:12.1f}{busy:12.2f}", end="")
    print("".join(f"{seconds:10.0f}" for seconds in cpu.values()))


def test_failures_in_the_middle_leave_the_same_tables(
    rooms: list[Newsroom], tmp_path: Path
) -> None:
    feeds = all_feeds(rooms)
    alone = new_desk(tmp_path / "alone", feeds)
    alone.run()
    wanted = tables_of(alone.database)
    with machines(tmp_path, feeds) as made:
        deployments = made.deploy(3)
        made.start_workers(3)
        made.disturb(rooms, deployments, feeds=FEEDS, pages=PAGES)
        made.start_workers(1)
        made.run_all(deployments, seconds=3600)
        with made.desk.job().warehouse.reading() as session:
            found = tables_in(session)
    for table in TABLES:
        assert found[table] == wanted[table], table
