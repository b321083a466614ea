"""What is secret is found nowhere but where it was given: not in what is printed, kept or shown."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from desks import Desk, new_desk
from shared_targets import free_port

from extractors.errors import SettingsError
from flows.settings import load_settings

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


def test_a_wrong_login_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUCKWIRE_UI_LOGIN", "only-a-password")
    with pytest.raises(SettingsError, match="user:password") as caught:
        load_settings()
    assert "only-a-password" not in str(caught.value)


def status_of(url: str, login: str | None = None) -> int:
    request = urllib.request.Request(url, data=b"{}", headers={"Content-Type": "application/json"})
    if login:
        request.add_header("Authorization", f"Basic {base64.b64encode(login.encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def up(desk: Desk, port: int, said: Path) -> Iterator[subprocess.Popen[bytes]]:
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", "from flows.cli import main; main()", "up"],
            env=environment(desk, DUCKWIRE_UI_PORT=str(port), DUCKWIRE_HEALTH_PORT="0"),
            stdout=out,
            stderr=out,
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def await_line(said: Path, word: str) -> None:
    deadline = time.monotonic() + 120
    while word not in said.read_text("utf-8"):
        assert time.monotonic() < deadline, said.read_text("utf-8")
        time.sleep(0.3)


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_a_desk_with_a_login_lets_nobody_else_in_and_keeps_its_secrets(tmp_path: Path) -> None:
    desk, port, said = new_desk(tmp_path / "data", []), free_port(), tmp_path / "said"
    with up(desk, port, said):
        await_line(said, "the desk is up")
        counted = f"http://127.0.0.1:{port}/api/flow_runs/count"
        assert status_of(counted) == 401
        assert status_of(counted, "desk:wrong") == 401
        assert status_of(counted, LOGIN) == 200
        # Its own worker got in, took the first run, and that run could report how it failed.
        await_line(said, "ingest/scheduled")
        await_line(said, "cannot be opened")
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "prefect.db" for path in kept)
    assert {str(path): found for path in kept if (found := leaks(path.read_bytes()))} == {}
