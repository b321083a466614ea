"""Shares of the work: which server is whose, who keeps whom out, and the same tables in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from desks import Desk
from shared_targets import target_settings, targets
from tables import TABLES, tables_in, tables_of

from extractors.errors import SettingsError
from extractors.records import Listing
from flows.newsroom import Newsdesk, Newsroom, generate
from flows.steps.job import Job, new_job
from flows.steps.shares import WHOLE, Share
from flows.steps.turns import Busy, Turn
from flows.warehouses import warehouse_of
from storage.ledger import Worker

MakeDesk = Callable[..., Desk]
NOON = datetime(2023, 9, 13, 12, tzinfo=UTC)
LATE_S = 900.0  # longer than any test lasts


def test_every_server_is_of_exactly_one_share() -> None:
    servers = [f"paper{number}.example" for number in range(2000)]
    shares = [Share(shard, 3) for shard in range(3)]
    owned = [[server for server in servers if share.has(server)] for share in shares]
    assert sorted(chain.from_iterable(owned)) == sorted(servers)
    assert all(len(part) > 500 for part in owned)
    assert all(WHOLE.has(server) for server in servers)


def test_a_feed_and_the_pages_of_its_server_are_of_one_share() -> None:
    share = Share(0, 7)
    for number in range(50):
        url = f"https://Paper{number}.example/feed.xml"
        assert share.has_url(url) == share.has(f"paper{number}.example")


@pytest.mark.parametrize(("shard", "shards"), [(3, 3), (-1, 2), (0, 0)])
def test_a_share_that_is_none_is_refused(shard: int, shards: int) -> None:
    with pytest.raises(SettingsError, match="no shard"):
        Share(shard, shards)


def job_on(desk: Desk, share: Share, *, host: str = "here", at: datetime = NOON) -> Job:
    job = new_job(desk.settings, "ingest", clock=lambda: at, share=share)
    return replace(job, worker=Worker(job.run_id, host, os.getpid()))


def wait_none(desk: Desk, share: Share, **given: Any) -> Turn:
    job = job_on(desk, share, **given)
    settings = job.settings.model_copy(update={"lease_wait_s": 0})
    return Turn(replace(job, settings=settings), sleep=lambda _: None)


@pytest.fixture
def migrated(make_desk: MakeDesk) -> Desk:
    desk = make_desk()
    desk.job().warehouse.migrate(NOON)
    return desk


def test_two_shares_of_one_division_work_at_once(migrated: Desk) -> None:
    with wait_none(migrated, Share(0, 2)), wait_none(migrated, Share(1, 2)):
        pass


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (Share(0, 2), Share(0, 2)),
        (Share(0, 2), WHOLE),
        (WHOLE, Share(0, 2)),
        (Share(1, 2), Share(0, 3)),
        (Share(0, 2), Share(0, 12)),
    ],
    ids=str,
)
def test_shares_that_might_meet_keep_each_other_out(
    migrated: Desk, held: Share, wanted: Share
) -> None:
    with (
        wait_none(migrated, held, host="elsewhere"),
        pytest.raises(Busy),
        wait_none(migrated, wanted),
    ):
        pass


@pytest.mark.parametrize("wanted", [Share(0, 2), WHOLE, Share(0, 3)], ids=str)
def test_a_dead_workers_share_is_taken_over_when_its_lease_has_ended(
    migrated: Desk, wanted: Share
) -> None:
    died = wait_none(migrated, Share(0, 2), host="elsewhere")
    died.__enter__()  # and does not leave: its machine is gone
    try:
        with pytest.raises(Busy), wait_none(migrated, wanted, at=NOON + timedelta(minutes=4)):
            pass
        with wait_none(migrated, wanted, at=NOON + timedelta(minutes=6)):
            pass
    finally:
        died.__exit__()  # its thread would go on renewing here


SHARD = """
import sys
from flows.settings import load_settings
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import new_job
from flows.steps.shares import Share
share = Share(int(sys.argv[1]), int(sys.argv[2]))
print("ready", flush=True)
sys.stdin.readline()
run_ingest(new_job(load_settings(), "ingest", share=share), IngestOptions(seeds=None))
"""


def start_shard(desk: Desk, shard: int) -> subprocess.Popen[str]:
    settings = desk.settings
    said = {
        "DUCKWIRE_DATA": str(settings.data),
        "DUCKWIRE_FEEDS": str(settings.feeds),
        "DUCKWIRE_ALLOW_HOSTS": "127.0.0.1",
        "DUCKWIRE_PACE_ALLOWED": "false",
        "DUCKWIRE_BATCH": "5",
        "DUCKWIRE_WORKERS": "1",
        "DUCKWIRE_READ_S": str(LATE_S),
        "DUCKWIRE_TOTAL_S": str(LATE_S),
        "DUCKWIRE_WAREHOUSE": settings.warehouse.get_secret_value() if settings.warehouse else "",
        "DUCKWIRE_LAKE_DATA": settings.lake_data or "",
    }
    return subprocess.Popen(
        [sys.executable, "-c", SHARD, str(shard), "2"],
        env={**os.environ, **{name: value for name, value in said.items() if value}},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def at_once(desk: Desk, *, kill: int | None = None) -> None:
    """Run both shards at the same moment; the one of number `kill` is killed at its work."""
    both = [start_shard(desk, shard) for shard in range(2)]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    if kill is not None:
        await_half_done(desk, Share(kill, 2))
        assert both[kill].poll() is None, "it had ended before it was killed"
        both[kill].send_signal(signal.SIGKILL)
    for number, process in enumerate(both):
        _, errors = process.communicate(timeout=200)
        assert process.returncode == (-signal.SIGKILL if number == kill else 0), errors


def await_half_done(desk: Desk, share: Share) -> None:
    """Wait until some pages of a share's servers have landed and some have not."""
    deadline = time.monotonic() + 200
    states: set[str] = set()
    while states != {"landed", "waiting"}:
        assert time.monotonic() < deadline, states
        time.sleep(0.5)  # the papers are served by this process
        with warehouse_of(desk.settings).reading() as session:
            pages = session.execute("SELECT state, url FROM pages").fetchall()
        states = {state for state, url in pages if share.has_url(url)}


