"""Large feeds read in a process of their own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extractors.records import Fetched, Reason
from flows.steps.aside import Aside, Bounds, read_cheaply, read_feed
from flows.steps.spool import LARGE

URL = "https://paper.example/feed.xml"
BOUNDS = Bounds(seconds=60.0, memory=400_000_000, max_entries=2000, max_depth=200)


def feed_of(size: int) -> Fetched:
    item = "<item><guid>%d</guid><title>Суда пришли в порт</title></item>"
    items = "".join(item % n for n in range(size // 60))
    body = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
    return Fetched(URL, URL, 200, (("content-type", "text/xml"),), body.encode())


def test_a_large_feed_is_read_as_any_other_is() -> None:
    fetched = feed_of(LARGE)
    with Aside(BOUNDS) as aside:
        there = aside.read(fetched)
    assert len(there.entries) == 2000
    assert there == read_feed(fetched, 2000, 200)


def test_a_feed_that_takes_too_long_to_read_crashes_nobody() -> None:
    with Aside(replace(BOUNDS, seconds=0.01)) as aside:
        parsed = aside.read(feed_of(LARGE))
    assert parsed.reason is Reason.CRASHED
    assert parsed.detail == "reading it took over 0.01 s"


def test_a_feed_that_takes_too_much_memory_crashes_nobody() -> None:
    with Aside(replace(BOUNDS, memory=1_000_000)) as aside:
        parsed = aside.read(feed_of(4 * LARGE))
        after = aside.read(feed_of(1_000))
    assert parsed.reason is Reason.CRASHED
    assert "memory" in parsed.detail or "ended with" in parsed.detail
    assert len(after.entries) == 16


def test_a_plain_feed_is_read_here_and_a_long_broken_one_is_left_for_the_child() -> None:
    plain = feed_of(600_000)
    broken = replace(plain, body=plain.body[:-30])
    short = replace(broken, body=broken.body[:6_000])
    assert read_cheaply(plain, 2000, 200) == read_feed(plain, 2000, 200)
    assert read_cheaply(broken, 2000, 200) is None
    assert read_cheaply(short, 2000, 200) == read_feed(short, 2000, 200)


@pytest.mark.parametrize("behind", ["", "\n\n<!-- served by cache 7 in 0.3 s -->\n", "  " * 400])
@pytest.mark.parametrize("close", ["</rss>", "</rss\n>"])
def test_a_long_feed_is_not_taken_for_broken_by_how_it_ends(close: str, behind: str) -> None:
    plain = feed_of(100_000)
    body = plain.body.decode().replace("</rss>", close) + behind
    fetched = replace(plain, body=body.encode())
    assert read_cheaply(fetched, 2000, 200) == read_feed(fetched, 2000, 200)
