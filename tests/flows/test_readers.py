"""Reader processes: warm, bounded, and no page takes the run down."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.records import Fetched, Reason, State
from flows.steps.aside import read_all_cheaply
from flows.steps.readers import Readers
from flows.steps.reading import read_page
from flows.steps.topics import load_topics
from storage.rows import PageRow, PageTask

NOW = datetime(2023, 9, 14, 12, tzinfo=UTC)
TOPICS = load_topics(Path(__file__).parents[2] / "seeds" / "topics")
URL = "https://harbour.example/2023/09/13/cranes"
PAGE = (
    "<html lang=en><head><title>Cranes arrive at the new quay</title></head><body><article>"
    "<h1>Cranes arrive at the new quay</h1>"
    + "".join(
        f"<p>The {word} crane was lifted ashore on Wednesday while dockers watched from the old "
        "pier, and the harbour master said that the quay would open before the winter storms.</p>"
        for word in ("first", "second", "third", "fourth", "fifth", "sixth")
    )
    + "</article></body></html>"
).encode()
TASK = PageTask(
    **dict.fromkeys((item.name for item in fields(PageTask)), None)
    | {"page_id": "p1", "url": URL, "attempts": 0, "authors": (), "tags": ()}
)
ROW = PageRow(
    page_id="p1",
    url=URL,
    final_url=URL,
    state="landed",
    fetched_at=NOW,
    first_seen_at=NOW,
    run_id="r1",
)


@pytest.fixture
def readers():
    made = Readers(1, page_s=60, page_bytes=1_000_000_000)
    yield made
    made.close()


def _pid(readers):
    (pid,) = readers.children.pids
    return pid


def test_a_page_reads_as_it_would_in_this_process(readers):
    assert readers.read(TOPICS, TASK, ROW, PAGE, NOW) == read_page(TOPICS, TASK, ROW, PAGE, NOW)


def _feed(count):
    items = "".join(f"<item><guid>{n}</guid><title>Crane {n}</title></item>" for n in range(count))
    body = f"<rss version='2.0'><channel><title>Harbour</title>{items}</channel></rss>".encode()
    return Fetched(URL, URL, 200, (("content-type", "text/xml"),), body)


def test_a_feed_reads_as_it_would_in_this_process_between_two_pages(readers):
    page = readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    feeds = [_feed(3), _feed(0), _feed(5)]
    assert readers.read_feeds(feeds, 2000, 200) == read_all_cheaply(feeds, 2000, 200)
    assert readers.read(TOPICS, TASK, ROW, PAGE, NOW) == page


def test_a_feed_that_takes_too_long_there_is_left_to_be_read_aside(readers):
    readers.children.seconds = 0.001
    assert readers.read_feeds([_feed(10_000)], 2000, 200) == [None]


def test_the_process_stays_warm_from_page_to_page(readers):
    readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    first = _pid(readers)
    readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    assert _pid(readers) == first


def test_a_page_that_takes_too_long_is_recorded_and_the_next_one_is_read():
    readers = Readers(1, page_s=0.001, page_bytes=1_000_000_000)
    try:
        row, article = readers.read(TOPICS, TASK, ROW, PAGE * 200, NOW)
        assert article is None
        assert (row.article_state, row.article_reason) == (str(State.FAILED), str(Reason.CRASHED))
        assert "over 0.001 s" in row.detail
        readers.children.seconds = 60
        assert readers.read(TOPICS, TASK, ROW, PAGE, NOW)[1] is not None
    finally:
        readers.close()


def test_a_page_that_takes_too_much_memory_is_recorded_and_the_next_one_is_read():
    readers = Readers(1, page_s=60, page_bytes=60_000_000)
    huge = b"<html><body>" + b"<div><p>word " * 2_000_000
    try:
        row, article = readers.read(TOPICS, TASK, ROW, huge, NOW)
        assert article is None
        assert row.article_reason == str(Reason.CRASHED)
        assert "too much memory" in row.detail
        assert readers.read(TOPICS, TASK, ROW, PAGE, NOW)[1] is not None
    finally:
        readers.close()


def test_a_process_that_was_killed_is_replaced(readers):
    readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    os.kill(_pid(readers), signal.SIGKILL)
    row, _ = readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    assert row.article_reason == str(Reason.CRASHED)
    assert readers.read(TOPICS, TASK, ROW, PAGE, NOW)[1] is not None


def test_a_stop_of_the_whole_group_is_left_to_the_parent(readers):
    readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    os.kill(_pid(readers), signal.SIGINT)
    os.kill(_pid(readers), signal.SIGTERM)
    assert readers.read(TOPICS, TASK, ROW, PAGE, NOW)[1] is not None


def test_topics_that_change_between_pages_are_the_ones_judged_by(readers, tmp_path):
    readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    (tmp_path / "none").mkdir()
    _, article = readers.read(load_topics(tmp_path / "none"), TASK, ROW, PAGE, NOW)
    assert article.topics == ()
    _, article = readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    assert {row.topic_id for row in article.topics} == set(TOPICS.versions)


def test_more_callers_than_processes_wait_their_turn(readers):
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: readers.read(TOPICS, TASK, ROW, PAGE, NOW), range(8)))
    assert len({article.article.article_id for _, article in done}) == 1
