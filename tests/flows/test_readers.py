"""Reader processes: warm, bounded, and no page takes the run down."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.records import Fetched, Reason, State
from flows.steps.aside import read_all_cheaply
from flows.steps.readers import Readers
from flows.steps.reading import read_page
from flows.steps.sample import FEED, read_sample
from flows.steps.topics import judged, load_topics
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


def test_a_rehearsal_readies_what_was_started_early_and_the_next_page_is_read(readers):
    readers.rehearse(TOPICS)
    assert readers.children.pids == []  # nobody asked for an early start
    readers.warm()
    readers.rehearse(TOPICS)
    row, article = readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    assert (row.article_state, article.article.title) == ("landed", "Cranes arrive at the new quay")
    assert len(readers.children.pids) == 1


def test_a_text_is_judged_alike_here_and_where_readers_were_started_early(readers):
    _, landing = read_sample(TOPICS)
    bare = replace(landing, topics=())
    assert readers.judged(TOPICS, bare, NOW) == judged(TOPICS, bare, NOW)
    assert readers.children.pids == []
    readers.warm()
    assert readers.judged(TOPICS, bare, NOW) == judged(TOPICS, bare, NOW)
    assert len(readers.children.pids) == 1


def test_a_rehearsal_that_fails_matters_to_nobody(monkeypatch, readers):
    monkeypatch.setattr(readers.children, "seconds", 0.001)
    readers.warm()
    readers.rehearse(TOPICS)
    while any(thread.name == "rehearse" for thread in threading.enumerate()):
        time.sleep(0.01)
    monkeypatch.undo()
    row, _ = readers.read(TOPICS, TASK, ROW, PAGE, NOW)
    assert row.article_state == "landed"


def test_the_sample_goes_the_way_that_most_pages_and_feeds_go():
    row, article = read_sample(TOPICS)
    assert (row.article_state, row.path) == ("landed", "fast")
    assert article.article.authors == ("Ada Ferry",)
    assert article.article.published_at == datetime(2023, 9, 13, 6, 10, tzinfo=UTC)
    assert "on" in [judged.verdict for judged in article.topics]
    (parsed,) = read_all_cheaply([Fetched(URL, URL, 200, body=FEED)], 10, 100)
    assert (parsed.path, len(parsed.entries)) == ("fast", 1)
