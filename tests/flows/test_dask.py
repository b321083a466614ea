"""`reprocess` and CC-NEWS on a Dask cluster of two workers, under a real Prefect."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from desks import Desk
from standins.fill import articles, day, fill, past_desk, said
from standins.past import ADDRESSES, Past
from standins.server import Reply
from tables import assert_same_tables, tables_of

from extractors.errors import SettingsError
from flows.dask import PAGES_A_TASK, dask_runner
from flows.newsroom import Newsroom, generate

PAGES = 3 * PAGES_A_TASK
RUNS = """
    SELECT pid, runs.state, parameters->>'shard',
           count(unit_id) FILTER (url LIKE '%.warc.gz' AND backfill_units.state = 'done')
    FROM runs LEFT JOIN backfill_units USING (run_id) GROUP BY ALL ORDER BY 3
"""


@pytest.mark.parametrize(
    "where", ["local:", "local:0", "two", "local:many", "ray://127.0.0.1:10001", "://"]
)
def test_what_names_no_cluster_is_refused(where: str) -> None:
    with pytest.raises(SettingsError, match="DUCKWIRE_DASK"):
        dask_runner(where)


def test_the_address_of_a_scheduler_is_taken_as_it_is() -> None:
    assert dask_runner("tcp://127.0.0.1:8786").address == "tcp://127.0.0.1:8786"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pages_read_again_by_a_cluster_give_the_same_tables(
    make_desk: Callable[..., Desk],
) -> None:
    with Newsroom.start(generate(5, feeds=3, pages=PAGES)) as room:
        desk = make_desk(room.feeds())
        desk.run()
    before = tables_of(desk.database)
    with desk.job().warehouse.session() as session:
        session.execute("UPDATE pages SET extractor_version = 'older'")
    environment = {
        **os.environ,
        "DUCKWIRE_DATA": str(desk.settings.data),
        "DUCKWIRE_FEEDS": str(desk.settings.feeds),
        "DUCKWIRE_DASK": "local:2",
    }
    done = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", "reprocess"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"{PAGES} pages extracted again" in done.stdout
    assert tables_of(desk.database) == before
    with closing(sqlite3.connect(desk.settings.data / "prefect" / "prefect.db")) as database:
        by_cluster = database.execute(
            "SELECT state_type, count(*) FROM task_run "
            "WHERE name LIKE 'read pages again%' GROUP BY 1"
        ).fetchall()
        names = database.execute(
            "SELECT DISTINCT name FROM task_run WHERE name LIKE 'read pages again%' ORDER BY 1"
        ).fetchall()
    assert by_cluster == [("COMPLETED", 3)]
    assert names == [("read pages again, worker 0",), ("read pages again, worker 1",)]


def hold_the_first_files(past: Past) -> None:
    """Let no file of CC-NEWS be answered before three have been asked for.

    A worker reads two at a time: so the third is asked for by the other worker.
    """
    asked: set[str] = set()
    three = threading.Event()

    def respond(path: str, query: str) -> Reply | None:
        if path.endswith(".warc.gz"):
            asked.add(path)
            if len(asked) > 2:
                three.set()
            three.wait(150)
        return past.crawl(path, query)

    past.services.mount("/crawl", respond)


@pytest.mark.slow
@pytest.mark.allow_hosts(ADDRESSES)
@pytest.mark.timeout(600)
def test_workers_of_a_cluster_share_the_files_of_ccnews_and_give_the_same_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Past(5, day(11), day(16), around=1) as past:
        alone = past_desk(past, tmp_path / "alone")
        fill(alone, past.start, past.end, sources=("ccnews",))
        desk = past_desk(past, tmp_path / "data")
        hold_the_first_files(past)
        for name, value in {"DASK": "local:2", "READ_S": "200", "TOTAL_S": "200"}.items():
            monkeypatch.setenv(f"DUCKWIRE_{name}", value)
        window = ("--from", "2023-09-11", "--to", "2023-09-16")
        report = said(desk, "backfill", *window, "--sources", "ccnews")
    assert articles(desk)
    assert_same_tables(alone.database, desk.database)
    files = report["sources"]["ccnews"]
    assert files["done"] > 4
    assert (files["left"], files["failed"]) == (0, 0)
    assert sum(line["articles"] for line in report["days"]) == len(articles(desk))
    # A process each, a lease of its own for each, and files that each has read.
    with desk.job().warehouse.session() as session:
        runs = session.execute(RUNS).fetchall()
    assert [run[1:3] for run in runs] == [("done", "0"), ("done", "1")]
    assert len({run[0] for run in runs}) == 2
    assert all(run[3] > 0 for run in runs), runs
