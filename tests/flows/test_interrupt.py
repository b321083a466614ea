"""Ctrl-C in the middle of a run: one line, status 130, and the next run does the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from desks import Desk
from tables import assert_same_tables

from flows.newsroom import Newsroom

pytestmark = pytest.mark.slow

RUN = "from flows.cli import main; main()"
LATE_S = 300.0
# It waits for what it has begun in its threads, not for an answer that may be late.
SOON_S = 60.0


def start(desk: Desk, data: Path) -> subprocess.Popen[str]:
    """A run in a process group of its own, as a terminal would have it."""
    nothing = data.with_name("no-files")
    nothing.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "run", "--direct"],
        env={
            **os.environ,
            "DUCKWIRE_DATA": str(data),
            "DUCKWIRE_FEEDS": str(desk.settings.feeds),
            "DUCKWIRE_SEEDS": str(nothing),
            "DUCKWIRE_ALLOW_HOSTS": "127.0.0.1",
            "DUCKWIRE_PACE_ALLOWED": "false",
            "DUCKWIRE_BATCH": "5",
            "DUCKWIRE_READ_S": str(LATE_S),
            "DUCKWIRE_TOTAL_S": str(LATE_S),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def begun(data: Path, when: str) -> bool:
    """Whether a run has come so far: to its first transaction, to its first feeds or pages."""
    if when == "while opening":
        return (data / "duckwire.duckdb").exists()
    if when == "while polling":
        return any(data.glob("archive/*/*/*-feeds-*.warc.gz*"))
    return any("-feeds-" not in path.name for path in data.glob("archive/*/*/*.warc.gz"))


def hold(newsroom: Newsroom, landed: Desk, when: str) -> None:
    """Let one answer come late, so that however fast or slow the machine is, the run is at it."""
    table = "feeds SEMI JOIN polls USING (feed_id)" if when != "while reading pages" else "articles"
    ((late,),) = landed.ask(f"SELECT max(url) FROM {table} WHERE url LIKE 'http%'")
    newsroom.fail(late, delay_s=LATE_S)


@pytest.mark.parametrize(
    ("whom", "when"),
    [
        ("the run alone", "while opening"),
        ("the run alone", "while polling"),
        ("the whole terminal", "while reading pages"),
    ],
)
@pytest.mark.timeout(400)
def test_an_interrupted_run_ends_in_one_line_and_the_next_one_does_the_rest(
    whom: str, when: str, newsroom: Newsroom, desk: Desk, landed: Desk, tmp_path: Path
) -> None:
    data = tmp_path / "interrupted"
    hold(newsroom, landed, when)
    process = start(desk, data)
    deadline = time.monotonic() + 120
    while not begun(data, when):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.02)
    if whom == "the run alone":
        process.send_signal(signal.SIGINT)
    else:
        os.killpg(process.pid, signal.SIGINT)
    said, wrong = process.communicate(timeout=SOON_S)
    assert process.returncode == 130, wrong
    *news, last = wrong.splitlines()
    assert last.startswith("interrupted: what had landed is kept")
    # A feed that moved is news of every run.
    assert all("redirects for good" in line for line in news), wrong
    assert said == ""

    newsroom.heal()
    process = start(desk, data)
    _, wrong = process.communicate(timeout=150)
    assert process.returncode == 0, wrong
    assert_same_tables(data / "news.duckdb", landed.database)
    rest = Desk(desk.settings.model_copy(update={"data": data}))
    assert {row[0] for row in rest.ask("SELECT state FROM runs")} <= {"failed", "done"}
    assert rest.ask("FROM run_balance WHERE NOT balanced") == []
    assert rest.ask("FROM orphans") == []
