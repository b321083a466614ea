"""The desk with real parts: server, worker and flow runs in processes of their own, on loopback."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pytest
from standins.fill import day
from standins.past import ADDRESSES, Past

from flows.deployments import DeploymentSpec, desk_deployments
from flows.processes import flow_run_processes, process_start
from flows.serve import how_it_ended, up

T = TypeVar("T")

FLOW = '''
import os, time
from prefect import flow

if "PREFECT__FLOW_RUN_ID" in os.environ:
    time.sleep(1.5)  # the run is PENDING for that much longer

@flow(name="stub")
def stub(seconds: float = 5.0) -> None:
    """Sleep."""
    time.sleep(seconds)
'''

DESK = """
import sys
from datetime import timedelta
from pathlib import Path
from flows.deployments import DeploymentSpec
from flows.serve import how_it_ended, up

folder, port, every = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
spec = DeploymentSpec("scheduled", "stubflow:stub", path=folder, schedule=timedelta(seconds=every))
specs = [spec, DeploymentSpec("manual", "flows.backfill:backfill")]
sys.exit(up(folder / "data", port=port, ui=False, deployments=specs, sweep_every=4.0))
"""

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

OPEN = {"PENDING", "RUNNING", "CANCELLING"}


def eventually(ask: Callable[[], T | None], seconds: float = 300.0) -> T:
    """Return the first answer that is true.

    Nothing waits so long but what never comes: two cores that others use as well can take minutes
    to start a worker and the process of a run.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError):  # the server may be down for a moment: some tests kill it
            answer = ask()
            if answer:
                return answer
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s")


