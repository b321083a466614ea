"""What a desk says and refuses, without one being up."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from live_desk import eventually

from flows.deployments import DeploymentSpec, desk_deployments
from flows.processes import flow_run_processes
from flows.serve import how_it_ended, stop_worker, up


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
            assert sleeper.pid in eventually(lambda: flow_run_processes().get("5f0c6a52-test"))
        finally:
            sleeper.kill()
    assert "5f0c6a52-test" not in flow_run_processes()


# A worker as Prefect's is: told to stop, it kills its runs. Its run needs a moment to end.
WORKER = """
import os, signal, subprocess, sys, time
run = "import signal, sys, time; from pathlib import Path\\n"
run += "def end(*_): time.sleep(0.3); Path(sys.argv[1]).touch(); sys.exit()\\n"
run += "signal.signal(signal.SIGTERM, end); print(flush=True); time.sleep(60)"
mine = {"DUCKWIRE_WORKER_PID": str(os.getpid()), "PREFECT__FLOW_RUN_ID": sys.argv[2]}
environment = {**os.environ, **mine}
child = subprocess.Popen([sys.executable, "-c", run, sys.argv[1]], env=environment)
def stop(*_):
    child.kill()
    sys.exit(3)
signal.signal(signal.SIGTERM, stop)
child.wait()
time.sleep(60)
"""


@pytest.fixture
def run() -> str:
    """The id of a flow run that no other process carries."""
    return uuid.uuid4().hex


def test_runs_have_ended_by_themselves_before_their_worker_is_stopped(
    tmp_path: Path, run: str
) -> None:
    ended = tmp_path / "ended"
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(ended), run], stdout=subprocess.PIPE
    )
    with worker:
        assert worker.stdout is not None
        worker.stdout.readline()  # the run is ready to be told
        stop_worker(worker, runs_grace=30)
    assert ended.exists()


def test_a_run_that_does_not_end_is_killed_with_its_worker(tmp_path: Path, run: str) -> None:
    deaf = WORKER.replace("time.sleep(0.3)", "time.sleep(60)")
    worker = subprocess.Popen(
        [sys.executable, "-c", deaf, str(tmp_path / "ended"), run], stdout=subprocess.PIPE
    )
    with worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        stop_worker(worker, runs_grace=0.3)
    assert not (tmp_path / "ended").exists()
    eventually(lambda: run not in flow_run_processes())


def ended(kind: str, message: str | None, took: float = 0.0) -> dict[str, Any]:
    state = {"type": kind, "name": kind.capitalize(), "message": message}
    return {"name": "calm-fox", "state": state, "total_run_time": took}


def test_a_run_that_completed_is_said_with_its_time() -> None:
    line = how_it_ended("ingest/scheduled", ended("COMPLETED", None, 12.4))
    assert line == "ingest/scheduled calm-fox: completed, 12 s"


def test_a_run_that_did_not_is_said_with_its_reason_on_one_line() -> None:
    line = how_it_ended("a/b", ended("FAILED", "bad \x1b[31mfeed\u202e\nTraceback: …"))
    assert line == "a/b calm-fox: failed, bad [31mfeed"
