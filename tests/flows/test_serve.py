"""The desk with real parts: server, worker and flow runs in processes of their own, on loopback."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from live_desk import LiveDesk, desk_up, eventually, table, when
from standins.fill import day
from standins.past import ADDRESSES, Past

DAYS = 20 * 86400.0  # Prefect makes runs for a hundred days ahead, and three at least

BESIDE = """
import sys, time
from pathlib import Path
from flows.prefect_server import own_server

with own_server(Path(sys.argv[1])) as api:
    from prefect import flow
    from prefect.runtime import flow_run

    @flow(name="beside")
    def beside() -> None:
        print(flow_run.id, api, flush=True)
        time.sleep(300)

    beside()
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDesk]:
    with desk_up(tmp_path_factory.mktemp("desk")) as running:
        yield running


@pytest.mark.slow
@pytest.mark.timeout(900)
class TestOneDesk:
    """One desk for all: each test waits for a run of its own."""

    def test_a_scheduled_run_starts_when_it_is_due_and_not_before(self, desk: LiveDesk) -> None:
        run = desk.await_run("RUNNING")
        lateness = when(run, "start_time") - when(run, "expected_start_time")
        # The rest of it is the start of a process, which a busy machine takes its time for.
        assert timedelta(0) <= lateness < timedelta(seconds=90)
        assert desk.states(run["id"])["PENDING"] >= when(run, "expected_start_time")
        desk.await_state(run["id"], "COMPLETED")

    def test_a_run_by_hand_during_another_is_cancelled_and_says_why(self, desk: LiveDesk) -> None:
        with desk.held("RUNNING") as run:
            cancelled = desk.await_end(desk.start(run["deployment_id"]))
        assert cancelled["state_type"] == "CANCELLED"
        assert "concurrency limit reached" in cancelled["state"]["message"]

    def test_a_run_by_hand_after_another_completes(self, desk: LiveDesk) -> None:
        def alone() -> dict[str, Any] | None:
            """The end of a run by hand, unless one that was due before it was met."""
            by_hand = desk.await_end(desk.trigger())
            return by_hand if by_hand["state_type"] != "CANCELLED" else None

        run = desk.await_run("RUNNING")
        with desk.without_schedule(run["deployment_id"]):
            desk.await_state(run["id"], "COMPLETED")
            assert eventually(alone)["state_type"] == "COMPLETED"

    def test_the_schedule_goes_on_after_a_running_ingest_was_killed(self, desk: LiveDesk) -> None:
        with desk.held("RUNNING") as run:
            os.kill(int(run["infrastructure_pid"]), signal.SIGKILL)
            desk.await_state(run["id"], "CRASHED")
        desk.await_start_after(run)

    def test_the_schedule_goes_on_after_a_pending_ingest_was_killed(self, desk: LiveDesk) -> None:
        with desk.held("PENDING") as run:
            os.kill(int(run["infrastructure_pid"]), signal.SIGKILL)
            desk.await_state(run["id"], "CRASHED")
        assert "RUNNING" not in desk.states(run["id"])
        desk.await_start_after(run)

    def test_the_schedule_goes_on_after_run_and_worker_were_killed(self, desk: LiveDesk) -> None:
        with desk.held("RUNNING") as run:
            worker = desk.worker()
            os.kill(worker, signal.SIGSTOP)  # neither notices that the other is gone
            os.kill(int(run["infrastructure_pid"]), signal.SIGKILL)
            os.kill(worker, signal.SIGKILL)
            crashed = desk.await_state(run["id"], "CRASHED")
        assert run["infrastructure_pid"] in crashed["state"]["message"]
        assert "is gone" in crashed["state"]["message"]
        desk.await_start_after(run)

    def test_a_run_beside_the_desk_shares_its_server_and_is_crashed_when_it_is_killed(
        self, desk: LiveDesk
    ) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
        command = [sys.executable, "-c", BESIDE, str(desk.folder / "data")]
        beside = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        assert beside.stdout is not None
        run_id, api = beside.stdout.readline().split()
        assert api == desk.api
        desk.await_state(run_id, "RUNNING")
        beside.kill()
        beside.communicate()
        crashed = desk.await_state(run_id, "CRASHED")
        assert str(beside.pid) in crashed["state"]["message"]

    @pytest.mark.allow_hosts(ADDRESSES)
    def test_a_backfill_by_hand_fills_its_window_and_leaves_a_report(self, desk: LiveDesk) -> None:
        with Past(1, day(11), day(12), around=1) as past:
            links = [post.link for one in past.publishers for post in one.posts]
            listed = desk.folder / "some.txt"
            listed.write_text("\n".join(links), "utf-8")
            window = ("from_date=2023-09-11", "to_date=2023-09-12", f'sources=["{listed}"]')
            words = [word for given in window for word in ("-p", given)]
            run_id = desk.trigger("backfill/manual", *words)
            desk.await_state(run_id, "COMPLETED")
            wanted = past.truth()
        with duckdb.connect(str(desk.folder / "data" / "news.duckdb"), read_only=True) as news:
            assert dict(news.execute("SELECT url, title FROM articles").fetchall()) == wanted
        chosen = {"flow_runs": {"id": {"any_": [run_id]}}}
        left = {made["key"]: made for made in desk.ask("/artifacts/filter", chosen)}
        assert left["backfill-units"]["type"] == "progress"
        report = left["backfill-report"]["data"].replace("\\", "")
        assert "2023-09-11 to 2023-09-12" in report
        assert f"| 2023-09-11 | {len(wanted)} | 0 |" in report

    def test_the_schedule_goes_on_after_the_server_was_killed(self, desk: LiveDesk) -> None:
        run = desk.await_run("RUNNING")
        os.kill(desk.server(), signal.SIGKILL)
        desk.await_completion_after(run)


def as_if_made_earlier(folder: Path, *, days: int) -> None:
    """Move every run and what is told of it into the past, as if the machine had been off."""
    told = "flow_run_state SET state_details = json_set(state_details, '$.scheduled_time', "
    with closing(sqlite3.connect(folder / "data" / "prefect" / "prefect.db")) as database:
        for column in ("expected_start_time", "next_scheduled_start_time"):
            database.execute(f"UPDATE flow_run SET {column} = datetime({column}, '-{days} days')")
        database.execute(
            f"UPDATE {told} strftime('%Y-%m-%dT%H:%M:%SZ', "
            f"json_extract(state_details, '$.scheduled_time'), '-{days} days'))"
        )
        database.commit()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_of_the_runs_missed_while_the_desk_was_off_one_is_made_up_for(tmp_path: Path) -> None:
    with desk_up(tmp_path, every=DAYS) as desk:
        eventually(lambda: len(desk.ask("/flow_runs/filter", {})) >= 3)
        desk.stop()
    as_if_made_earlier(tmp_path, days=90)
    missed = {row[0] for row in table(tmp_path, "SELECT id FROM flow_run")}
    with desk_up(tmp_path, every=DAYS) as desk:
        eventually(lambda: any(run["state_type"] == "COMPLETED" for run in desk.runs()))
        ended = [run for run in desk.runs() if run["id"] in missed]
        assert len(ended) == len(missed)
        assert sorted({run["state_type"] for run in ended}) == ["CANCELLED", "COMPLETED"]
        assert sum(run["state_type"] == "COMPLETED" for run in ended) == 1
        assert all(
            run["state"]["message"].startswith("Missed")
            for run in ended
            if run["state_type"] == "CANCELLED"
        )
