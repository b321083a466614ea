"""What is secret is found nowhere but where it was given: not in what is printed, kept or shown."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
import traceback
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest
from desks import Desk, new_desk
from prefect_api import api_answer, new_run
from shared_targets import Postgres, free_port, postgres_server, served

from extractors.errors import SettingsError
from flows.health import metrics_text
from flows.newsroom import Newsroom, generate
from flows.settings import load_settings
from flows.steps.job import utc_now
from flows.warehouses import warehouse_of
from storage.errors import StorageError
from storage.session import Session

PASSWORD, TOKEN, KEY = "pw-of-the-catalogue", "token-of-the-desk", "key-of-the-store"
LOGIN = "desk:pw-of-the-pages"
SECRETS = (PASSWORD, TOKEN, KEY, "pw-of-the-pages", base64.b64encode(LOGIN.encode()).decode())


def environment(desk: Desk, **more: str) -> dict[str, str]:
    said = {
        "DUCKWIRE_DATA": str(desk.settings.data),
        "DUCKWIRE_FEEDS": str(desk.settings.feeds),
        "DUCKWIRE_QUACK_TOKEN": TOKEN,
        "DUCKWIRE_S3_SECRET": KEY,
        "DUCKWIRE_UI_LOGIN": LOGIN,
        "DUCKWIRE_LOCK_WAIT_S": "1",
        # Nobody listens there: the run fails, and every word about that is looked at.
        "DUCKWIRE_WAREHOUSE": f"ducklake:postgres:postgresql://duck:{PASSWORD}@127.0.0.1:1/news",
        "DUCKWIRE_LAKE_DATA": str(desk.settings.data / "lake"),
    }
    return {**os.environ, **said, **more}


def leaks(text: bytes) -> list[str]:
    return [secret for secret in SECRETS if secret.encode() in text]


@pytest.mark.parametrize("command", [["run", "--direct"], ["status"], ["doctor"], ["maintain"]])
def test_a_command_that_fails_names_no_secret(tmp_path: Path, command: list[str]) -> None:
    desk = new_desk(tmp_path / "data", [])
    words = [*command, "--direct"] if command == ["maintain"] else command
    done = subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", *words],
        env=environment(desk),
        capture_output=True,
        check=False,
    )
    assert done.returncode != 0
    assert b"127.0.0.1" in done.stdout + done.stderr
    assert leaks(done.stdout + done.stderr) == []


def test_the_token_of_a_served_warehouse_is_told_nowhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither by a run that lands articles nor by one whose server is gone."""
    with (
        Newsroom.start(generate(1, feeds=1, pages=3)) as room,
        served(tmp_path / "served.duckdb") as server,
    ):
        desk = new_desk(tmp_path / "data", room.feeds(), log="json", **server.settings)
        desk.run()
        with desk.job().warehouse.reading() as session:
            assert session.execute("SELECT count(*) FROM articles").fetchone() == (3,)
            seen = {"tables": rows_of(session), "metrics": metrics_text(desk.settings, utc_now)}
        server.kill()
        with pytest.raises(StorageError, match="does not answer") as caught:
            desk.run()
    seen["error"] = "".join(traceback.format_exception(caught.value)).encode()
    seen["settings"] = repr(desk.settings).encode()
    out, err = capfd.readouterr()
    assert '"event": "page"' in err
    seen["said"] = (out + err).encode()
    seen |= {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert b"duckwire_articles" in seen["metrics"]
    token = server.settings["quack_token"][:8].encode()  # so far no quoting changes it
    assert [where for where, text in seen.items() if token in text] == []


def test_a_wrong_login_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUCKWIRE_UI_LOGIN", "only-a-password")
    with pytest.raises(SettingsError, match="user:password") as caught:
        load_settings()
    assert "only-a-password" not in str(caught.value)


def refusal(url: str, login: str | None = None) -> int:
    """The status with which the API turns somebody away; 0 when it answers."""
    try:
        api_answer(url, {}, login=login)
    except urllib.error.HTTPError as error:
        return error.code
    return 0


class Caller:
    """Prefect's API as one sees it who may come in."""

    def __init__(self, port: int) -> None:
        self._api = f"http://127.0.0.1:{port}/api"

    def raw(self, path: str, body: dict[str, Any] | None = None) -> bytes:
        return api_answer(self._api + path, body, login=LOGIN)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        return json.loads(self.raw(path, body))

    def all(self, path: str) -> bytes:
        """Everything of a kind, a page after the other."""
        found, page = b"", b" "
        while len(page) > 2:  # more than []
            body = {"offset": found.count(b"\n") * 200, "limit": 200}
            page = self.raw(path, body)
            found += page + b"\n"
        return found

    def run(self, deployment: str) -> str:
        """Start a run and wait for its end."""
        made = str(self.ask(f"/deployments/{deployment}/create_flow_run", new_run())["id"])
        self.await_end(made)
        return made

    def begun(self, deployment: str) -> str:
        """The run that the desk starts by itself."""
        chosen = {"flow_runs": {"deployment_id": {"any_": [deployment]}}}
        found = self.ask("/flow_runs/filter", chosen)
        return next(str(run["id"]) for run in found if not run["auto_scheduled"])

    def await_end(self, run: str) -> str:
        deadline = time.monotonic() + 200
        while (state := self.ask(f"/flow_runs/{run}")["state_type"]) not in ENDED:
            assert time.monotonic() < deadline, state
            time.sleep(0.3)
        return str(state)


ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
SHOWN = ("logs", "artifacts", "flow_runs", "task_runs", "deployments", "work_pools", "variables")


def shown(prefect: Caller, runs: list[str]) -> dict[str, bytes]:
    """All that Prefect shows: what it has of each kind, the runs' states, and its own settings."""
    found = {kind: prefect.all(f"/{kind}/filter") for kind in SHOWN}
    for run in runs:
        found[run] = prefect.raw(f"/flow_run_states/?flow_run_id={run}")
    found["events"] = prefect.raw("/events/filter", {"limit": 50})
    found["settings"] = prefect.raw("/admin/settings")
    return found


def tables(given: dict[str, str]) -> bytes:
    """All rows of all tables of the warehouse."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in given.items():
            patch.setenv(name, value)
        warehouse = warehouse_of(load_settings())
    with suppress(StorageError, duckdb.Error), warehouse.reading() as session:
        return rows_of(session)
    return b""


def rows_of(session: Session) -> bytes:
    """All rows of all tables that can be had: what lies in a store that is gone cannot."""
    found = []
    names = session.execute("SELECT DISTINCT table_name FROM duckdb_tables()").fetchall()
    for (name,) in names:
        with suppress(duckdb.Error):
            found += session.execute(f'FROM "{name}"').fetchall()
    return repr(found).encode()


def told(port: int) -> bytes:
    """What the desk tells about itself."""
    said = b""
    for path in ("health", "metrics"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=20) as answer:
                said += answer.read()
        except urllib.error.HTTPError as error:
            said += error.read()
    return said


def command_lines() -> bytes:
    """Of every process: anybody on the machine may read them."""
    found = b""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += entry.read_bytes()
    return found


@contextmanager
def up(said: Path, given: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", "from flows.cli import main; main()", "up"],
            env=given,
            stdout=out,
            stderr=out,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=90)


def await_line(said: Path, word: str) -> None:
    deadline = time.monotonic() + 300
    while word not in said.read_text("utf-8"):
        assert time.monotonic() < deadline, said.read_text("utf-8")
        time.sleep(0.3)


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """A store with one bucket, and the settings that lead to it."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        boto3.client(
            "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1",
            aws_access_key_id="key", aws_secret_access_key=KEY,
        ).create_bucket(Bucket="lake")  # fmt: skip
        yield {
            "DUCKWIRE_LAKE_DATA": "s3://lake/desk",
            "DUCKWIRE_S3_ENDPOINT": f"{host}:{port}",
            "DUCKWIRE_S3_REGION": "us-east-1",
            "DUCKWIRE_S3_KEY": "key",
            "DUCKWIRE_S3_SSL": "false",
        }
    finally:
        server.stop()