@contextmanager
def papers_of_both_shares() -> Iterator[list[Newsroom]]:
    """A server of each share; a third, of the second's, names the articles of the first."""
    one_desk, two_desk = (generate(seed, feeds=4, pages=45) for seed in (1, 2))
    with ExitStack() as rooms:

        def of_share(shard: int, newsdesk: Newsdesk, base: str | None = None) -> Newsroom:
            while True:
                room = rooms.enter_context(Newsroom.start(newsdesk, public_base=base))
                if Share(shard, 2).has_url(room.base_url):
                    return room

        one = of_share(0, one_desk)
        yield [one, of_share(1, two_desk), of_share(1, one_desk, one.base_url)]


def feeds_of(rooms: list[Newsroom]) -> list[Listing]:
    one, two, other = rooms
    copies = [
        replace(
            listing,
            url=listing.url.replace(one.base_url, other.base_url),
            feed_id=f"copy-{listing.feed_id}",
        )
        for listing in one.feeds()
    ]
    return [*one.feeds(), *two.feeds(), *copies]


@pytest.mark.slow
@pytest.mark.timeout(700)
@pytest.mark.parametrize("target", targets("ducklake-postgres"))
def test_shards_at_once_of_which_one_is_killed_land_each_article_once(
    target: str, make_desk: MakeDesk, tmp_path: Path
) -> None:
    with papers_of_both_shares() as rooms, target_settings(target, tmp_path) as settings:
        feeds = feeds_of(rooms)
        alone = make_desk(feeds, name="alone")
        alone.run()
        shared = make_desk(feeds, name="shared", **settings)
        warehouse_of(shared.settings).migrate(shared.job().clock())
        for article in rooms[0].truth()[::3]:  # these wait while the others land
            rooms[0].fail(article.url, delay_s=LATE_S)
        at_once(shared, kill=0)
        rooms[0].heal()
        at_once(shared)  # what one shard found for the other to fetch, and what the killed one left
        with warehouse_of(shared.settings).reading() as session:
            assert session.execute("FROM orphans").fetchall() == []
            assert session.execute("FROM run_balance WHERE NOT balanced").fetchall() == []
            found = tables_in(session)
        wanted = tables_of(alone.database)
        assert len(wanted["articles"]) == 90
        for table in TABLES:
            assert found[table] == wanted[table], table
