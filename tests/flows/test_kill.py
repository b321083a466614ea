"""A crash anywhere repeats work; it never loses any, and leaves no trace in the tables."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import pytest
from desks import Desk
from tables import assert_same_tables

from flows.newsroom import Newsroom

pytestmark = pytest.mark.slow

KILLS = 20
SEED = 20230913


def command(desk: Desk, data: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    """The command line and environment of a run on a data directory of its own."""
    environment = {
        **os.environ,
        "DUCKWIRE_DATA": str(data),
        "DUCKWIRE_FEEDS": str(desk.settings.feeds),
        "DUCKWIRE_ALLOW_HOSTS": "127.0.0.1",
        "DUCKWIRE_PACE_ALLOWED": "false",
        "DUCKWIRE_BATCH": "5",  # many small transactions: more places to be killed at
    }
    program = "from flows.cli import main; main()"
    return [sys.executable, "-c", program, "run", "--direct", "--json", *words], environment


def run_to_the_end(desk: Desk, data: Path) -> tuple[dict[str, Any], float]:
    line, environment = command(desk, data)
    started = time.monotonic()
    done = subprocess.run(
        line, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), time.monotonic() - started


def kill_at_work(desk: Desk, data: Path, moment: float, seconds: float) -> float:
    """Start a run and SIGKILL it at a moment of the so many seconds that it takes.

    One that had ended by then took less: it is done over, until one has been killed. Returns how
    long a run takes at most.
    """
    while not kill_after(desk, data, moment * seconds):
        shutil.rmtree(data)
        seconds *= moment
    return seconds


def kill_after(desk: Desk, data: Path, delay: float) -> bool:
    """Start a run and SIGKILL it; returns whether it was still at work."""
    line, environment = command(desk, data)
    with subprocess.Popen(
        line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            process.wait(timeout=delay)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            return True
    return False


@pytest.mark.timeout(1500)
def test_twenty_kills_at_random_moments_leave_the_tables_of_an_undisturbed_run(
    desk: Desk, newsroom: Newsroom, tmp_path: Path
) -> None:
    undisturbed = tmp_path / "undisturbed"
    _, seconds = run_to_the_end(desk, undisturbed)
    dice = random.Random(SEED)
    for number in range(KILLS):
        data = tmp_path / f"killed-{number}"
        seconds = kill_at_work(desk, data, dice.uniform(0.15, 0.95), seconds)
        report, _ = run_to_the_end(desk, data)
        assert report["pages_waiting"] == 0
        assert_same_tables(undisturbed / "news.duckdb", data / "news.duckdb")
        _sums_hold(data / "news.duckdb")
        shutil.rmtree(data)


@pytest.mark.timeout(900)
def test_a_run_killed_again_and_again_still_gets_there(desk: Desk, tmp_path: Path) -> None:
    undisturbed = tmp_path / "undisturbed"
    _, seconds = run_to_the_end(desk, undisturbed)
    data = tmp_path / "killed"
    dice = random.Random(SEED + 1)
    for _ in range(6):
        kill_after(desk, data, dice.uniform(0.2, 0.7) * seconds)
    run_to_the_end(desk, data)
    assert_same_tables(undisturbed / "news.duckdb", data / "news.duckdb")
    _sums_hold(data / "news.duckdb")


def _sums_hold(database: Path) -> None:
    with duckdb.connect(str(database), read_only=True) as connection:
        assert connection.execute("SELECT * FROM run_balance WHERE NOT balanced").fetchall() == []
        assert connection.execute("FROM orphans").fetchall() == []
        running = connection.execute("SELECT count(*) FROM runs WHERE state = 'running'").fetchone()
        assert running == (0,)
