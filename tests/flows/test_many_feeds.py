"""A thousand feeds of which one in twenty misbehaves: nobody waits for those, nobody is lost."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from desks import new_desk

from extractors.records import Listing
from flows.newsroom import Newsroom, generate
from flows.newsroom.model import Behaviour

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

FEEDS, BAD = 1000, 50
MEMORY_MB = 500
# Both measured twice and the better one taken. A quiet machine shows 1.1, of which 1.05 is that
# there are that many more feeds; a shared one needs room.
TRIES = 2
ALLOWED = 1.3


@pytest.fixture(scope="module")
def crowd() -> Newsroom:
    desk = generate(20230913, feeds=FEEDS, pages=FEEDS * 5)
    with Newsroom.start(desk, slow_s=20.0) as room:
        yield room


def misbehave(room: Newsroom, feeds: list[Listing]) -> None:
    """Drip, hang, cut, blow up, talk rubbish, fail and be gone, in equal parts."""
    bomb = b"<rss><channel>" + b"<item><title>x</title></item>" * 500_000
    for number, feed in enumerate(feeds):
        match number % 7:
            case 0:
                room.fail(feed.url, times=9, drip_s=0.5)
            case 1:
                room.behave(feed.feed_id, Behaviour.SLOW)
            case 2:
                room.fail(feed.url, times=9, cut=200)
            case 3:
                room.fail(feed.url, times=9, body=bomb)
            case 4:
                room.behave(feed.feed_id, Behaviour.GARBAGE)
            case 5:
                room.fail(feed.url, status=500, times=9)
            case _:
                room.behave(feed.feed_id, Behaviour.GONE)


def poll_all(data: Path, feeds: list[Listing]) -> Path:
    """Poll in a process of its own, whose memory can be told from the server's."""
    made = new_desk(data, feeds)
    environment = {
        **os.environ,
        "DUCKWIRE_DATA": str(data),
        "DUCKWIRE_FEEDS": str(made.settings.feeds),
        "DUCKWIRE_ALLOW_HOSTS": "127.0.0.1",
        "DUCKWIRE_PACE_ALLOWED": "false",
        "DUCKWIRE_TOTAL_S": "10",
    }
    program = "from flows.cli import main; main()"
    line = [sys.executable, "-c", program, "run", "--direct", "--no-pages", "--json"]
    done = subprocess.run(line, env=environment, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return data / "news.duckdb"


def seconds_until_landed(database: Path, good: list[Listing]) -> float:
    """From the run's start until the last of the good feeds had landed."""
    with duckdb.connect(str(database), read_only=True) as connection:
        row = connection.execute(
            "SELECT epoch(max(p.polled_at) - min(r.started_at)) FROM polls p JOIN runs r "
            "USING (run_id) WHERE p.feed_id IN (SELECT unnest(?::VARCHAR[]))",
            [[feed.feed_id for feed in good]],
        ).fetchone()
    return float(row[0])


def test_the_good_feeds_land_as_soon_as_without_the_bad_ones_and_each_ends_in_one_state(
    crowd: Newsroom, tmp_path: Path
) -> None:
    feeds = crowd.feeds()
    bad, good = feeds[::20], [feed for n, feed in enumerate(feeds) if n % 20]
    assert len(bad) == BAD
    without = min(
        seconds_until_landed(poll_all(tmp_path / f"without-{n}", good), good) for n in range(TRIES)
    )
    with_bad = []
    for number in range(TRIES):
        misbehave(crowd, bad)
        database = poll_all(tmp_path / f"with-{number}", feeds)
        with_bad.append(seconds_until_landed(database, good))
    with duckdb.connect(str(database), read_only=True) as connection:
        polls = connection.execute(
            "SELECT state, count(*) FROM polls JOIN feeds USING (feed_id) WHERE kind = 'feed' "
            "GROUP BY ALL"
        ).fetchall()
        twice = connection.execute(
            "SELECT feed_id FROM polls GROUP BY feed_id HAVING count(*) > 1"
        ).fetchall()
        entries = connection.execute(
            "SELECT count(*) FROM entries WHERE source_kind = 'feed'"
        ).fetchone()
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nwithout {without:.1f} s, with {min(with_bad):.1f} s, peak {peak_mb:.0f} MB")
    assert sum(count for _, count in polls) == FEEDS
    assert twice == []
    assert dict(polls)["landed"] >= FEEDS - BAD
    assert entries[0] >= (FEEDS - BAD) * 5
    assert peak_mb < MEMORY_MB
    assert min(with_bad) <= ALLOWED * without
