"""The desk of one machine: `duckwire up`.

It keeps three things going and looks after them: Prefect's server (flows.prefect_server), one
process worker in a process of its own, and the sweep (flows.sweep). A worker, and not `serve()`:
that one cancels runs seconds before they are due (it looks ahead, and a look ahead takes the
slot), pauses its deployments when it stops, and leaves runs pending. Ours looks no second ahead.

Each process watches the one that started it, so that nothing of a killed desk lives on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

from flows.deployments import (
    WORK_POOL,
    DeploymentError,
    DeploymentSpec,
    desk_deployments,
    register,
    start_first_runs,
)
from flows.prefect_api import Api, open_api
from flows.prefect_report import plain_text
from flows.prefect_server import ServerError, Stopped, prefect_home, server
from flows.processes import (
    flow_run_processes,
    open_log,
    process_parent,
    rotate_log,
    watch_over,
)
from flows.sweep import (
    WORKER_NAME,
    Host,
    alive_on_this_host,
    cancel_missed,
    close_runs,
    open_runs,
    sweep,
)

SWEEP_S = 20.0  # a death is seen by one sweep and acted on by the next
LOOK_S = 2.0  # how often the desk looks for runs that have ended
POLL_S = 2  # how often the worker asks for runs that are due
RUNS_GRACE_S = 4.0  # what flow runs get to end by themselves when the desk stops
KILLED_S = 1.0  # what is left of a killed run gets to notice that it is gone
WORKER_GRACE_S = 2.0  # and then the worker
WORKER_PID = "DUCKWIRE_WORKER_PID"
LOSS_PAUSE_S = 5.0  # between a lost server or worker and the next


def up(
    data: Path,
    *,
    ingest_every: timedelta = timedelta(minutes=15),
    maintain: timedelta | str = timedelta(days=1),
    port: int = 4200,
    ui: bool = True,
    deployments: Sequence[DeploymentSpec] | None = None,
    stop: threading.Event | None = None,
    say: Callable[[str], None] | None = None,
    sweep_every: float = SWEEP_S,
    beside: contextlib.AbstractContextManager[object] | None = None,
) -> int:
    """Bring the desk up and keep it up until `stop` is set, SIGINT or SIGTERM; return 0 then.

    `maintain` is an interval or a cron line in UTC; `port` is where the own server listens on
    loopback (PREFECT_API_URL, when set, is used instead); `deployments` replaces the project's
    own. `say` gets one line for each event that matters (default: standard output); `beside` is
    entered once it is certain that no other desk is up, and left when this one goes. Returns 1,
    with a line said, when the desk cannot come up: another one has this data directory, the port
    is taken, a flow cannot be imported. Stops within ten seconds.
    """
    say = say or _print
    data.mkdir(parents=True, exist_ok=True)
    specs = deployments
    if specs is None:
        specs = desk_deployments(ingest_every=ingest_every, maintain=maintain)
    with _stopping(stop) as ending, _only_desk(data) as alone:
        if not alone:
            say(f"a desk is already up on {data}: stop it first, or choose another --data")
            return 1
        shared = bool(os.environ.get("PREFECT_API_URL"))
        prefect = partial(server, data, desk=True, ui=ui, port=port, stop=ending, on_wait=say)
        try:
            with beside or contextlib.nullcontext():
                while not ending.is_set():
                    with prefect() as api_url:
                        _Desk(data, api_url, not shared, specs, ending, say, sweep_every).run()
        except Stopped:
            pass
        except (ServerError, DeploymentError) as error:
            say(str(error))
            return 1
    say("the desk is down")
    return 0


class _Desk:
    """One server's time at the desk: from its start to our stop, or to its loss."""

    def __init__(
        self,
        data: Path,
        api_url: str,
        alone: bool,
        specs: Sequence[DeploymentSpec],
        ending: threading.Event,
        say: Callable[[str], None],
        sweep_every: float,
    ) -> None:
        self.data, self.api_url, self.specs = data, api_url, specs
        self.ending, self.say, self.sweep_every = ending, say, sweep_every
        self.home = prefect_home(data, os.environ)
        self.alone = alone
        self.worker: subprocess.Popen[bytes] | None = None
        self.suspects: frozenset[str] = frozenset()
        self.reported: set[str] = set()

    def run(self) -> None:
        """Set everything up, then look after it; return when it is over or the server is lost."""
        since = datetime.now(UTC)
        with open_api(patient=False) as api:
            try:
                self._set_up(api)
            except DeploymentError:
                raise
            except Exception as error:  # whatever it is, the desk tries again
                said = (str(error) or type(error).__name__).splitlines()[0]
                self.say(f"Prefect at {self.api_url} is not ready, asking again: {said}")
                self.ending.wait(LOSS_PAUSE_S)
                return
            try:
                self._start_worker()
                self.say(f"the desk is up: {self.api_url.removesuffix('/api')}")
                self.say(f"for the prefect command: export PREFECT_API_URL={self.api_url}")
                self._look_after(api, since)
            finally:
                self._stop_worker()
                if _answers(api):
                    self._close(api)

    def _set_up(self, api: Api) -> None:
        engine = [sys.executable, "-m", "flows.serve", "engine"]
        self.deployments = register(api, self.specs, engine=engine)
        self._sweep(api, starting=True)
        for line in cancel_missed(api, self.deployments, datetime.now(UTC)):
            self.say(line)
        for name in start_first_runs(api, self.specs, self.deployments):
            self.say(f"{name}: first run")

    def _look_after(self, api: Api, since: datetime) -> None:
        swept = time.monotonic()
        while not self.ending.wait(LOOK_S):
            try:
                self._report(api, since)
                if time.monotonic() - swept >= self.sweep_every:
                    swept = time.monotonic()
                    self._sweep(api)
                    for name in ("server.log", "worker.log"):
                        rotate_log(self.home / name)
            except Exception as error:
                if not _answers(api):
                    self.say("Prefect's server is lost: starting again")
                    self.ending.wait(LOSS_PAUSE_S)
                    return
                self.say(f"Prefect's server gave an error: {type(error).__name__}: {error}")
            if self.worker is not None and self.worker.poll() is not None:
                self.say(f"the worker ended ({self.worker.returncode}): starting another")
                if not self.ending.wait(LOSS_PAUSE_S):
                    self._start_worker()

    def _sweep(self, api: Api, *, starting: bool = False) -> None:
        # The records first, then the processes: the other way round, a new run would look dead.
        records = open_runs(api)
        alive = alive_on_this_host(records, flow_run_processes())
        host = Host(socket.gethostname(), alive, self.alone, starting)
        result = sweep(api, records, self.deployments, host, datetime.now(UTC), self.suspects)
        self.suspects = result.suspects
        for line in result.lines:
            self.say(line)

    def _report(self, api: Api, since: datetime) -> None:
        """Say how runs ended, once each."""
        asked = {
            "flow_runs": {
                "deployment_id": {"any_": list(self.deployments)},
                "end_time": {"after_": since.isoformat()},
            },
            "sort": "END_TIME_DESC",
            "limit": 50,
        }
        for record in reversed(api.post("/flow_runs/filter", asked)):
            if record["id"] in self.reported:
                continue
            self.reported.add(record["id"])
            self.say(how_it_ended(self.deployments[record["deployment_id"]], record))

    def _start_worker(self) -> None:
        name = WORKER_NAME + socket.gethostname()
        command = [sys.executable, "-m", "flows.serve", "worker", str(os.getpid()), name]
        environment = {
            **os.environ,
            "PREFECT_API_URL": self.api_url,
            "PREFECT_WORKER_QUERY_SECONDS": os.environ.get(
                "PREFECT_WORKER_QUERY_SECONDS", str(POLL_S)
            ),
            "DUCKWIRE_DATA": str(self.data.resolve()),
        }
        self.home.mkdir(parents=True, exist_ok=True)
        with open_log(self.home / "worker.log") as log:
            self.worker = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the desk, which tells the others in turn
            )

    def _stop_worker(self) -> None:
        worker, self.worker = self.worker, None
        if worker is not None:
            stop_worker(worker)

    def _close(self, api: Api) -> None:
        """Leave no run open that nobody works on any more."""
        if not close_runs(api, self.deployments, socket.gethostname(), alone=self.alone):
            self.say("Prefect could not be told what was stopped: the next desk tells it")


