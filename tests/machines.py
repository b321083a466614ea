"""Many machines on one: PostgreSQL, Prefect's server on it, workers, and a DuckLake on the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg
from desks import Desk, new_desk
from prefect_api import FULL_HANDS, api_answer, new_run
from shared_targets import Postgres, free_port, postgres_server

from extractors.records import Listing
from flows.newsroom import Newsroom, generate
from flows.prefect_server import prefect_environment
from flows.settings import ROOT
from flows.steps.shares import Share

LATE_S = 900.0  # longer than any test lasts
ENDED = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}

# What `prefect deploy` does with prefect.yaml, for any number of shards.
_DEPLOY = """
import sys
from flows.deployments import DeploymentSpec, register
from flows.prefect_api import open_api
shards = int(sys.argv[1])
specs = [
    DeploymentSpec(
        f"shard-{n}-of-{shards}", "flows.ingest:ingest", parameters={"shard": n, "shards": shards}
    )
    for n in range(shards)
]
with open_api() as api:
    made = register(api, specs)
    for deployment in made:
        # Prefect keeps the slot of a run that is gone for five minutes, and would cancel the next
        # one. Without it our own leases alone keep two runs off one shard.
        api.patch(f"/deployments/{deployment}", {"concurrency_limit": None})
    print(*made)
