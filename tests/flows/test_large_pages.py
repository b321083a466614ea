"""Many large pages at once: they land as any other, and are not all held in memory meanwhile."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from desks import Desk

from extractors.records import Fetched, Listing, WarcPosition
from flows.net.fake import Asked, FakeWeb
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import Job
from storage.archive import read_record

FEED = "https://paper.example/feed.xml"
PAGES = 40
PADDING = 2_500_000


def page(asked: Asked) -> Fetched:
    """A page of its own bytes each time, as a network would give it."""
    number = int(asked.url.rpartition("/")[2])
    told = "".join(
        f"<p>Boat {number} came into harbour number {part} in the evening, long after the others, "
        "and its crew said that the fog had held them up beyond the outer buoys.</p>"
        for part in range(6)
    )
    head = f"<html lang=en><head><title>Boat {number} is home</title></head><body>"
    body = f"{head}<article><h1>Boat {number} is home</h1>{told}</article><!--"
    sent = (("content-type", "text/html"),)
    return Fetched(asked.url, asked.url, 200, sent, body.encode() + b"x" * PADDING + b"-->")


@asynccontextmanager
async def paper(job: Job) -> AsyncIterator[FakeWeb]:
    web = FakeWeb(clock=job.clock)
    urls = [f"https://paper.example/2023/boats/{number}" for number in range(PAGES)]
    items = "".join(
        f"<item><guid>{url}</guid><link>{url}</link><title>Boat {number} is home</title></item>"
        for number, url in enumerate(urls)
    )
    feed = f'<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
    web.add(FEED, feed.encode(), headers=[("content-type", "application/rss+xml")])
    for url in urls:
        web.add_answer(url, page)
    yield web


@pytest.mark.slow
def test_large_pages_land_whole_while_few_of_them_are_in_memory(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk([Listing(feed_id="paper", url=FEED)], workers=1)
    empty = desk.settings.data / "nothing"
    empty.mkdir()
    tracemalloc.start()
    try:
        run_ingest(desk.job(door=paper), IngestOptions(seeds=empty))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert desk.ask("SELECT count(*) FROM articles") == [(PAGES,)]
    assert peak < PAGES * PADDING / 2
    kept = desk.ask("SELECT warc_file, warc_offset, warc_digest, bytes FROM pages")
    for file, offset, digest, size in kept:
        record = read_record(desk.settings.archive_root, WarcPosition(file, offset, digest))
        assert len(record.body) == size > PADDING
