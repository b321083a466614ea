"""Extraction may not get worse: floors per set, and never below trafilatura's own default."""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import pytest

from extractors.articles import extract
from extractors.records import Extracted, State

sys.path.insert(0, str(Path(__file__).parent))
import scoring
from scoring import Page


def read(page: Page) -> Extracted:
    return extract(page.html, page.expected["url"], fetched_at=scoring.FETCHED)


@pytest.fixture(scope="module")
def own() -> list[tuple[Page, Extracted]]:
    return [(page, read(page)) for page in scoring.own_pages()]


@pytest.fixture(scope="module")
def corpus() -> list[tuple[Page, Extracted]]:
    pages = scoring.corpus_pages()
    if pages is None:
        pytest.skip("DUCKWIRE_CORPUS is not set: the public pages are not here")
    return [(page, read(page)) for page in pages]


def bodies(read_pages: list[tuple[Page, Extracted]]) -> dict[str, float]:
    return scoring.summary(
        [scoring.score(out.text, page.expected["body"]) for page, out in read_pages]
    )


def test_the_own_pages_are_many_and_in_many_languages(own: list[tuple[Page, Extracted]]) -> None:
    assert len(own) >= 60
    assert len({page.expected["language"] for page, _ in own}) >= 15


def test_every_own_page_lands(own: list[tuple[Page, Extracted]]) -> None:
    assert [page.name for page, out in own if out.state is not State.LANDED] == []


def test_bodies_of_the_own_pages_hold_their_floor(own: list[tuple[Page, Extracted]]) -> None:
    found, floor = bodies(own), scoring.floors("own")
    assert found["f1"] >= floor["f1"]
    assert found["mean"] >= floor["mean"]
    assert found["under_half"] <= floor["under_half"]


@pytest.mark.parametrize("field", ["title", "day", "instant", "authors", "language", "paywalled"])
def test_fields_of_the_own_pages_hold_their_floor(
    own: list[tuple[Page, Extracted]], field: str
) -> None:
    wrong = [page.name for page, out in own if not scoring.fields(out, page.expected)[field]]
    assert 1 - len(wrong) / len(own) >= scoring.floors("own")[field], wrong


@pytest.mark.slow
def test_bodies_of_the_public_pages_hold_their_floor(corpus: list[tuple[Page, Extracted]]) -> None:
    found, floor = bodies(corpus), scoring.floors("corpus")
    assert found["f1"] >= floor["f1"]
    assert found["mean"] >= floor["mean"]
    assert found["under_half"] <= floor["under_half"]


@pytest.mark.slow
def test_bodies_of_the_public_pages_are_not_below_trafilaturas_default(
    corpus: list[tuple[Page, Extracted]],
) -> None:
    """Paired by page: the mean gain less two standard errors must not be below zero."""
    from trafilatura import bare_extraction

    gains = []
    for page, out in corpus:
        document = bare_extraction(page.html, url=page.expected["url"], with_metadata=True)
        theirs = scoring.score(getattr(document, "text", None) or "", page.expected["body"]).f1
        gains.append(scoring.score(out.text, page.expected["body"]).f1 - theirs)
    error = statistics.stdev(gains) / len(gains) ** 0.5
    assert statistics.mean(gains) - 2 * error >= 0
