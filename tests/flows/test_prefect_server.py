"""The server of one data directory: which settings, who shares it, and when it ends."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import get_current_settings

from flows.prefect_run import without_heartbeats
from flows.prefect_server import (
    ServerError,
    ServerState,
    _leave,
    exported,
    own_server,
    prefect_environment,
    prefect_home,
    server,
)
from flows.processes import open_log, process_start, process_tag, rotate_log

RUN = """
import sys
from pathlib import Path
from flows.prefect_server import own_server

data, tasks = Path(sys.argv[1]), int(sys.argv[2])
with own_server(data) as api:
    from prefect import flow
    from flows.tasks import as_task

    def one(number: int) -> int:
        return number

    @flow(name="many")
    def many() -> int:
        print("up", api, flush=True)
        total = sum(as_task("one", one, number) for number in range(tasks))
        if "held" in sys.argv:
            sys.stdin.readline()
        return total

    many()
print("done", flush=True)
"""

WAIT = """
import sys
from pathlib import Path
from flows.prefect_server import server

def say(line: str) -> None:
    print("wait", line, flush=True)

with server(Path(sys.argv[1]), desk=True, on_wait=say) as api:
    print("up", api, flush=True)
"""

REPORT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from flows.prefect_server import own_server

with own_server(Path(sys.argv[1])):
    from prefect import flow
    from flows.prefect_report import (
        OnTopicArticle, emit_on_topic, publish_failing_feeds, publish_report,
    )

    @flow(name="report")
    def report() -> None:
        publish_report("# 3 new", key="ingest-report")
        publish_failing_feeds([{"feed": "https://a.example/x", "reason": "timeout"}])
        when = datetime(2023, 9, 13, tzinfo=UTC)
        emit_on_topic(OnTopicArticle("a1", "https://a.example/1", "Title", "summit", 0.8, when))

    report()
"""

FAIL = """
import sys
from pathlib import Path
from flows.prefect_server import own_server

try:
    with own_server(Path(sys.argv[1])):
        from prefect import flow, task

        @task
        def bad() -> None:
            raise ValueError("no")

        @flow(name="bad")
        def wrong() -> None:
            bad()

        wrong()
except ValueError:
    print("raised")
"""


@pytest.fixture
def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "DO_NOT"))}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory whose database is made already."""
    return tmp_path_factory.mktemp("server")


@contextmanager
def script(
    text: str, data: Path, *words: object, environment: dict[str, str]
) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", text, str(data), *map(str, words)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Let a process that is held go on, and wait for its end."""
    out, err = process.communicate(timeout=250)
    return process.returncode, out, err


def api_of(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline().split()
    assert line[0] == "up", process.communicate()
    return line[1]


def table(data: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(data / "prefect" / "prefect.db")) as database:
        return database.execute(query).fetchall()


def servers_of(data: Path) -> list[int]:
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and is_server(entry, data) and process_start(int(entry.name))
    ]


def is_server(entry: Path, data: Path) -> bool:
    try:
        words = (entry / "cmdline").read_bytes()
    except OSError:
        return False
    return b"-m\0flows.prefect_server" in words and str(data).encode() in words


