"""Shared warehouses for tests: a served one, and DuckLakes on SQLite and on a real PostgreSQL."""

from __future__ import annotations

import os
import pwd
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

# Read before any test takes the project's settings out of the environment.
REQUIRED = os.environ.get("DUCKWIRE_REQUIRE", "").split(",")
TOKEN = "a token 'with' quotes"
SHARED = ("quack", "ducklake-sqlite", "ducklake-postgres")
EVERY = ("file", *SHARED)
_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")

# The server as a process of its own, so that it can be killed; what it says is its readiness.
_SERVE = """
import signal, sys, threading
from datetime import UTC, datetime
from pathlib import Path
from storage.targets.serving import Listening, serve
stop = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: stop.set())
listening = Listening("127.0.0.1", int(sys.argv[2]), abandoned_s=float(sys.argv[4]))
serve(Path(sys.argv[1]), listening, sys.argv[3], now=datetime.now(UTC), stop=stop,
      ready=lambda: print("ready", flush=True))
"""


def targets(*names: str) -> list[object]:
    """The targets as parameters of a test; the slower ones and PostgreSQL have their markers."""
    marked = {
        "ducklake-sqlite": [pytest.mark.slow],
        "ducklake-postgres": [pytest.mark.slow, pytest.mark.postgres],
    }
    return [pytest.param(name, marks=marked.get(name, ())) for name in names]


@dataclass
class Server:
    """A served warehouse: its file, its port, its process."""

    path: Path
    port: int
    process: subprocess.Popen[str]
    abandoned_s: float

    @property
    def settings(self) -> dict[str, str]:
        return {"warehouse": f"quack:127.0.0.1:{self.port}", "quack_token": TOKEN}

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        self.process = _started(self.path, self.port, self.abandoned_s)


_marks: list[socket.socket] = []  # of the ports handed out, for as long as this process lives


def free_port() -> int:
    """A port for a server that is still to come, and that nobody takes before it does.

    The kernel gives none of that range to a connection, and of two test processes one alone can
    bind the name that marks a port.
    """
    first_of_connections = int(_PORT_RANGE.read_text("utf-8").split()[0])
    while True:
        port = random.SystemRandom().randrange(10_000, max(first_of_connections, 20_000))
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0duckwire-tests-port-{port}")
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            mark.close()
        else:
            _marks.append(mark)
            return port


@contextmanager
def served(path: Path, abandoned_s: float = 30.0) -> Iterator[Server]:
    port = free_port()
    server = Server(path, port, _started(path, port, abandoned_s), abandoned_s)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(timeout=100)


def _started(path: Path, port: int, abandoned_s: float) -> subprocess.Popen[str]:
    line = [sys.executable, "-c", _SERVE, str(path), str(port), TOKEN, str(abandoned_s)]
    process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


@contextmanager
def target_settings(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """The settings that make a new, empty warehouse of that kind the one in use."""
    if name == "file":
        yield {}
    elif name == "quack":
        with served(folder / "served.duckdb") as server:
            yield server.settings
    elif name == "ducklake-sqlite":
        yield {"warehouse": f"ducklake:sqlite:{folder}/catalogue.sqlite"}
    else:
        with postgres() as dsn:
            yield {
                "warehouse": f"ducklake:postgres:{dsn}",
                "lake_data": str(folder / "lake-files"),
            }


@cache
def _programs() -> Path | None:
    """Where PostgreSQL's programs are: on the path, or where Debian puts them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return debian[-1].parent if debian else None


@dataclass
class Postgres:
    """A running PostgreSQL; `dsn` leads to its first database, `folder` has its socket."""

    dsn: str
    folder: Path
    control: list[str]

    @property
    def pid(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text("utf-8").split()[0])

    def restart(self) -> None:
        """Stop at once, as if the machine had failed, and start again."""
        _run([*self.control, "-m", "immediate", "-w", "restart"], self.folder)

    def stop(self) -> None:
        """Stop at once, and stay down."""
        _run([*self.control, "-m", "immediate", "-w", "stop"], self.folder)


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own on a socket in a folder; its connection string."""
    with postgres_server() as server:
        yield server.dsn


@contextmanager
def postgres_server(*, connections: int = 100, password: str | None = None) -> Iterator[Postgres]:
    """A PostgreSQL of its own on a socket in a folder, that can be restarted.

    With a password, it lets nobody in without it.
    """
    programs = _programs()
    if programs is None:
        why = "PostgreSQL's initdb is not installed (Debian: postgresql)"
        if "postgres" in REQUIRED:
            pytest.fail(why)
        pytest.skip(why)
    # Its own short folder: a socket's path is bounded, and PostgreSQL refuses to run as root.
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    as_user: list[str] = []
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        as_user = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}"]
        as_user += ["--clear-groups"]
    cluster = folder / "data"
    made = [programs / "initdb", "-D", cluster, "-U", "duck", "-E", "UTF8"]
    made += ["-A", "scram-sha-256" if password else "trust"]
    if password:
        asked = folder / "password"
        asked.write_text(password, "utf-8")
        made += ["--pwfile", asked]
    control = [*as_user, str(programs / "pg_ctl"), "-D", str(cluster)]
    options = f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections={connections}"
    try:
        _run([*as_user, *map(str, made), "--no-sync"], folder)
        _run([*control, "-w", "-l", str(folder / "log"), "-o", options, "start"], folder)
        running = Postgres(f"dbname=postgres user=duck host={folder}", folder, control)
        try:
            yield running
        finally:
            if (cluster / "postmaster.pid").exists():
                running.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(line: list[str], folder: Path) -> None:
    done = subprocess.run(
        line, cwd=folder, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert done.returncode == 0, done.stderr
