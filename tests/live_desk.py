"""Desks that are up: server, worker and flow runs in processes of their own, on loopback."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from prefect_api import api_answer, new_run
from shared_targets import free_port

from flows.processes import process_parent, process_start

T = TypeVar("T")

_FLOW = '''
import os, time
from pathlib import Path
from prefect import flow

HERE, RUN = Path(__file__).parent, os.environ.get("PREFECT__FLOW_RUN_ID")

def said(state):
    try:
        return (HERE / f"hold-{state}").read_text()
    except FileNotFoundError:
        return ""

def stay(state):
    held = said(state)
    if held:
        (HERE / f"{held}-{RUN}").touch()
    while held and said(state) == held:
        time.sleep(0.1)

if RUN:
    time.sleep(1.5)  # the run is PENDING for that much longer
    stay("PENDING")

@flow(name="stub")
def stub() -> None:
    """Sleep."""
    time.sleep(4)
    stay("RUNNING")
'''

_DESK = """
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

_COMMAND = "from flows.cli import main; main()"
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


class LiveDesk:
    """A desk in a process of its own, and its API."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[str]) -> None:
        self.folder, self.port, self.process = folder, port, process
        self.api = f"http://127.0.0.1:{port}/api"

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return json.loads(api_answer(self.api + path, body))

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

    def await_end(self, run_id: str) -> dict[str, Any]:
        return self.await_state(run_id, "COMPLETED", "FAILED", "CRASHED", "CANCELLED")

    def start(self, deployment: str) -> str:
        """Start a run by hand: not by the command, which takes seconds to begin."""
        return str(self.ask(f"/deployments/{deployment}/create_flow_run", new_run())["id"])

    @contextmanager
    def held(self, state: str) -> Iterator[dict[str, Any]]:
        """A run that stays PENDING or RUNNING, with a process, for as long as the block lasts.

        The state alone is over in seconds: whoever reads it and acts on it may come too late.
        """
        mark, word = self.folder / f"hold-{state}", uuid.uuid4().hex
        fresh = self.folder / word
        fresh.write_text(word)
        fresh.replace(mark)

        def caught() -> dict[str, Any] | None:
            for one in self.folder.glob(f"{word}-*"):
                run = self.run(one.name.removeprefix(f"{word}-"))
                if run["state_type"] == state and run["infrastructure_pid"]:
                    return run
            return None

        try:
            yield eventually(caught)
        finally:
            mark.unlink()

    @contextmanager
    def without_schedule(self, deployment: str) -> Iterator[None]:
        """Let no run of this deployment be due by itself for as long as the block lasts."""
        self.ask(f"/deployments/{deployment}/pause_deployment", {})
        try:
            yield
        finally:
            self.ask(f"/deployments/{deployment}/resume_deployment", {})

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
        out, err = self.process.communicate(timeout=60)
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


@contextmanager
def desk_up(folder: Path, *, every: float = 10.0) -> Iterator[LiveDesk]:
    """A desk whose flow only sleeps, started `every` so many seconds."""
    (folder / "stubflow.py").write_text(_FLOW)
    (folder / "desk.py").write_text(_DESK)
    port = free_port()
    line = [sys.executable, str(folder / "desk.py"), str(folder), str(port), str(every)]
    with _up(folder, port, line, {"DUCKWIRE_DATA": str(folder / "data")}) as desk:
        yield desk


@contextmanager
def duckwire_up(folder: Path, settings: Mapping[str, str]) -> Iterator[LiveDesk]:
    """`duckwire up` on `folder`/data, with these settings besides."""
    port = free_port()
    given = {
        "DUCKWIRE_DATA": str(folder / "data"),
        "DUCKWIRE_UI_PORT": str(port),
        "DUCKWIRE_HEALTH_PORT": "0",
        **settings,
    }
    with _up(folder, port, [sys.executable, "-c", _COMMAND, "up"], given) as desk:
        yield desk


@contextmanager
def _up(
    folder: Path, port: int, line: list[str], settings: Mapping[str, str]
) -> Iterator[LiveDesk]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    environment |= {"DUCKWIRE_ALLOW_HOSTS": "127.0.0.0/8", **settings}
    process = subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    desk = LiveDesk(folder, port, process)
    try:
        assert process.stdout is not None
        for said in process.stdout:
            if "for the prefect command" in said:
                break
        else:
            raise AssertionError(f"the desk did not come up: {process.communicate()[1]}")
        yield desk
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def when(run: dict[str, Any], key: str) -> datetime:
    return datetime.fromisoformat(run[key])


def table(folder: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(folder / "data" / "prefect" / "prefect.db")) as database:
        return database.execute(query).fetchall()


def processes_of(folder: Path) -> list[str]:
    """Every process that still has this test's folder on its command line or as its home.

    The test's own process and what it has started by itself do not count.
    """
    found = []
    for entry in Path("/proc").iterdir():
        pid = int(entry.name) if entry.name.isdigit() else os.getpid()
        if os.getpid() not in (pid, process_parent(pid)):
            try:
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if str(folder).encode() in words and process_start(pid):
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found
