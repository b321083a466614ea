"""A backfill beside live runs: each comes to its turn, and no article is lost or doubled."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from desks import Desk
from standins.fill import articles, command, day, fill, past_desk
from standins.past import ADDRESSES, Past, article
from standins.server import Reply
from standins.warcs import Page, warc

from extractors.feeds import parse_feed
from flows.sources.base import Window
from flows.steps.backfill import BackfillReport, run_backfill
from flows.steps.backfill_request import BackfillRequest

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(ADDRESSES), pytest.mark.timeout(600)]


HELD_S = 250.0
# Nobody gives up a held answer before that, and who waits for a turn does so for less.
PATIENT: dict[str, Any] = {"read_s": 300.0, "total_s": 300.0, "lease_wait_s": 90.0}


@dataclass(frozen=True)
class Held(Reply):
    """An answer whose second half is sent when somebody says so."""

    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def pieces(self) -> Iterator[bytes]:
        assert isinstance(self.body, bytes)
        middle = len(self.body) // 2
        yield self.body[:middle]
        self.begun.set()
        self.go_on.wait(HELD_S)
        yield self.body[middle:]


@pytest.fixture
def past() -> Iterator[Past]:
    with Past(5, day(11), day(12), around=3) as made:
        yield made


def filled_meanwhile(desk: Desk, past: Past, held: Held, **asked: Any) -> BackfillReport:
    """Run a backfill, and a live run while the backfill waits for an answer."""
    request = BackfillRequest(Window(past.start, past.end), **asked)
    with ThreadPoolExecutor(1) as pool:
        filling = pool.submit(run_backfill, desk.job("backfill"), request, stretch_s=0.2)
        try:
            assert held.begun.wait(100)
            live = desk.run()
        finally:
            held.go_on.set()
        report = filling.result(timeout=100)
    assert live.stages["poll"].taken == len(past.feeds)
    return report


def hold(past: Past, number: int) -> tuple[str, Held]:
    """Hold the page of an article in the window, of one publisher; returns its address as well.

    What comes of it in the end has another title than the page that is there for everybody else.
    """
    paper = past.publishers[number]
    post = next(post for post in paper.posts if past.start <= post.published < past.end)
    held = Held(article(replace(post, title="The late one")), content_type="text/html")
    paper.site.fail(post.link.removeprefix(paper.site.origin), held)
    return post.link, held


def test_a_large_file_that_is_slow_to_come_keeps_no_live_run_from_its_turn(
    past: Past, tmp_path: Path
) -> None:
    desk = past_desk(past, tmp_path / "data", **PATIENT)
    held = Held(warc([Page(post.link) for post in past.publishers[4].posts]))
    past.services.fail("/CC-NEWS-20230911", held)
    report = filled_meanwhile(desk, past, held, sources=("ccnews",), pages=False)
    assert report.failed == ()


def test_a_host_that_is_slow_to_answer_keeps_no_live_run_from_its_turn(
    past: Past, tmp_path: Path
) -> None:
    desk = past_desk(past, tmp_path / "data", **PATIENT)
    link, held = hold(past, 2)
    filled_meanwhile(desk, past, held, sources=("sitemaps",), feeds=("f_sitemaps_2",))
    assert articles(desk)[link] == "The late one"


def test_a_page_that_a_live_run_took_meanwhile_stays_as_it_landed(
    past: Past, tmp_path: Path
) -> None:
    desk = past_desk(past, tmp_path / "data", **PATIENT)
    link, held = hold(past, 0)  # its live feed still lists it
    filled_meanwhile(desk, past, held, sources=("paged",), feeds=("f_wordpress_0",))
    assert articles(desk)[link] == past.truth()[link]
    run = "SELECT kind FROM runs WHERE run_id = (SELECT run_id FROM pages WHERE url = '{}')"
    assert desk.ask(run.format(link)) == [("ingest",)]


def test_two_backfills_whose_windows_overlap_do_no_unit_twice(past: Past, tmp_path: Path) -> None:
    desk = past_desk(past, tmp_path / "data", **PATIENT)
    asked = {"sources": ("wayback",), "feeds": ("f_wayback_3",), "pages": False}
    held = Held(b"[]\n", content_type="application/json")
    past.services.fail("matchType=host&from=20230911", held)
    with ThreadPoolExecutor(1) as pool:
        first = BackfillRequest(Window(day(11), day(12)), **asked)  # type: ignore[arg-type]
        filling = pool.submit(run_backfill, desk.job("backfill"), first, stretch_s=0.2)
        try:
            assert held.begun.wait(100)
            fill(desk, day(11), day(13), **asked)
        finally:
            held.go_on.set()
        assert filling.result(timeout=100).failed == ()
    assert past.services.count("matchType=host&from=20230911") == 1
    assert past.services.count("matchType=host&from=20230915") == 1  # a day of the second alone
    left = "SELECT count(*) FROM backfill_units WHERE state <> 'done'"
    assert desk.ask(left) == [(0,)]


FILL = """
import sys
from datetime import datetime
from flows.settings import load_settings
from flows.sources.base import Window
from flows.steps.backfill import run_backfill
from flows.steps.backfill_request import NAMES, BackfillRequest
from flows.steps.job import new_job

