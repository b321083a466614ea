"""Runs take turns: a living one is waited for, a dead one gives way, and nobody wedges the desk."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from desks import Desk
from tables import assert_same_tables

from flows.newsroom import Newsroom
from flows.steps import turns
from flows.steps.progress import listening
from flows.steps.turns import Busy, at_work, process_is_gone
from storage.errors import LockedError

# Each holds something until a line comes in, having said what.
HOLD_THE_TURN = """
import sys
from flows.settings import load_settings
from flows.steps.job import new_job
from flows.steps.turns import at_work
job = new_job(load_settings(), "ingest")
with at_work(job, trigger="test", parameters={}):
    print(job.run_id, flush=True)
    sys.stdin.readline()
"""
HOLD_THE_FILE = """
import duckdb, sys
from flows.settings import load_settings
connection = duckdb.connect(str(load_settings().data / "duckwire.duckdb"))
print("held", flush=True)
sys.stdin.readline()
"""
RUN = "from flows.cli import main; main()"


class Heard:
    """A listener that remembers what was said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def expect(self, stage: str, more: int) -> None:
        pass

    def advance(self, stage: str, done: int = 1) -> None:
        pass

    def say(self, line: str) -> None:
        self.lines.append(line)


def environment(desk: Desk, **other: str) -> dict[str, str]:
    nothing = desk.settings.data / "no-files"
    nothing.mkdir(exist_ok=True)
    return {
        **os.environ,
        "DUCKWIRE_DATA": str(desk.settings.data),
        "DUCKWIRE_FEEDS": str(desk.settings.feeds),
        "DUCKWIRE_ALLOW_HOSTS": "127.0.0.1",
        "DUCKWIRE_PACE_ALLOWED": "false",
        "DUCKWIRE_SEEDS": str(nothing),
        **other,
    }


