"""A tenth of a file of CC-NEWS streams through; `bench_ccnews.py` takes a whole one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from crawls import Crawl, make_crawl, passing_ms, reading_ms, speed_from_memory, stream

pytestmark = pytest.mark.slow

MEGABYTES = 100
TURNS = 5  # what else the machine does only ever takes away: what shows too little is done again


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Crawl:
    return make_crawl(tmp_path_factory.mktemp("crawl") / "files", MEGABYTES)


@dataclass(frozen=True)
class Shares:
    """What a stream reached of the speed of its pages from memory: by the clock, of the same CPU,
    and of that without passing other pages over.
    """

    speed: float
    of_cpu: float
    beside: float

    @property
    def enough(self) -> bool:
        # Beginning and end weigh more than in a whole file. What others do on the machine shows in
        # the speed and less in the CPU, which bounds the speed once all cores are at work: on busy
        # machines 0.64 to 0.74 of it was seen, and 0.70 to 0.81 without what another CPU may unpack
        # slower.
        return self.of_cpu >= 0.5 and self.beside >= 0.6 and self.speed >= 0.3


def streamed(crawl: Crawl, data: Path) -> Shares:
    """Stream it once; all of it lands, in bounded memory."""
    before = speed_from_memory(crawl)
    cost = stream(crawl, data)
    after = speed_from_memory(crawl)
    cpu_pure = min(before.cpu_pages, after.cpu_pages)
    shares = Shares(
        cost.speed(crawl) / min(before.pages, after.pages),
        cost.cpu_pages(crawl) / cpu_pure,
        cost.cpu_pages(crawl, passing_ms(crawl)) / cpu_pure,
    )
    print(f"{cost.memory_mb:.0f} MB, {cost.speed(crawl):.1f} pages/s; {shares}")
    assert cost.landed == crawl.wanted
    assert cost.memory_mb < 600
    return shares


@pytest.mark.timeout(1500)
def test_a_file_streams_through_in_bounded_memory_about_as_fast_as_its_pages_are_read(
    crawl: Crawl, tmp_path: Path
) -> None:
    for turn in range(TURNS):
        shares = streamed(crawl, tmp_path / str(turn))
        if shares.enough:
            break
    assert shares.enough, shares


def test_a_page_that_nobody_asked_for_costs_a_twentieth_of_one_that_is_read(crawl: Crawl) -> None:
    assert any(passing_ms(crawl) < 0.05 * reading_ms(crawl) for _ in range(TURNS))