def stop_worker(worker: subprocess.Popen[bytes], *, runs_grace: float = RUNS_GRACE_S) -> None:
    """Stop a worker's flow runs and then itself, gently for a few seconds each.

    Not the worker first: it kills its runs at once, before they have given back their turn.
    `runs_grace` is how many seconds they get for that.
    """
    mark = f"{WORKER_PID}={worker.pid}".encode()
    _end_runs(worker, mark, signal.SIGTERM, runs_grace)
    # A run before what it has started: else it would take a reader that is killed for a bad page.
    _end_runs(worker, mark, signal.SIGKILL, KILLED_S)
    worker.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        worker.wait(WORKER_GRACE_S)
    worker.kill()
    worker.wait()
    deadline = time.monotonic() + KILLED_S
    while (left := _marked(mark)) and time.monotonic() < deadline:
        for pid in left:
            _kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _end_runs(
    worker: subprocess.Popen[bytes], mark: bytes, number: signal.Signals, seconds: float
) -> None:
    """Send the signal to each run of the worker, once, and wait so long until none is left."""
    told: set[int] = set()
    deadline = time.monotonic() + seconds
    while (runs := _marked(mark)) and time.monotonic() < deadline:
        for pid in runs - told:
            if process_parent(pid) == worker.pid:
                _kill(pid, number)
        told |= runs
        time.sleep(0.1)


