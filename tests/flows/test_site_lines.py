"""Lines that a site repeats on its pages are left out of its articles, whatever came first."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from desks import Desk, new_desk
from tables import assert_same_tables

from extractors.records import Listing
from flows.net.fake import FakeWeb
from flows.steps import ingest
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import Job
from flows.steps.reprocess import run_reprocess

FEED = "https://a.example/feed.xml"
NOTE = "Letters to the editor are read aloud on Fridays in the hall of the town library."
PLACES = [
    "harbour", "market", "school", "bridge", "bakery", "tower", "station", "mill", "museum",
    "garden",
]  # fmt: skip
_WORDS = """
was closed after water had come in through western walls nobody hurt keys went home council begins
repairs next week until first snow falls neighbours brought bread lamps old maps say river once ran
below cellar floors engineers measure daily costs shared between county owners insurers later
"""
WORDS = _WORDS.split()
WIRE = "\n".join(
    f"The ministry of {word} said on Tuesday that the {word} programme would go on for years."
    for word in ("fisheries", "forestry", "transport", "energy", "housing", "culture")
)

Door = Callable[[Job], AbstractAsyncContextManager[FakeWeb]]


def story(place: str) -> str:
    """One story's own paragraphs, told in words of its own."""
    number = PLACES.index(place)
    turned = WORDS[number:] + WORDS[:number]
    return "\n".join(
        f"The {place} {' '.join(turned[start::3])} the {place} by noon on Tuesday."
        for start in range(3)
    )


def page(title: str, text: str) -> bytes:
    body = "".join(f"<p>{line}</p>" for line in text.split("\n"))
    return (
        f"<html lang='en'><head><title>{title}</title><meta property='og:type' content='article'>"
        "<meta property='article:published_time' content='2023-09-04T08:00:00Z'></head>"
        f"<body><article><h1>{title}</h1>{body}</article></body></html>"
    ).encode()


def paper(pages: dict[str, str]) -> Door:
    """A paper whose feed lists these pages (name → text) and nothing else."""
    items = "".join(
        f"<item><title>About the {name}</title><link>https://a.example/{name}</link>"
        f"<guid>{name}</guid></item>"
        for name in pages
    )

    @asynccontextmanager
    async def door(job: Job) -> AsyncIterator[FakeWeb]:
        web = FakeWeb(clock=job.clock)
        head = "<rss version='2.0'><channel><title>A</title>"
        web.add(FEED, f"{head}{items}</channel></rss>".encode())
        for name, text in pages.items():
            html = [("content-type", "text/html")]
            web.add(f"https://a.example/{name}", page(f"About the {name}", text), headers=html)
        yield web

    return door


def run(desk: Desk, pages: dict[str, str]) -> None:
    options = IngestOptions(seeds=None, everything=True)
    run_ingest(desk.job(door=paper(pages)), options)


def noted(places: Sequence[str]) -> dict[str, str]:
    """Stories that end with the paper's note."""
    return {place: f"{story(place)}\n{NOTE}" for place in places}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return new_desk(tmp_path / "data", [Listing("a", FEED)])


def texts(desk: Desk) -> dict[str, str]:
    return dict(desk.ask("SELECT url[19:], text FROM articles"))


def test_a_line_on_a_hosts_pages_is_left_out_of_all_of_them(desk: Desk) -> None:
    run(desk, noted(PLACES[:4]))
    assert texts(desk) == {place: story(place) for place in PLACES[:4]}
    assert desk.ask("SELECT text, stories, of_stories FROM host_lines") == [(NOTE, 4, 4)]


def test_what_few_pages_say_is_kept(desk: Desk) -> None:
    pages = noted(PLACES[:2]) | {place: story(place) for place in PLACES[2:6]}
    run(desk, pages)
    assert texts(desk) == pages


def test_a_story_under_several_addresses_counts_once(desk: Desk) -> None:
    wires = {f"wire-{number}": WIRE for number in range(4)}
    run(desk, wires | noted(PLACES[:3]))
    assert {text for name, text in texts(desk).items() if name in wires} == {WIRE}
    assert texts(desk)[PLACES[0]] == story(PLACES[0])


@pytest.mark.slow
def test_many_runs_in_another_order_give_the_tables_of_one(desk: Desk, tmp_path: Path) -> None:
    pages = noted(PLACES[:5]) | {place: story(place) for place in PLACES[5:]}
    run(desk, pages)
    other = new_desk(tmp_path / "other", [Listing("a", FEED)])
    for some in (PLACES[6:], PLACES[4:6], PLACES[2:4], PLACES[:2]):
        run(other, {place: pages[place] for place in some})
    assert_same_tables(desk.database, other.database)
    assert NOTE not in "".join(texts(desk).values())


def test_leaving_out_is_no_change_of_the_publishers(desk: Desk) -> None:
    for count in (2, 3, 4):
        run(desk, noted(PLACES[:count]))
    assert NOTE not in "".join(texts(desk).values())
    assert desk.ask("FROM article_versions") == []
    assert all(row[0] for row in desk.ask("SELECT balanced FROM run_balance"))
    landed = desk.ask("SELECT sum(landed) FROM run_stages WHERE stage = 'article'")
    assert landed == [(4,)]


def test_a_line_that_proves_to_be_rare_comes_back(desk: Desk) -> None:
    few = noted(PLACES[:3])
    run(desk, few)
    assert texts(desk)[PLACES[0]] == story(PLACES[0])
    run(desk, few | {place: story(place) for place in PLACES[3:]})
    assert texts(desk)[PLACES[0]] == few[PLACES[0]]
    assert desk.ask("FROM host_lines") == []


def test_a_run_that_was_stopped_leaves_it_to_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(job: Job) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ingest, "leave_out_site_lines", stopped)
        with pytest.raises(KeyboardInterrupt):
            run(desk, noted(PLACES[:3]))
    run(desk, {})
    assert texts(desk) == {place: story(place) for place in PLACES[:3]}


def test_reprocessing_leaves_out_the_same(desk: Desk) -> None:
    run(desk, noted(PLACES[:3]))
    with desk.job().warehouse.session() as session:
        session.execute("UPDATE pages SET extractor_version = 'older'")
    assert run_reprocess(desk.job("reprocess")).pages == 3
    assert texts(desk) == {place: story(place) for place in PLACES[:3]}