"""


@contextmanager
def papers(shares: int, *, feeds: int, pages: int) -> Iterator[list[Newsroom]]:
    """Two servers of each share, with so many feeds and articles in all."""
    count = 2 * shares
    with ExitStack() as rooms:
        served = []
        for number in range(count):
            desk = generate(number + 1, feeds=feeds // count, pages=pages // count)
            share = Share(number % shares, shares)
            room = rooms.enter_context(Newsroom.start(desk))
            while not share.has_url(room.base_url):  # by chance: the port decides
                room = rooms.enter_context(Newsroom.start(desk))
            served.append(room)
        yield served


def all_feeds(rooms: list[Newsroom]) -> list[Listing]:
    return [listing for room in rooms for listing in room.feeds()]


def requests(rooms: list[Newsroom]) -> int:
    return sum(room.requests.total() for room in rooms)


@dataclass
class Machines:
    """A Prefect server on a PostgreSQL, and workers that share a desk's DuckLake."""

    postgres: Postgres
    folder: Path
    desk: Desk
    port: int = field(default_factory=free_port)
    server: subprocess.Popen[bytes] | None = None
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        settings = self.desk.settings
        assert settings.warehouse is not None
        mine = {
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_API_URL": f"http://127.0.0.1:{self.port}/api",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": (
                f"postgresql+asyncpg://duck@/prefect?host={self.postgres.folder}"
            ),
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "DUCKWIRE_WAREHOUSE": settings.warehouse.get_secret_value(),
            "DUCKWIRE_LAKE_DATA": str(settings.lake_data),
            "DUCKWIRE_DATA": str(settings.data),
            "DUCKWIRE_FEEDS": str(settings.feeds),
            "DUCKWIRE_SEEDS": str(self.folder / "no-files"),
            "DUCKWIRE_ALLOW_HOSTS": "127.0.0.1",
            "DUCKWIRE_PACE_ALLOWED": "false",
            "DUCKWIRE_WORKERS": "1",
            "DUCKWIRE_READ_S": str(LATE_S),
            "DUCKWIRE_TOTAL_S": str(LATE_S),
        }
        return {**os.environ, **prefect_environment(self.folder, {}), **mine}

    def start_server(self) -> None:
        line = [sys.executable, "-m", "prefect", "server", "start", "--no-ui"]
        self.server = self._started(
            "server", [*line, "--host", "127.0.0.1", "--port", str(self.port)]
        )
        deadline = time.monotonic() + 300
        while True:
            with suppress(OSError):
                self.ask("/health")
                return
            assert time.monotonic() < deadline, (self.folder / "server.log").read_text()
            time.sleep(0.2)

    def start_workers(self, count: int) -> None:
        line = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "duckwire"]
        for _ in range(count):
            name = f"worker-{len(self.workers)}"
            words = [*line, "--name", name, "--limit", "1", "--prefetch-seconds", "0"]
            self.workers.append(self._started(name, words))

    def deploy(self, shards: int) -> list[str]:
        """Deploy an ingest for each shard; returns the deployments' ids."""
        done = subprocess.run(
            [sys.executable, "-c", _DEPLOY, str(shards)],
            env=self.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.split()

    def start_run(self, deployment: str) -> str:
        made = self.ask(f"/deployments/{deployment}/create_flow_run", new_run())
        return str(made["id"])

    def run_all(self, deployments: list[str], seconds: float = 120) -> None:
        """Start a run of each until each has completed, as a schedule does."""
        deadline = time.monotonic() + seconds
        runs = {deployment: self.start_run(deployment) for deployment in deployments}
        while runs:
            assert time.monotonic() < deadline, self.states(list(runs.values()))
            time.sleep(0.5)
            states = self.states(list(runs.values()))
            for deployment, run in list(runs.items()):
                if states[run] == "COMPLETED":
                    del runs[deployment]
                elif states[run] in ENDED:
                    time.sleep(1)
                    runs[deployment] = self.start_run(deployment)

    def states(self, runs: list[str]) -> dict[str, str]:
        found = self.ask("/flow_runs/filter", {"flow_runs": {"id": {"any_": runs}}})
        return {run["id"]: run["state_type"] for run in found}

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        url = f"http://127.0.0.1:{self.port}/api{path}"
        # 500: PostgreSQL was restarted under it, and a connection of before is still in use.
        return json.loads(api_answer(url, body, again_on=(*FULL_HANDS, 500)))

    def disturb(
        self, rooms: list[Newsroom], deployments: list[str], *, feeds: int, pages: int
    ) -> None:
        """Start a run of each; in the middle kill a worker with its run, and restart the rest.

        A page of each server is not answered before that, so that no run has come to its end.
        """
        before = requests(rooms)
        for room in rooms:
            room.fail(room.truth()[0].url, delay_s=LATE_S)
        for deployment in deployments:
            self.start_run(deployment)
        deadline = time.monotonic() + 600
        while requests(rooms) - before < feeds + pages // 4:
            assert time.monotonic() < deadline, requests(rooms) - before
            time.sleep(0.1)
        self.kill_worker()
        for room in rooms:
            room.heal()
        self.restart_server()
        self.postgres.restart()
        assert requests(rooms) - before < feeds + pages, "everything had been fetched before"

    def kill_worker(self) -> None:
        """Kill a worker and the run that it started, as if its machine had failed."""
        self._end(self.workers.pop(), signal.SIGKILL)

    def restart_server(self) -> None:
        assert self.server is not None
        self._end(self.server, signal.SIGKILL)
        self.start_server()

    def cpu_seconds(self) -> dict[str, float]:
        """What each part has spent so far, with its processes that have ended."""
        assert self.server is not None
        parts = {
            "runs": [worker.pid for worker in self.workers],
            "Prefect": [self.server.pid],
            "database": [self.postgres.pid],
            "news": [os.getpid()],
        }
        return {part: sum(map(_cpu, pids)) for part, pids in parts.items()}

    def stop(self) -> None:
        for process in [*self.workers, *([self.server] if self.server else [])]:
            self._end(process, signal.SIGKILL)

    def _end(self, process: subprocess.Popen[bytes], number: signal.Signals) -> None:
        for child in _tree(process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, number)
        process.wait(timeout=100)

    def _started(self, name: str, line: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                line, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )


def _cpu(pid: int) -> float:
    """Processor seconds of a process and, unless it is this one, of all that it has started."""
    if pid == os.getpid():
        own = psutil.Process(pid).cpu_times()
        return own.user + own.system
    total = 0.0
    for one in _tree(pid):
        with suppress(psutil.NoSuchProcess):
            times = psutil.Process(one).cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def _tree(pid: int) -> list[int]:
    """A process and all below it; runs have sessions of their own."""
    listed = subprocess.run(
        ["ps", "-e", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    )
    parents = dict(map(int, line.split()) for line in listed.stdout.splitlines())
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


@contextmanager
def machines(folder: Path, feeds: list[Listing]) -> Iterator[Machines]:
    """Everything but the workers and deployments, up; nothing of it is left at the end."""
    (folder / "no-files").mkdir()
    with postgres_server(connections=200) as server:
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("CREATE DATABASE prefect")
        lake = {"warehouse": f"ducklake:postgres:{server.dsn}", "lake_data": str(folder / "lake")}
        made = Machines(server, folder, new_desk(folder / "shared", feeds, **lake))
        made.desk.job().warehouse.migrate(made.desk.job().clock())
        try:
            made.start_server()
            yield made
        finally:
            made.stop()