@contextmanager
def holder(desk: Desk, script: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process at its work, with the line it said when it had begun."""
    with subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment(desk),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def let_go(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=100)


def run_command(desk: Desk, **other: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "run", "--direct"],
        env=environment(desk, **other),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def runs(desk: Desk) -> dict[str, str]:
    with desk.job().warehouse.session() as session:
        return dict(session.execute("SELECT run_id, state FROM runs").fetchall())


def lease_of_another_host(desk: Desk, expires_at: datetime) -> None:
    """A run on another machine, whose lease ends then; nobody here can ask for its process."""
    job = desk.job()
    job.warehouse.migrate(job.clock())
    with job.warehouse.session() as session:
        session.execute(
            "INSERT INTO runs (run_id, state, host, pid) VALUES ('far', 'running', 'far-off', 1)"
        )
        session.execute(
            "INSERT INTO leases VALUES ('pipeline', 'far', 'far-off', 1, ?, ?)",
            [expires_at - timedelta(minutes=5), expires_at],
        )


@pytest.fixture
def alone(make_desk: Callable[..., Desk]) -> Desk:
    """A desk that follows no feed and waits for nobody long."""
    return make_desk([], lease_wait_s=1.0, lock_wait_s=0.5)


def test_the_near_duplicates_a_killed_run_left_are_looked_for_by_the_next(alone: Desk) -> None:
    with at_work(alone.job(), trigger="test", parameters={}):
        pass
    with alone.job().warehouse.session() as session:
        session.execute("INSERT INTO articles_to_group VALUES ('a_gone', false, 'killed')")
    with at_work(alone.job(), trigger="test", parameters={}):
        pass
    with alone.job().warehouse.session() as session:
        assert session.execute("FROM articles_to_group").fetchall() == []


def test_a_run_waits_for_the_one_at_work_names_it_and_gives_up(alone: Desk) -> None:
    heard = Heard()
    with holder(alone, HOLD_THE_TURN) as (process, run_id):
        with listening(heard), pytest.raises(Busy, match=f"{run_id} .process {process.pid} on"):
            alone.run(poll=False)
        assert heard.lines == [f"waiting for run {run_id} (process {process.pid}) to finish"]
        let_go(process)
    alone.run(poll=False)
    # Who only waited has no row: it did nothing.
    assert sorted(runs(alone).values()) == ["done", "done"]


def test_a_run_that_waits_long_enough_gets_its_turn(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk([], lease_wait_s=60)
    with holder(desk, HOLD_THE_TURN) as (process, run_id):
        asked = []

        def sleep(_: float) -> None:
            asked.append(runs(desk)[run_id])
            let_go(process)

        with at_work(desk.job(), trigger="test", parameters={}, sleep=sleep):
            assert asked == ["running"]
            assert runs(desk)[run_id] == "done"


def test_a_run_whose_process_was_killed_gives_way_at_once_and_is_called_crashed(
    alone: Desk,
) -> None:
    with holder(alone, HOLD_THE_TURN) as (process, run_id):
        process.kill()
        process.wait()
        report = alone.run(poll=False)  # which waits for a second, and a lease lasts for minutes
    assert runs(alone) == {run_id: "crashed", report.run_id: "done"}


def test_a_zombie_is_gone_and_a_living_process_is_not(alone: Desk) -> None:
    with holder(alone, "print()") as (process, _):
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, and not yet asked after
        assert process_is_gone(process.pid)
    assert process_is_gone(process.pid)
    assert not process_is_gone(os.getpid())
    assert not process_is_gone(1)


def test_the_lease_of_another_host_is_waited_for_until_it_runs_out(alone: Desk) -> None:
    lease_of_another_host(alone, datetime.now(UTC) + timedelta(minutes=4))
    with pytest.raises(Busy, match=r"run far \(process 1 on far-off\)"):
        alone.run(poll=False)
    assert runs(alone)["far"] == "running"


def test_the_lease_of_another_host_that_ran_out_is_taken(alone: Desk) -> None:
    lease_of_another_host(alone, datetime.now(UTC) - timedelta(seconds=1))
    report = alone.run(poll=False)
    assert runs(alone) == {"far": "crashed", report.run_id: "done"}


def test_a_long_run_renews_its_lease(alone: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_RENEW_S", 0.05)
    job = alone.job()

    def expires() -> datetime:
        with job.warehouse.session() as session:
            (row,) = session.execute("SELECT holder, expires_at FROM leases").fetchall()
        assert row[0] == job.run_id
        return row[1]

    with at_work(job, trigger="test", parameters={}):
        first, deadline = expires(), time.monotonic() + 100
        while expires() == first:
            assert time.monotonic() < deadline, "the lease was never renewed"
            time.sleep(0.05)


def test_a_renewal_that_waits_for_the_file_does_not_hold_up_the_end(
    make_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "_RENEW_S", 0.05)
    desk = make_desk([], lock_wait_s=100)
    desk.run(poll=False)
    job = desk.job()
    with ThreadPoolExecutor(1) as pool, holder(desk, HOLD_THE_FILE) as (process, _):
        stop = threading.Event()
        renewing = pool.submit(turns._renew, job, stop)
        time.sleep(0.5)  # it waits by now
        assert not renewing.done()
        stop.set()
        renewing.result(timeout=30)
        let_go(process)


def test_threads_of_one_process_that_open_and_close_the_file_do_not_trip_each_other(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk([], lock_wait_s=30)
    desk.run(poll=False)

    def open_often(_: int) -> int:
        for _ in range(15):
            with desk.job().warehouse.session() as session:
                session.execute("SELECT count(*) FROM leases")
        return 15

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(open_often, range(4))) == [15] * 4


def test_a_run_that_fails_says_so_and_leaves_the_turn_to_the_next(alone: Desk) -> None:
    job = alone.job()
    with pytest.raises(RuntimeError), at_work(job, trigger="test", parameters={}):
        raise RuntimeError("no more paper")
    with job.warehouse.session() as session:
        assert session.execute("SELECT state, detail FROM runs").fetchall() == [
            ("failed", "RuntimeError: no more paper")
        ]
        assert session.execute("FROM leases").fetchall() == []
    alone.run(poll=False)


def test_who_holds_the_working_file_is_named_and_nothing_is_lost(alone: Desk) -> None:
    alone.run(poll=False)
    with holder(alone, HOLD_THE_FILE) as (process, _):
        with pytest.raises(LockedError, match=f"process {process.pid} "):
            alone.run(poll=False)
        let_go(process)
    alone.run(poll=False)
    assert list(runs(alone).values()) == ["done", "done"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "setting"),
    [(HOLD_THE_TURN, "DUCKWIRE_LEASE_WAIT_S"), (HOLD_THE_FILE, "DUCKWIRE_LOCK_WAIT_S")],
)
def test_the_command_gives_up_in_one_line_that_names_who_is_in_the_way(
    script: str, setting: str, alone: Desk
) -> None:
    alone.run(poll=False)
    with holder(alone, script) as (process, _):
        command = run_command(alone, **{setting: "0.5"})
        said, wrong = command.communicate(timeout=110)
        assert (command.returncode, said) == (1, "")
        *before, last = wrong.splitlines()
        assert last.startswith("duckwire: ")
        assert f"process {process.pid} " in last
        assert all(line.startswith("waiting for run") for line in before), wrong
        let_go(process)


@pytest.mark.slow
def test_a_run_waits_for_the_working_file_and_goes_on_when_it_is_free(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk([], lock_wait_s=60)
    desk.run(poll=False)
    with holder(desk, HOLD_THE_FILE) as (process, _):
        command = run_command(desk)
        time.sleep(2)
        assert command.poll() is None, "it did not wait"
        let_go(process)
        _, wrong = command.communicate(timeout=110)
    assert command.returncode == 0, wrong


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_two_runs_at_once_both_end_well_with_the_tables_of_one(
    desk: Desk, landed: Desk, newsroom: Newsroom
) -> None:
    pair = [run_command(desk), run_command(desk)]
    ended = [(*process.communicate(timeout=300), process.returncode) for process in pair]
    assert [status for _, _, status in ended] == [0, 0], ended
    assert not any("Traceback" in wrong for _, wrong, _ in ended)
    assert_same_tables(desk.database, landed.database)
    assert desk.ask("FROM run_balance WHERE NOT balanced") == []