window = Window(*map(datetime.fromisoformat, sys.argv[1:]))
job = new_job(load_settings(), "backfill")
report = run_backfill(job, BackfillRequest(window, sources=NAMES), stretch_s=1.0)
assert report.failed == (), report.failed
"""


def held_crawl(past: Past) -> Held:
    """Hold a file of CC-NEWS in its middle."""
    ((name, body),) = [one for one in past.crawl.files.items() if "/CC-NEWS-20230911" in one[0]]
    held = Held(body, content_type="application/octet-stream")
    past.services.fail(name, held)
    return held


def live_items(past: Past) -> dict[str, str]:
    """What the live feeds show: address to title."""
    found = {}
    for one in past.publishers:
        parsed = parse_feed(urlopen(one.listing.url).read(), one.listing.url)
        found.update({entry.link or "": entry.title or "" for entry in parsed.entries})
    return found


def test_beside_live_runs_nothing_is_lost_or_doubled_and_neither_starves(
    past: Past, tmp_path: Path
) -> None:
    desk = past_desk(past, tmp_path / "data", batch=5)
    patient = {f"DUCKWIRE_{name.upper()}": str(value) for name, value in PATIENT.items()}
    line, environment = command(desk, ["run", "--direct", "--all"], **patient)
    script = [sys.executable, "-c", FILL, past.start.isoformat(), past.end.isoformat()]
    held = held_crawl(past)  # until a live run has come and gone
    with subprocess.Popen(script, env=environment, stderr=subprocess.PIPE, text=True) as filling:
        while filling.poll() is None:
            waits = held.begun.is_set()
            done = subprocess.run(
                line, env=environment, capture_output=True, text=True, timeout=200, check=False
            )
            assert done.returncode == 0, done.stderr
            if waits:
                held.go_on.set()
        _, wrong = filling.communicate()
    assert filling.returncode == 0, wrong
    wanted = past.truth() | live_items(past)
    assert articles(desk) == wanted
    assert len(wanted) > len(past.truth())
    beside = desk.ask(
        "SELECT count(*) FROM runs b JOIN runs i ON i.started_at > b.started_at "
        "AND i.ended_at < b.ended_at WHERE b.kind = 'backfill' AND i.kind = 'ingest'"
    )
    assert beside >= [(1,)]
    assert desk.ask("FROM orphans") == []
    assert desk.ask("FROM run_balance WHERE NOT balanced") == []
    doubled = "SELECT feed_id, guid FROM entries GROUP BY ALL HAVING count(*) > 1"
    assert desk.ask(doubled) == []
