"""A thousand feeds of which one in twenty misbehaves: nobody waits for those, nobody is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from crowd import BAD, FEEDS, Crowd, Pair, measure, peak_mb, slowdown

from flows.newsroom import Newsroom, generate

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1500)]

MEMORY_MB = 500
# The bound is 1.1, which `make bench` holds a quiet machine to; one fault that is not kept out of
# the way costs more than this.
ALLOWED = 1.3
PAIRS = 8
# Of each ten bad feeds these land: the one that is huge, packed or not, and the one that is costly.
LANDING = 3


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    desk = generate(20230913, feeds=FEEDS, pages=FEEDS * 5)
    with Newsroom.start(desk, slow_s=20.0) as room:
        crowd = Crowd(room, tmp_path_factory.mktemp("crowd"))
        crowd.warm_up()
        yield crowd


@pytest.fixture(scope="module")
def pairs(crowd: Crowd) -> list[Pair]:
    return measure(crowd, PAIRS, ALLOWED)


def asked(path: Path, query: str, *given: Any) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query, list(given)).fetchall()


def test_the_good_feeds_land_as_soon_as_without_the_bad_ones(pairs: list[Pair]) -> None:
    wall, _ = slowdown(pairs)
    assert wall <= ALLOWED


def test_the_memory_stays_bounded(pairs: list[Pair]) -> None:
    # What a run needs shows in each pair; what came together in one of them, in that one alone.
    assert min(peak_mb([pair]) for pair in pairs) < MEMORY_MB


def test_each_feed_ends_in_exactly_one_state_and_no_good_one_is_lost(
    crowd: Crowd, pairs: list[Pair]
) -> None:
    database = pairs[-1][1].database
    polls = asked(
        database,
        "SELECT state, coalesce(reason, ''), count(*) FROM polls JOIN feeds USING (feed_id) "
        "WHERE kind = 'feed' GROUP BY ALL",
    )
    twice = asked(database, "SELECT feed_id FROM polls GROUP BY feed_id HAVING count(*) > 1")
    [(entries,)] = asked(
        database,
        "SELECT count(*) FROM entries WHERE feed_id IN (SELECT unnest(?::VARCHAR[]))",
        [feed.feed_id for feed in crowd.good],
    )
    assert sum(count for _, _, count in polls) == FEEDS
    assert twice == []
    landed = sum(count for state, _, count in polls if state == "landed")
    assert landed == FEEDS - BAD + LANDING * BAD // 10
    reasons = {reason for _, reason, _ in polls if reason}
    assert reasons == {"timeout", "protocol", "too_large", "server_error", "gone"}
    assert entries >= (FEEDS - BAD) * 5
