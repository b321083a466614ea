"""Ctrl-C in the middle of a backfill: what it is at stops at once, and the next one goes on."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from desks import Desk, new_desk
from standins.fill import command, day, fill
from standins.server import Reply, Services
from standins.sites import Post, WordPress

from extractors.records import Listing

pytestmark = pytest.mark.slow

PAGES = 30
LATE_S = 300.0


@pytest.fixture
def site() -> Iterator[Services]:
    with Services() as running:
        yield running


@pytest.fixture
def desk(site: Services, tmp_path: Path) -> Desk:
    posts = [
        Post(f"{site.origin}/news/story-{number}", f"Story {number}", day(10))
        for number in range(PAGES)
    ]
    site.mount("", WordPress(posts, per_page=1))
    listing = Listing("f_paper", f"{site.origin}/feed/", publisher="Paper", language="en")
    return new_desk(tmp_path / "data", [listing], allow_hosts=("127.0.0.0/8",))


@pytest.mark.timeout(400)
def test_an_interrupted_backfill_asks_for_nothing_more(desk: Desk, site: Services) -> None:
    """It is told while it waits for an answer that comes long after the test."""
    site.fail("paged=3", Reply(delay_s=LATE_S))
    words = ["backfill", "--from", "2023-09-05", "--to", "2023-09-15", "--sources", "paged"]
    patient = {"DUCKWIRE_READ_S": str(LATE_S), "DUCKWIRE_TOTAL_S": str(LATE_S)}
    line, environment = command(desk, [*words, "--no-pages", "--direct"], **patient)
    process = subprocess.Popen(line, env=environment, stderr=subprocess.PIPE, text=True)
    while site.count("paged=3") == 0:
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    before = len(site.asked)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said.splitlines() == [
        "interrupted: what had landed is kept, and the next run does the rest"
    ]
    assert len(site.asked) == before
    report = fill(desk, day(5), day(15), sources=("paged",), pages=False)
    assert [(one.failed, one.planned, one.running) for one in report.sources] == [(0, 0, 0)]
    assert desk.ask("SELECT count(*) FROM entries") == [(PAGES,)]