class Desk:
    """A desk in a process of its own, and its API."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[str]) -> None:
        self.folder, self.port, self.process = folder, port, process
        self.api = f"http://127.0.0.1:{port}/api"

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        asked = urllib.request.Request(
            self.api + path, data=data, headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return json.load(answer)

    def runs(self) -> list[dict[str, Any]]:
        """All runs but those that the schedule has made ahead, oldest first."""
        found = self.ask("/flow_runs/filter", {"sort": "EXPECTED_START_TIME_ASC"})
        return [run for run in found if run["state_type"] != "SCHEDULED"]

    def run(self, run_id: str) -> dict[str, Any]:
        return dict(self.ask(f"/flow_runs/{run_id}"))

    def states(self, run_id: str) -> dict[str, datetime]:
        """The types of the states it has been in, with the last time it entered each."""
        found = self.ask(f"/flow_run_states/?flow_run_id={run_id}")
        return {state["type"]: when(state, "timestamp") for state in found}

    def await_state(self, run_id: str, *states: str) -> dict[str, Any]:
        return eventually(
            lambda: run if (run := self.run(run_id))["state_type"] in states else None
        )

    def await_run(self, state: str) -> dict[str, Any]:
        """Wait for the next run to begin, and for it to be in that state with a process.

        One that is about to begin is the next one too, unless it is to be met before that.
        """
        known = {
            run["id"] for run in self.runs() if run["state_type"] != "PENDING" or state == "PENDING"
        }

        def begun() -> dict[str, Any] | None:
            return next(
                (
                    run
                    for run in self.runs()
                    if run["id"] not in known
                    and run["state_type"] == state
                    and run["infrastructure_pid"]
                ),
                None,
            )

        return eventually(begun)

    def await_completion_after(self, run: dict[str, Any]) -> None:
        """Wait for a later scheduled run to complete."""
        eventually(lambda: "COMPLETED" in self.later(run))

    def await_start_after(self, run: dict[str, Any]) -> None:
        """Wait for a later scheduled run to have got the slot: it is begun, or has been.

        Prefect gives the slot on the way to PENDING, and would cancel a run that finds it taken.
        """
        eventually(lambda: self.later(run) & {"PENDING", "RUNNING", "COMPLETED"})

    def later(self, run: dict[str, Any]) -> set[str]:
        """The states of the scheduled runs that were due after this one."""
        return {
            later["state_type"]
            for later in self.runs()
            if later["auto_scheduled"] and later["expected_start_time"] > run["expected_start_time"]
        }

    def trigger(self, *words: str) -> str:
        """What a user types: prefect deployment run stub/scheduled, or as said."""
        environment = {**os.environ, "PREFECT_API_URL": self.api, "NO_COLOR": "1"}
        environment |= {"PREFECT_HOME": str(self.folder / "client"), "DO_NOT_TRACK": "1"}
        before = {run["id"] for run in self.ask("/flow_runs/filter", {})}
        command = [sys.executable, "-m", "prefect", "deployment", "run"]
        command += words or ("stub/scheduled",)
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=300)
        by_hand = [
            run["id"]
            for run in self.ask("/flow_runs/filter", {})
            if run["id"] not in before and not run["auto_scheduled"]
        ]
        assert len(by_hand) == 1
        return str(by_hand[0])

    def worker(self) -> int:
        return children(self.process.pid, "flows.serve worker")

    def server(self) -> int:
        return children(self.process.pid, "flows.prefect_server")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=30)
        return self.process.returncode, out, err


def children(parent: int, word: str) -> int:
    """The process below `parent` with these words on its command line."""
    listing = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(parent)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = [line for line in listing.stdout.splitlines() if f" {word} " in f"{line} "]
    assert len(found) == 1, listing.stdout
    return int(found[0].split()[0])


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def desk_up(folder: Path, *, every: float = 15.0) -> Iterator[Desk]:
    (folder / "stubflow.py").write_text(FLOW)
    (folder / "desk.py").write_text(DESK)
    port = free_port()
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    environment |= {"DUCKWIRE_DATA": str(folder / "data"), "DUCKWIRE_ALLOW_HOSTS": "127.0.0.0/8"}
    process = subprocess.Popen(
        [sys.executable, str(folder / "desk.py"), str(folder), str(port), str(every)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    desk = Desk(folder, port, process)
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if "for the prefect command" in line:
                break
        else:
            raise AssertionError(f"the desk did not come up: {process.communicate()[1]}")
        yield desk
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with desk_up(tmp_path_factory.mktemp("desk")) as running:
        yield running


def when(run: dict[str, Any], key: str) -> datetime:
    return datetime.fromisoformat(run[key])


def table(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "data" / "prefect" / "prefect.db")) as database:
        return database.execute(query).fetchall()


def processes_of(folder: Path) -> list[str]:
    """Every process that still has this test's folder on its command line or as its home."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in words and process_start(int(entry.name)):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.mark.slow