def eventually(true: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_prefect_keeps_its_files_in_the_data_directory_and_counts_nobody(tmp_path: Path) -> None:
    set_for = prefect_environment(tmp_path, {})
    assert set_for["PREFECT_HOME"] == str(tmp_path / "prefect")
    assert set_for["DO_NOT_TRACK"] == "1"
    assert set_for["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_the_home_is_absolute_since_runs_work_elsewhere() -> None:
    assert Path(prefect_environment(Path("data"), {})["PREFECT_HOME"]).is_absolute()


def test_what_the_user_set_is_left_alone(tmp_path: Path) -> None:
    users = {"PREFECT_HOME": "/srv/prefect", "DO_NOT_TRACK": "0"}
    assert not users.keys() & prefect_environment(tmp_path, users).keys()
    assert prefect_home(tmp_path, users) == Path("/srv/prefect")


def test_the_users_own_prefect_is_not_reconfigured(tmp_path: Path) -> None:
    users = {"PREFECT_API_URL": "http://prefect.example/api"}
    chosen = prefect_environment(tmp_path, users)
    assert set(chosen) == {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"}


def test_a_configured_server_is_used_and_none_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with server(tmp_path) as api:
        assert api == "http://127.0.0.1:9/api"
    assert list(tmp_path.iterdir()) == []


def test_a_configured_server_that_does_not_answer_is_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(ServerError, match=r"no Prefect answers at http://127\.0\.0\.1:9/api"):
        own_server(tmp_path).__enter__()


def test_exported_variables_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUCKWIRE_KEPT", "before")
    monkeypatch.delenv("DUCKWIRE_NEW", raising=False)
    with exported({"DUCKWIRE_KEPT": "within", "DUCKWIRE_NEW": "1"}):
        assert (os.environ["DUCKWIRE_KEPT"], os.environ["DUCKWIRE_NEW"]) == ("within", "1")
    assert os.environ["DUCKWIRE_KEPT"] == "before"
    assert "DUCKWIRE_NEW" not in os.environ


def test_importing_the_module_does_not_import_prefect() -> None:
    code = "import sys, flows.prefect_server, flows.serve, flows.prefect_report, flows.sweep; "
    code += "sys.exit('prefect' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("said", "beats"), [({}, None), ({"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "180"}, 180)]
)
def test_flows_of_a_run_send_no_heartbeats_unless_the_user_says_how_often(
    said: dict[str, str], beats: int | None
) -> None:
    with without_heartbeats(said):
        assert get_current_settings().flows.heartbeat_frequency == beats


def test_a_taken_port_is_an_error_of_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_HOME"):
        monkeypatch.delenv(name, raising=False)
    with closing(socket.socket()) as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        taken = pytest.raises(ServerError, match=f"port {port} is taken")
        with taken as error, server(tmp_path, port=port):
            pass
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("others", [0, 1])
def test_the_last_user_of_a_server_ends_it_when_all_is_recorded_and_no_other_waits(
    tmp_path: Path, others: int
) -> None:
    hold = "import fcntl, sys; users = open(sys.argv[1], 'a+'); fcntl.lockf(users, fcntl.LOCK_SH)"
    hold += "; print(flush=True); sys.stdin.read()"
    pipe, done = subprocess.PIPE, []
    (tmp_path / "server.json").touch()
    with ExitStack() as held:
        users = held.enter_context((tmp_path / "server.users").open("a+"))
        for _ in range(others):
            line = [sys.executable, "-c", hold, users.name]
            other = held.enter_context(subprocess.Popen(line, stdin=pipe, stdout=pipe))
            assert other.stdout.readline()
        fcntl.lockf(users, fcntl.LOCK_SH)
        gone = ServerState(os.getpid(), 0, 1, desk=False)  # no process of ours began then
        _leave(tmp_path, users, gone, [lambda: done.append((tmp_path / "server.json").exists())])
    assert done == [True] * (not others)
    assert (tmp_path / "server.json").exists() == bool(others)


def test_the_last_user_gives_the_server_time_for_what_one_before_it_sent(tmp_path: Path) -> None:
    (tmp_path / "server.left").touch()
    (tmp_path / "server.json").touch()
    users = (tmp_path / "server.users").open("a+")
    fcntl.lockf(users, fcntl.LOCK_SH)
    began = time.monotonic()
    _leave(tmp_path, users, ServerState(os.getpid(), 0, 1, desk=False), [])
    assert time.monotonic() - began >= 1.0
    assert not list(tmp_path.glob("server.[lj]*"))


def test_a_process_that_ended_has_no_start() -> None:
    with subprocess.Popen(["true"]) as ended:
        eventually(lambda: process_start(ended.pid) is None)  # a zombie until it is waited for
    assert process_start(os.getpid()) is not None
    assert process_tag().endswith(f":{os.getpid()}:{process_start(os.getpid())}")


