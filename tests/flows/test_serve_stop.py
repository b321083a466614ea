"""A desk that is stopped or killed: all of it goes, nothing is lost, and the next one goes on."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from desks import Desk, new_desk
from live_desk import OPEN, LiveDesk, desk_up, duckwire_up, eventually, processes_of, table
from tables import assert_same_tables

from flows.newsroom import Newsroom, generate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

LATE_S = 900.0  # longer than the test lasts


def settings_of(desk: Desk, folder: Path) -> dict[str, str]:
    """As the desk that ran undisturbed has them, but for the data directory."""
    (folder / "no-files").mkdir()
    return {
        "DUCKWIRE_FEEDS": str(desk.settings.feeds),
        "DUCKWIRE_SEEDS": str(folder / "no-files"),
        "DUCKWIRE_PACE_ALLOWED": "false",
        "DUCKWIRE_BATCH": "5",
        "DUCKWIRE_READ_S": str(LATE_S),
        "DUCKWIRE_TOTAL_S": str(LATE_S),
        "DUCKWIRE_INGEST_EVERY": "P36500D",  # no run but those of the test
    }


def await_landed_pages(desk: LiveDesk) -> None:
    """Wait until the run that the desk begins with has written pages; more of them wait."""
    archive = desk.folder / "data" / "archive"
    eventually(lambda: any("-feeds-" not in path.name for path in archive.glob("*/*/*.warc.gz")))


def test_sigterm_stops_a_desk_at_work_in_time_and_the_next_one_does_the_rest(
    tmp_path: Path,
) -> None:
    with Newsroom.start(generate(5, feeds=4, pages=40)) as room:
        alone = new_desk(tmp_path / "alone", room.feeds())
        alone.run()
        given = settings_of(alone, tmp_path)
        # These are not answered before the desk is gone, so that the run is certainly at work.
        for (late,) in alone.ask("SELECT url FROM articles ORDER BY url LIMIT 4"):
            room.fail(late, delay_s=LATE_S)
        with duckwire_up(tmp_path, given) as desk:
            await_landed_pages(desk)
            status, out, err = desk.stop()  # which waits for a minute at most
        assert (status, err) == (0, "")
        assert out.splitlines()[-1].endswith("the desk is down")
        assert "Traceback" not in out
        assert processes_of(tmp_path) == []
        nothing_is_left_open(tmp_path)
        room.heal()

        with duckwire_up(tmp_path, given) as desk:
            ingest = desk.ask("/deployments/name/ingest/scheduled")["id"]
            assert desk.await_end(desk.start(ingest))["state_type"] == "COMPLETED"
            desk.stop()
        news = tmp_path / "data" / "news.duckdb"
        assert_same_tables(alone.database, news)
        with duckdb.connect(str(news), read_only=True) as connection:
            states = connection.execute("SELECT state FROM runs ORDER BY started_at").fetchall()
            assert states in ([("failed",), ("done",)], [("crashed",), ("done",)])
            for nothing in ("run_balance WHERE NOT balanced", "orphans", "leases"):
                assert connection.execute(f"FROM {nothing}").fetchall() == []


def nothing_is_left_open(folder: Path) -> None:
    """Prefect has no open run and no slot that is taken, and its schedules go on."""
    log = (folder / "data" / "prefect" / "worker.log").read_text()
    assert "never awaited" not in log
    states = [state for (state,) in table(folder, "SELECT state_type FROM flow_run")]
    assert not OPEN & set(states)
    assert "CRASHED" in states
    assert set(table(folder, "SELECT paused FROM deployment")) == {(0,)}
    assert set(table(folder, "SELECT active FROM deployment_schedule")) == {(1,)}
    assert set(table(folder, "SELECT active_slots FROM concurrency_limit_v2")) == {(0,)}


def test_a_killed_desk_leaves_no_process_and_the_next_one_frees_its_slot(tmp_path: Path) -> None:
    with desk_up(tmp_path) as desk, desk.held("RUNNING") as run:
        desk.process.kill()
        eventually(lambda: not processes_of(tmp_path))
    with desk_up(tmp_path) as desk:
        desk.await_state(run["id"], "CRASHED")
        desk.await_completion_after(run)