@pytest.mark.timeout(900)
class TestOneDesk:
    """One desk for all: each test waits for a run of its own."""

    def test_a_scheduled_run_starts_when_it_is_due_and_not_before(self, desk: Desk) -> None:
        run = desk.await_run("RUNNING")
        lateness = when(run, "start_time") - when(run, "expected_start_time")
        # The rest of it is the start of a process, which a busy machine takes its time for.
        assert timedelta(0) <= lateness < timedelta(seconds=90)
        assert desk.states(run["id"])["PENDING"] >= when(run, "expected_start_time")
        desk.await_state(run["id"], "COMPLETED")

    def test_a_run_by_hand_during_another_is_cancelled_and_says_why(self, desk: Desk) -> None:
        running = desk.await_run("RUNNING")
        # Not by the command, which takes so long to start that the run might have ended.
        deployment = running["deployment_id"]
        by_hand = desk.ask(f"/deployments/{deployment}/create_flow_run", {})
        cancelled = desk.await_state(by_hand["id"], "CANCELLED")
        assert "concurrency limit reached" in cancelled["state"]["message"]
        assert desk.await_state(running["id"], "COMPLETED")

    def test_a_run_by_hand_after_another_completes(self, desk: Desk) -> None:
        running = desk.await_run("RUNNING")
        desk.await_state(running["id"], "COMPLETED")
        desk.await_state(desk.trigger(), "COMPLETED")

    def test_the_schedule_goes_on_after_a_running_ingest_was_killed(self, desk: Desk) -> None:
        run = desk.await_run("RUNNING")
        os.kill(int(run["infrastructure_pid"]), signal.SIGKILL)
        desk.await_state(run["id"], "CRASHED")
        desk.await_start_after(run)

    def test_the_schedule_goes_on_after_a_pending_ingest_was_killed(self, desk: Desk) -> None:
        run = desk.await_run("PENDING")
        os.kill(int(run["infrastructure_pid"]), signal.SIGKILL)
        desk.await_state(run["id"], "CRASHED")
        assert "RUNNING" not in desk.states(run["id"])
        desk.await_start_after(run)

    def test_the_schedule_goes_on_after_run_and_worker_were_killed(self, desk: Desk) -> None:
        run = desk.await_run("RUNNING")
        os.kill(desk.worker(), signal.SIGKILL)
        os.kill(int(run["infrastructure_pid"]), signal.SIGKILL)
        crashed = desk.await_state(run["id"], "CRASHED")
        assert run["infrastructure_pid"] in crashed["state"]["message"]
        assert "is gone" in crashed["state"]["message"]
        desk.await_start_after(run)

    def test_a_run_beside_the_desk_shares_its_server_and_is_crashed_when_it_is_killed(
        self, desk: Desk
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
    def test_a_backfill_by_hand_fills_its_window_and_leaves_a_report(self, desk: Desk) -> None:
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

    def test_the_schedule_goes_on_after_the_server_was_killed(self, desk: Desk) -> None:
        run = desk.await_run("RUNNING")
        os.kill(desk.server(), signal.SIGKILL)
        desk.await_completion_after(run)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_sigterm_stops_the_desk_in_ten_seconds_with_nothing_left_open(tmp_path: Path) -> None:
    with desk_up(tmp_path, every=10.0) as desk:
        run = desk.await_run("RUNNING")
        began = time.monotonic()
        status, out, err = desk.stop()
        assert time.monotonic() - began < 10
        assert (status, err) == (0, "")
        assert out.splitlines()[-1].endswith("the desk is down")
        assert "Traceback" not in out
    log = (tmp_path / "data" / "prefect" / "worker.log").read_text()
    assert "never awaited" not in log
    assert processes_of(tmp_path) == []
    states = dict(table(tmp_path, "SELECT id, state_type FROM flow_run"))
    assert not OPEN & set(states.values())
    assert states[run["id"]] == "CRASHED"
    assert set(table(tmp_path, "SELECT paused FROM deployment")) == {(0,)}
    assert table(tmp_path, "SELECT active FROM deployment_schedule") == [(1,)]
    assert set(table(tmp_path, "SELECT active_slots FROM concurrency_limit_v2")) == {(0,)}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_killed_desk_leaves_no_process_and_the_next_one_frees_its_slot(tmp_path: Path) -> None:
    with desk_up(tmp_path, every=10.0) as desk:
        run = desk.await_run("RUNNING")
        desk.process.kill()
        eventually(lambda: not processes_of(tmp_path), 30)
    assert dict(table(tmp_path, "SELECT id, state_type FROM flow_run"))[run["id"]] == "RUNNING"
    with desk_up(tmp_path, every=10.0) as desk:
        crashed = desk.await_state(run["id"], "CRASHED")
        assert "is gone" in crashed["state"]["message"]
        desk.await_completion_after(run)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_of_the_runs_missed_while_the_desk_was_off_one_is_made_up_for(tmp_path: Path) -> None:
    with desk_up(tmp_path, every=600.0) as desk:
        eventually(lambda: len(desk.ask("/flow_runs/filter", {})) >= 3)
        desk.stop()
    with closing(sqlite3.connect(tmp_path / "data" / "prefect" / "prefect.db")) as database:
        # As if the machine had been off for ten days.
        for column in ("expected_start_time", "next_scheduled_start_time"):
            database.execute(f"UPDATE flow_run SET {column} = datetime({column}, '-10 days')")
        database.commit()
    missed = {row[0] for row in table(tmp_path, "SELECT id FROM flow_run")}
    with desk_up(tmp_path, every=600.0) as desk:
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


def test_a_second_desk_on_one_data_directory_refuses_in_one_line(tmp_path: Path) -> None:
    lines: list[str] = []
    with (tmp_path / "up.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert up(tmp_path, deployments=[], say=lines.append) == 1
    assert len(lines) == 1
    assert "already up" in lines[0]


def test_a_taken_port_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.delenv("PREFECT_HOME", raising=False)
    lines: list[str] = []
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        assert up(tmp_path, port=port, deployments=[], say=lines.append) == 1
    assert len(lines) == 1
    assert f"port {port} is taken" in lines[0]


def test_only_flows_that_are_there_are_deployed() -> None:
    names = {spec.entrypoint.partition(":")[0] for spec in desk_deployments()}
    folder = Path(sys.modules[DeploymentSpec.__module__].__file__ or "").parent
    assert names <= {f"flows.{path.stem}" for path in folder.glob("*.py")}


def test_a_process_that_carries_a_flow_run_is_found_by_it() -> None:
    environment = {**os.environ, "PREFECT__FLOW_RUN_ID": "5f0c6a52-test"}
    with subprocess.Popen(["sleep", "60"], env=environment) as sleeper:
        try:
            assert sleeper.pid in eventually(
                lambda: flow_run_processes().get("5f0c6a52-test"), seconds=5
            )
        finally:
            sleeper.kill()
    assert "5f0c6a52-test" not in flow_run_processes()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_deployments_file_deploys_everything_it_names(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    with desk_up(tmp_path, every=3600.0) as desk:
        environment = {**os.environ, "PREFECT_API_URL": desk.api, "NO_COLOR": "1"}
        environment |= {"PREFECT_HOME": str(tmp_path / "client"), "DO_NOT_TRACK": "1"}
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy"]
        file = str(root / "deploy" / "prefect.yaml")
        done = subprocess.run(
            [*command, "--prefect-file", file, "--all"],
            cwd=root,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found = {
            (deployment["entrypoint"].partition(":")[2], deployment["name"]): deployment
            for deployment in desk.ask("/deployments/filter", {})
            if deployment["entrypoint"].startswith("flows/")
        }
    shards = [f"shard-{number}" for number in range(3)]
    assert set(found) == {
        ("ingest", "scheduled"),
        ("maintain", "scheduled"),
        ("backfill", "manual"),
        ("reprocess", "manual"),
        *(("ingest", shard) for shard in shards),
        *(("backfill", shard) for shard in shards),
    }
    for deployment in found.values():
        assert deployment["global_concurrency_limit"]["limit"] == 1
        assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert deployment["work_pool_name"] == "duckwire"
    when = {key: deployment["schedules"] for key, deployment in found.items()}
    assert when["ingest", "scheduled"][0]["schedule"]["interval"] == 900
    assert when["ingest", "scheduled"][0]["active"]
    assert when["maintain", "scheduled"][0]["schedule"]["cron"]
    assert when["reprocess", "manual"] == []
    for number, shard in enumerate(shards):
        # Off: the whole is on, and the two would only wait for each other.
        assert [item["active"] for item in when["ingest", shard]] == [False]
        for flow in ("ingest", "backfill"):
            assert found[flow, shard]["parameters"] == {"shard": number, "shards": 3}


def ended(kind: str, message: str | None, took: float = 0.0) -> dict[str, Any]:
    state = {"type": kind, "name": kind.capitalize(), "message": message}
    return {"name": "calm-fox", "state": state, "total_run_time": took}


def test_a_run_that_completed_is_said_with_its_time() -> None:
    line = how_it_ended("ingest/scheduled", ended("COMPLETED", None, 12.4))
    assert line == "ingest/scheduled calm-fox: completed, 12 s"


def test_a_run_that_did_not_is_said_with_its_reason_on_one_line() -> None:
    line = how_it_ended("a/b", ended("FAILED", "bad \x1b[31mfeed\u202e\nTraceback: …"))
    assert line == "a/b calm-fox: failed, bad [31mfeed"