def test_a_log_that_has_grown_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_bytes(b"x" * 10_000_001)
    with open_log(log) as file:
        file.write(b"new")
    assert log.read_bytes() == b"new"
    assert (tmp_path / "server.log.1").stat().st_size == 10_000_001


def test_a_log_is_set_aside_under_the_process_that_writes_it(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with open_log(log) as file:
        file.write(b"x" * 10_000_001)
        file.flush()
        assert rotate_log(log)
        file.write(b"new")
    assert log.read_bytes() == b"new"
    assert not rotate_log(log)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_task_run_of_a_good_run_is_final_and_nothing_is_printed_after_it(
    home: Path, environment: dict[str, str]
) -> None:
    with script(RUN, home, 200, environment=environment) as run:
        status, out, err = finish(run)
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == "done"
    assert table(home, "SELECT state_type, count(*) FROM task_run GROUP BY 1") == [
        ("COMPLETED", 200)
    ]
    assert table(home, "SELECT DISTINCT state_type FROM flow_run") == [("COMPLETED",)]
    assert servers_of(home) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_two_runs_at_once_share_one_server_and_the_last_one_ends_it(
    home: Path, environment: dict[str, str]
) -> None:
    with (
        script(RUN, home, 20, "held", environment=environment) as first,
        script(RUN, home, 20, "held", environment=environment) as second,
    ):
        assert api_of(first) == api_of(second)
        assert len(servers_of(home)) == 1
        for run in (first, second):
            status, out, err = finish(run)
            assert (status, out, err) == (0, "done\n", "")
    assert servers_of(home) == []
    assert table(home, "SELECT DISTINCT state_type FROM task_run") == [("COMPLETED",)]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_run_leaves_no_server_behind(home: Path, environment: dict[str, str]) -> None:
    with script(RUN, home, 1, "held", environment=environment) as run:
        api_of(run)
        assert len(servers_of(home)) == 1
        run.send_signal(signal.SIGKILL)
        eventually(lambda: servers_of(home) == [])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_run_goes_on_when_the_one_that_started_its_server_is_killed(
    home: Path, environment: dict[str, str]
) -> None:
    with script(RUN, home, 1, "held", environment=environment) as first:
        shared = api_of(first)
        with script(RUN, home, 20, "held", environment=environment) as second:
            assert api_of(second) == shared
            first.send_signal(signal.SIGKILL)
            assert finish(second)[0] == 0
    eventually(lambda: servers_of(home) == [])


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_desk_waits_for_the_plain_server_of_a_run_to_end(
    home: Path, environment: dict[str, str]
) -> None:
    with script(RUN, home, 1, "held", environment=environment) as run:
        plain = api_of(run)
        with script(WAIT, home, environment=environment) as desk:
            assert desk.stdout is not None
            assert desk.stdout.readline().startswith("wait")
            assert finish(run)[0] == 0
            status, out, err = finish(desk)
            assert (status, err) == (0, "")
            assert out.startswith("up ")
            assert out.split()[1] != plain
    assert servers_of(home) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_reports_and_events_of_a_run_are_kept(home: Path, environment: dict[str, str]) -> None:
    with script(REPORT, home, environment=environment) as run:
        status, _out, err = finish(run)
    assert (status, err) == (0, "")
    kept = table(home, "SELECT key, type FROM artifact ORDER BY key")
    assert kept == [("failing-feeds", "table"), ("ingest-report", "markdown")]
    events = table(home, "SELECT resource_id FROM events WHERE event = 'duckwire.article.on_topic'")
    assert events == [("duckwire.article.a1",)]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_failed_run_is_on_record_and_its_server_ends(
    home: Path, environment: dict[str, str]
) -> None:
    with script(FAIL, home, environment=environment) as run:
        status, out, _err = finish(run)
    assert (status, out) == (0, "raised\n")
    failed = table(home, "SELECT name, state_type FROM task_run WHERE name LIKE 'bad%'")
    assert [state for _name, state in failed] == ["FAILED"]
    assert servers_of(home) == []