@contextmanager
def lake_desk(folder: Path) -> Iterator[tuple[Desk, dict[str, str], Postgres]]:
    """A desk with news, a DuckLake on a PostgreSQL that asks for a password, and its settings."""
    with (
        Newsroom.start(generate(1, feeds=1, pages=12)) as room,
        postgres_server(password=PASSWORD) as catalogue,
    ):
        desk = new_desk(folder / "data", room.feeds())
        given = environment(
            desk,
            DUCKWIRE_WAREHOUSE=f"ducklake:postgres:{catalogue.dsn} password={PASSWORD}",
            DUCKWIRE_ALLOW_HOSTS="127.0.0.1",
            DUCKWIRE_PACE_ALLOWED="false",
            DUCKWIRE_SEEDS=str(desk.settings.data),
            DUCKWIRE_LOG="json",
            DUCKWIRE_INGEST_EVERY="P36500D",  # a scheduled run would take the slot of ours
            PREFECT_LOGGING_LEVEL="DEBUG",
        )
        yield desk, given, catalogue


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.timeout(600)
def test_a_desk_lets_nobody_else_in_and_its_runs_well_or_ill_tell_no_secret(
    tmp_path: Path,
) -> None:
    """A DuckLake on PostgreSQL with a password, in a store with a key; pages with a login."""
    port, health, said = free_port(), free_port(), tmp_path / "said"
    seen: dict[str, bytes] = {}
    with lake_desk(tmp_path) as (desk, given, catalogue), ExitStack() as store:
        given.update(store.enter_context(object_store()))
        given.update(DUCKWIRE_UI_PORT=str(port), DUCKWIRE_HEALTH_PORT=str(health))
        with up(said, given):
            await_line(said, "the desk is up")
            counted = f"http://127.0.0.1:{port}/api/flow_runs/count"
            assert [refusal(counted), refusal(counted, "desk:wrong")] == [401, 401]
            prefect = Caller(port)
            ingest = prefect.ask("/deployments/name/ingest/scheduled")["id"]
            first = prefect.begun(ingest)
            assert prefect.await_end(first) == "COMPLETED"
            seen |= {"tables": tables(given), "told": told(health)}
            assert b"duckwire_articles" in seen["told"]
            assert seen["tables"].count(b"http://127.0.0.1") > 12
            store.close()
            unstored = prefect.run(ingest)
            seen["tables without a store"] = tables(given)
            catalogue.stop()
            lost = prefect.run(ingest)
            seen |= shown(prefect, [first, unstored, lost])
            assert [prefect.await_end(run) for run in (unstored, lost)] == ["FAILED", "FAILED"]
            assert b"127.0.0.1" in seen[unstored]
            assert b"cannot be opened" in seen[lost]
            seen |= {"told without a catalogue": told(health), "processes": command_lines()}
    assert b'"event": "page"' in (desk.settings.data / "prefect" / "worker.log").read_bytes()
    seen |= {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(path.endswith("prefect.db") for path in seen)
    assert {where: found for where, text in seen.items() if (found := leaks(text))} == {}