def how_it_ended(deployment: str, record: Mapping[str, Any]) -> str:
    """Return one line on a run that is over; `record` is as the API's JSON gives it.

    A state's message may quote what a stranger wrote: nothing in the line can steer a terminal.
    """
    state = record["state"]
    what = plain_text((state.get("message") or "").partition("\n")[0])[:200]
    if state["type"] == "COMPLETED":
        what = f"{record['total_run_time'] or 0.0:.0f} s"
    return f"{deployment} {plain_text(record['name'])}: {state['name'].lower()}, {what}"


def _answers(api: Api) -> bool:
    try:
        api.get("/health")
    except Exception:  # refused, timed out, cut off: all the same here
        return False
    return True


def _marked(mark: bytes) -> set[int]:
    """Return the processes of flow runs that have `mark` among their environment variables."""
    return {
        pid
        for processes in flow_run_processes().values()
        for pid, environ in processes.items()
        if mark in environ.split(b"\0")
    }


def _kill(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _print(line: str) -> None:
    stamp = datetime.now(UTC).strftime("%H:%M:%S")
    sys.stdout.write(f"{stamp} {line}\n")
    sys.stdout.flush()


@contextlib.contextmanager
def _only_desk(data: Path) -> Iterator[bool]:
    """Hold `<data>/up.lock` for the time of the block; yield False when another desk has it."""
    with (data / "up.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
        else:
            yield True


@contextlib.contextmanager
def _stopping(stop: threading.Event | None) -> Iterator[threading.Event]:
    """Yield the event that ends the desk: the caller's, or one that SIGINT and SIGTERM set."""
    if stop is not None:
        yield stop
        return
    event = threading.Event()

    def note(_number: int, _frame: FrameType | None) -> None:
        event.set()

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _be_worker(parent: int, name: str) -> None:
    """Be the worker: `prefect worker start` in this process, as long as the desk lives."""
    watch_over(lambda: os.getppid() != parent)
    os.environ[WORKER_PID] = str(os.getpid())  # inherited by the processes of its flow runs
    pool = ["--pool", WORK_POOL, "--type", "process", "--install-policy", "never"]
    # No look ahead: a run that is taken early holds its slot, or is cancelled, before it is due.
    sys.argv = ["prefect", "worker", "start", "--name", name, "--prefetch-seconds", "0", *pool]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


def _be_engine() -> None:
    """Be a flow run: Prefect's engine in this process, as long as its worker lives."""
    worker = int(os.environ.get(WORKER_PID, os.getppid()))
    watch_over(lambda: os.getppid() != worker)
    sys.argv = ["prefect.engine"]
    runpy.run_module("prefect.engine", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        _be_worker(int(sys.argv[2]), sys.argv[3])
    else:
        _be_engine()
