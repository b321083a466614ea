"""Upkeep names what crashed, checks what must hold, and leaves everything else as it is."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from desks import Desk
from tables import tables_in, tables_of

from flows.steps.maintain import run_maintain
from storage.warehouse import Session


@pytest.fixture
def full(landed: Desk, tmp_path: Path) -> Desk:
    """A copy of a desk on which everything that the newsroom lists has landed."""
    shutil.copytree(landed.settings.data, tmp_path / "full")
    return Desk(landed.settings.model_copy(update={"data": tmp_path / "full"}))


def dead_process() -> int:
    """The id of a process that has just ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def at_work(session: Session, name: str, host: str, pid: int) -> None:
    session.execute(
        "INSERT INTO runs (run_id, kind, state, host, pid, started_at) "
        "VALUES (?, 'ingest', 'running', ?, ?, now())",
        [name, host, pid],
    )


def test_a_run_whose_process_is_gone_is_called_crashed_and_no_other(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk([])
    desk.run(poll=False)
    job = desk.job("maintain")
    here, gone = job.worker.host, dead_process()
    with job.warehouse.session() as session:
        at_work(session, "died", here, gone)
        at_work(session, "lives", here, os.getpid())
        at_work(session, "elsewhere", "far-off", gone)
    done = run_maintain(job)
    assert done.crashed == ("died",)
    states = dict(desk.ask("SELECT run_id, state FROM runs WHERE kind = 'ingest'"))
    assert (states["died"], states["lives"], states["elsewhere"]) == (
        "crashed",
        "running",
        "running",
    )
    assert desk.ask("SELECT ended_at IS NOT NULL, detail FROM runs WHERE run_id = 'died'") == [
        (True, "its process ended without finishing; what it had landed is kept")
    ]
    assert run_maintain(desk.job("maintain")).crashed == ()


def test_leases_that_ran_out_are_dropped_and_others_stay(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk([])
    desk.run(poll=False)
    job = desk.job("maintain")
    with job.warehouse.session() as session:
        session.execute(
            "INSERT INTO leases SELECT name, 'far', 'far-off', 1, now(), now() + after FROM "
            "(VALUES ('old', INTERVAL '-1 minute'), ('new', INTERVAL '1 hour')) t(name, after)"
        )
    run_maintain(job)
    assert desk.ask("SELECT name FROM leases WHERE name <> 'pipeline'") == [("new",)]


def test_a_sound_desk_gives_nothing_to_find_and_its_tables_stay(full: Desk) -> None:
    before = tables_of(full.database)
    positions = "SELECT warc_file, warc_offset, warc_digest FROM pages ORDER BY page_id"
    bytes_before = full.ask(positions)
    done = run_maintain(full.job("maintain"))
    assert (done.findings, done.torn, done.broken, done.crashed) == ((), (), (), ())
    assert tables_of(full.database) == before
    assert full.ask(positions) == bytes_before
    assert full.ask("SELECT state FROM runs WHERE kind = 'maintain'") == [("done",)]


HARMS = {
    "UPDATE entries SET article_id = 'nobody' WHERE article_id NOT NULL": "entry without article",
    "INSERT INTO entries FROM (SELECT * FROM entries LIMIT 1)": "entry twice",
    "INSERT INTO pages FROM (SELECT * FROM pages LIMIT 1)": "page twice",
    "INSERT INTO articles FROM (SELECT * FROM articles LIMIT 1)": "article twice",
    "DELETE FROM feeds WHERE feed_id = (SELECT min(feed_id) FROM entries)": "without feed",
    "UPDATE article_groups SET article_id = 'nobody'": "group without article",
    "UPDATE article_dates SET article_id = 'nobody'": "date without article",
    "UPDATE article_topics SET article_id = 'nobody'": "topic without article",
    "UPDATE run_stages SET taken = taken + 1 WHERE stage = 'page'": "sums do not hold",
}


def test_what_should_never_be_is_found_and_left_for_a_person(full: Desk) -> None:
    job = full.job("maintain")
    with job.warehouse.session() as session:
        for harm in HARMS:
            session.execute(harm)
        before = tables_in(session)
    done = run_maintain(job)
    for found in HARMS.values():
        assert any(found in line for line in done.findings), found
    with job.warehouse.session() as session:
        assert tables_in(session) == before
