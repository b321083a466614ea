"""A backfill in shares: each asks its own servers only, and together they do the whole window."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from desks import Desk
from standins.fill import articles, command, day, fill, past_desk
from standins.past import ADDRESSES, Past
from tables import assert_same_tables

from flows.sources.base import Window
from flows.steps.backfill import run_backfill
from flows.steps.backfill_request import BackfillRequest
from flows.steps.shares import Share

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(ADDRESSES)]


SHARES = [Share(shard, 2) for shard in range(2)]


@pytest.fixture
def past() -> Iterator[Past]:
    parted = False
    while not parted:  # the ports, which differ each time, decide what is of which share
        with Past(5, day(11), day(12), around=1) as made:
            servers = [
                publisher.site.origin
                for publisher in made.publishers
                if publisher.kind in ("wordpress", "archives", "sitemaps")
            ]
            parted = all(any(map(share.has_url, servers)) for share in SHARES)
            if parted:
                yield made


def fill_share(desk: Desk, past: Past, share: Share) -> None:
    request = BackfillRequest(Window(past.start, past.end), sources=("sitemaps", "paged"))
    run_backfill(desk.job("backfill", share=share), request)


def test_a_share_fetches_pages_of_its_own_servers_and_leaves_the_rest_to_the_others(
    past: Past, tmp_path: Path
) -> None:
    desk = past_desk(past, tmp_path / "data")
    for share in SHARES:
        fill_share(desk, past, share)
        states = desk.ask("SELECT DISTINCT state, url FROM pages")
        fetched = {url for state, url in states if state == "landed"}
        left = {url for state, url in states if state == "waiting"}
        if share.first:
            assert fetched
            assert left
            assert all(share.has_url(url) for url in fetched)
            assert not any(share.has_url(url) for url in left)
        else:
            assert left == set()


SHARD = """
import sys
from datetime import datetime
from flows.settings import load_settings
from flows.sources.base import Window
from flows.steps.backfill import run_backfill
from flows.steps.backfill_request import NAMES, BackfillRequest
from flows.steps.backfill_sources import streaming_network
from flows.steps.job import new_job
from flows.steps.shares import Share
window = Window(*map(datetime.fromisoformat, sys.argv[1:3]))
job = new_job(load_settings(), "backfill", share=Share(int(sys.argv[3]), 2))


def held_door(job):
    print("under way", flush=True)  # its row in runs is open, nothing is planned yet
    sys.stdin.readline()
    return streaming_network(job)


run_backfill(job, BackfillRequest(window, sources=NAMES), open_door=held_door)
"""


def both_at_once(desk: Desk, past: Past) -> None:
    window = [past.start.isoformat(), past.end.isoformat()]
    _, environment = command(desk, ())
    both = [
        subprocess.Popen(
            [sys.executable, "-c", SHARD, *window, str(shard)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for shard in range(2)
    ]
    for process in both:  # the one that is under way first waits for the other
        assert process.stdout
        assert process.stdout.readline() == "under way\n"
    for process in both:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        _, wrong = process.communicate(timeout=100)
        assert process.returncode == 0, wrong


def test_two_shares_at_once_give_the_tables_of_the_whole(past: Past, tmp_path: Path) -> None:
    whole = past_desk(past, tmp_path / "whole")
    fill(whole, past.start, past.end)
    parts = past_desk(past, tmp_path / "parts")
    both_at_once(parts, past)
    assert articles(parts) == past.truth()
    assert_same_tables(whole.database, parts.database)
    assert parts.ask("FROM run_balance WHERE NOT balanced") == []
    together = "a.kind = 'backfill' AND b.started_at > a.started_at AND b.started_at < a.ended_at"
    assert parts.ask(f"SELECT count(*) > 0 FROM runs a, runs b WHERE {together}") == [(True,)]
