"""How fast pages become articles, against trafilatura with its metadata, on the same pages.

The public pages are read where DUCKWIRE_CORPUS names their folder.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from trafilatura import bare_extraction

from flows.newsroom.generate import generate
from flows.newsroom.model import article_path
from flows.newsroom.pages import article_page
from flows.settings import ROOT
from flows.steps.reading import read_page
from flows.steps.rows import bare_task
from flows.steps.topics import load_topics
from storage.rows import PageRow

sys.path.insert(0, str(Path(__file__).parents[1] / "quality" / "extraction"))
import scoring
from scoring import Page

pytestmark = pytest.mark.bench

LEAST_RATIO = 2.0
# The project's own pages have 4 KB: on so little, judging the topics weighs as much as the page.
LEAST_ON_SMALL = 1.0
BASE = "http://127.0.0.1:1"
TOPICS = load_topics(ROOT / "seeds" / "topics")


def _cpu(work: Callable[[Page], object], pages: list[Page]) -> float:
    start = time.process_time()
    for page in pages:
        work(page)
    return time.process_time() - start


def _ours(page: Page) -> None:
    """As a run does it: body, metadata, language, fingerprint, and every shipped topic."""
    url = page.expected["url"]
    row = PageRow(
        page_id=url,
        url=url,
        final_url=url,
        state="landed",
        fetched_at=scoring.FETCHED,
        first_seen_at=scoring.FETCHED,
        run_id="bench",
    )
    read_page(TOPICS, bare_task(row, "feed"), row, page.html, scoring.FETCHED)


def _theirs(page: Page) -> None:
    bare_extraction(page.html, url=page.expected["url"], with_metadata=True)


def _generated_pages() -> list[Page]:
    """Pages of a generated newsroom, as large as today's sites make them."""
    room = generate(7, feeds=16, pages=96, heavy=True)
    return [
        Page(
            article.slug,
            article_page(outlet, article, room.words[outlet.language], BASE).encode(),
            {"url": BASE + article_path(outlet, article)},
        )
        for outlet in room.outlets
        for article in outlet.articles
    ]


def _sets() -> Iterator[tuple[str, list[Page], float]]:
    """What is read, how it is called, and the least ratio on it."""
    yield "own pages", scoring.own_pages() * 3, LEAST_ON_SMALL
    yield "generated pages", _generated_pages(), LEAST_RATIO
    public = scoring.corpus_pages()
    if public is not None:
        yield "public pages", public, LEAST_RATIO


@pytest.mark.timeout(600)
def test_pages_per_second_and_core() -> None:
    """Whole pages in, everything that lands out, topics judged; CPU time of one process."""
    ratios = [(name, _compare(name, pages), least) for name, pages, least in _sets()]
    assert not [row for row in ratios if row[1] < row[2]]


def _compare(name: str, pages: list[Page]) -> float:
    """Print the CPU time of both and return trafilatura's over ours.

    The two take turns on slices of the pages, so that a busy machine slows both alike.
    """
    for warm in pages[:3]:
        _ours(warm)
        _theirs(warm)
    ours = theirs = 0.0
    for start in range(0, len(pages), 20):
        part = pages[start : start + 20]
        ours += _cpu(_ours, part)
        theirs += _cpu(_theirs, part)
    size = sum(len(page.html) for page in pages) / len(pages) / 1000
    print(f"\n{len(pages)} {name}, {size:.0f} KB on average")
    print(f"{'':34}{'ms a page':>12}{'pages/s':>10}")
    for label, spent in (
        ("page to judged article", ours),
        ("trafilatura with metadata", theirs),
    ):
        print(f"{label:34}{1000 * spent / len(pages):12.1f}{len(pages) / spent:10.1f}")
    print(f"{'ratio':34}{'':12}{theirs / ours:10.2f}")
    return theirs / ours
