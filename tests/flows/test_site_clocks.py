"""Times without a zone are read by the clock of their host, as its feed shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desks import Desk, new_desk
from tables import assert_same_tables

from extractors.records import Listing
from flows.net.fake import FakeWeb
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import Job
from flows.steps.reprocess import run_reprocess

FEED = "https://a.example/feed.xml"
WORDS = [
    "harbour", "market", "school", "bridge", "bakery", "tower", "station", "mill", "museum",
    "garden",
]  # fmt: skip
Door = Callable[[Job], AbstractAsyncContextManager[FakeWeb]]


@dataclass(frozen=True)
class Story:
    """A page that writes `local`, and what its feed says of that moment ('' for nothing)."""

    name: str
    local: str
    feed: str = ""


def page(story: Story) -> bytes:
    number = WORDS.index(story.name)
    turned = (WORDS[number:] + WORDS[:number]) * 3
    text = f"The {story.name} opened again {' '.join(turned)} and the neighbours came to see it. "
    return (
        f"<html lang='en'><head><title>The {story.name}</title>"
        "<meta property='og:type' content='article'>"
        f"<meta property='article:published_time' content='{story.local}'></head>"
        f"<body><article><h1>The {story.name}</h1><p>{text * 3}</p></article></body></html>"
    ).encode()


def paper(stories: Sequence[Story]) -> Door:
    """A paper whose feed lists these pages and nothing else."""
    items = "".join(
        f"<item><title>The {one.name}</title><link>https://a.example/{one.name}</link>"
        f"<guid>{one.name}</guid>{f'<pubDate>{one.feed}</pubDate>' if one.feed else ''}</item>"
        for one in stories
    )

    @asynccontextmanager
    async def door(job: Job) -> AsyncIterator[FakeWeb]:
        web = FakeWeb(clock=job.clock)
        head = "<rss version='2.0'><channel><title>A</title>"
        web.add(FEED, f"{head}{items}</channel></rss>".encode())
        for one in stories:
            html = [("content-type", "text/html")]
            web.add(f"https://a.example/{one.name}", page(one), headers=html)
        yield web

    return door


def run(desk: Desk, stories: Sequence[Story]) -> None:
    run_ingest(desk.job(door=paper(stories)), IngestOptions(seeds=None, everything=True))


def told(places: Sequence[str], *, month: str = "Sep", east: int = 9) -> list[Story]:
    """Stories published at 10:30 UTC whose pages write the local time alone."""
    number = {"Jan": 1, "Jul": 7, "Sep": 9}[month]
    return [
        Story(place, f"2023-{number:02d}-13T{10 + east}:30:20", f"13 {month} 2023 10:30:00 GMT")
        for place in places
    ]


def when(desk: Desk, name: str) -> datetime:
    (row,) = desk.ask(f"SELECT published_at FROM articles WHERE url = 'https://a.example/{name}'")
    at: datetime = row[0]
    return at


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return new_desk(tmp_path / "data", [Listing("a", FEED)])


def test_a_time_without_a_zone_is_read_by_the_clock_that_the_feed_shows(desk: Desk) -> None:
    run(desk, [*told(WORDS[:3]), Story("garden", "2023-09-14T08:00:00")])
    assert when(desk, "garden") == datetime(2023, 9, 13, 23, tzinfo=UTC)
    said = desk.ask(
        "SELECT published_precision, published_reason FROM articles WHERE url[19:]='garden'"
    )
    assert said == [
        ("local", "stated by opengraph; no zone stated, taken by its host's clock, +09:00")
    ]
    assert desk.ask("SELECT host, month, minutes, stories FROM host_clocks") == [
        ("a.example", "2023-09", 540, 3)
    ]


def test_two_stories_prove_no_clock(desk: Desk) -> None:
    run(desk, [*told(WORDS[:2]), Story("garden", "2023-09-14T08:00:00")])
    assert when(desk, "garden") == datetime(2023, 9, 14, 8, tzinfo=UTC)


def test_pages_of_two_clocks_prove_none(desk: Desk) -> None:
    mixed = [*told(WORDS[:3]), *told(WORDS[3:5], east=3)]
    run(desk, [*mixed, Story("garden", "2023-09-14T08:00:00")])
    assert when(desk, "garden") == datetime(2023, 9, 14, 8, tzinfo=UTC)


def test_summer_and_winter_have_clocks_of_their_own(desk: Desk) -> None:
    seasons = [*told(WORDS[:3], month="Jan", east=1), *told(WORDS[3:6], month="Jul", east=2)]
    loose = [Story("museum", "2023-02-14T08:00:00"), Story("garden", "2023-08-14T08:00:00")]
    run(desk, [*seasons, *loose])
    assert when(desk, "museum") == datetime(2023, 2, 14, 7, tzinfo=UTC)
    assert when(desk, "garden") == datetime(2023, 8, 14, 6, tzinfo=UTC)


def test_a_stated_zone_stands(desk: Desk) -> None:
    run(desk, [*told(WORDS[:3]), Story("garden", "2023-09-14T08:00:00+02:00")])
    assert when(desk, "garden") == datetime(2023, 9, 14, 6, tzinfo=UTC)


@pytest.mark.slow
def test_many_runs_in_another_order_give_the_tables_of_one(desk: Desk, tmp_path: Path) -> None:
    loose = [Story("museum", "2023-09-14T08:00:00"), Story("garden", "2023-08-14T08:00:00")]
    run(desk, [*told(WORDS[:3]), *loose])
    other = new_desk(tmp_path / "other", [Listing("a", FEED)])
    for some in (loose, told(WORDS[2:3]), told(WORDS[:2])):
        run(other, some)
    assert_same_tables(desk.database, other.database)
    assert other.ask("FROM article_versions") == []
    assert when(other, "garden") == datetime(2023, 8, 13, 23, tzinfo=UTC)


def test_reprocessing_reads_by_the_same_clock(desk: Desk) -> None:
    run(desk, [*told(WORDS[:3]), Story("garden", "2023-09-14T08:00:00")])
    with desk.job().warehouse.session() as session:
        session.execute("UPDATE pages SET extractor_version = 'older'")
    assert run_reprocess(desk.job("reprocess")).pages == 4
    assert when(desk, "garden") == datetime(2023, 9, 13, 23, tzinfo=UTC)
