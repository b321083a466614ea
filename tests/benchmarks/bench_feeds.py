"""How fast feeds become entries, against feedparser, on feeds of full articles not seen before."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

import feedparser
import pytest

from extractors.feeds import parse_feed
from tests.extractors.feed_documents import large_rss

pytestmark = pytest.mark.bench

LEAST_RATIO = 8.0
ENTRIES = 100
ROUNDS = 5
URL = "https://paper.example/feed.xml"


def _cpu(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _ways(body: bytes) -> dict[str, Callable[[], object]]:
    bare = {"sanitize_html": False, "resolve_relative_uris": False}
    return {
        "records": lambda: parse_feed(body, URL),
        "feedparser": lambda: feedparser.parse(io.BytesIO(body)),
        "feedparser without its sanitiser": lambda: feedparser.parse(io.BytesIO(body), **bare),
    }


def test_entries_per_second() -> None:
    """Bytes in, our records out; feedparser as it is installed, sanitiser and all, and without.

    They take turns, so that a busy machine slows all alike; CPU time of one process.
    """
    bodies = [large_rss(ENTRIES, seed) for seed in range(ROUNDS)]
    spent = {"records": 0.0, "feedparser": 0.0, "feedparser without its sanitiser": 0.0}
    for body in bodies:
        feed = parse_feed(body, URL)
        assert (feed.path, len(feed.entries)) == ("fast", ENTRIES)
        for label, work in _ways(body).items():
            spent[label] += _cpu(work)
    print(f"\n{ENTRIES} entries of full content, {len(bodies[0]) / 1000:.0f} KB")
    print(f"{'':34}{'ms a feed':>12}{'entries/s':>12}{'times ours':>12}")
    for label, seconds in spent.items():
        print(
            f"{label:34}{1000 * seconds / ROUNDS:12.1f}{ENTRIES * ROUNDS / seconds:12.0f}"
            f"{seconds / spent['records']:12.1f}"
        )
    assert spent["feedparser"] / spent["records"] >= LEAST_RATIO
