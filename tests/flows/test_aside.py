"""Large feeds read in a process of their own."""

from __future__ import annotations

from dataclasses import replace

from extractors.records import Fetched, Reason
from flows.steps.aside import Bounds, read_aside, read_feed
from flows.steps.spool import LARGE

URL = "https://paper.example/feed.xml"
BOUNDS = Bounds(seconds=20.0, memory=400_000_000, max_entries=2000, max_depth=200)


def feed_of(size: int) -> Fetched:
    item = "<item><guid>%d</guid><title>Суда пришли в порт</title></item>"
    items = "".join(item % n for n in range(size // 60))
    body = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
    return Fetched(URL, URL, 200, (("content-type", "text/xml"),), body.encode())


def test_a_large_feed_is_read_as_any_other_is() -> None:
    fetched = feed_of(LARGE)
    there = read_aside(fetched, BOUNDS)
    assert len(there.entries) == 2000
    assert there == read_feed(fetched, 2000, 200)


def test_a_feed_that_takes_too_long_to_read_crashes_nobody() -> None:
    parsed = read_aside(feed_of(LARGE), replace(BOUNDS, seconds=0.01))
    assert parsed.reason is Reason.CRASHED
    assert parsed.detail == "reading it took over 0.01 s"


def test_a_feed_that_takes_too_much_memory_crashes_nobody() -> None:
    parsed = read_aside(feed_of(4 * LARGE), replace(BOUNDS, memory=1_000_000))
    assert parsed.reason is Reason.CRASHED
    assert "memory" in parsed.detail or "ended with" in parsed.detail
