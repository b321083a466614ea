"""A tenth of a file of CC-NEWS streams through; `bench_ccnews.py` takes a whole one."""

from __future__ import annotations

from pathlib import Path

import pytest
from crawls import Crawl, make_crawl, passing_ms, reading_ms, speed_from_memory, stream

pytestmark = pytest.mark.slow

MEGABYTES = 100


@pytest.fixture(scope="module")
def crawl(tmp_path_factory: pytest.TempPathFactory) -> Crawl:
    return make_crawl(tmp_path_factory.mktemp("crawl") / "files", MEGABYTES)


@pytest.mark.timeout(600)
def test_a_file_streams_through_in_bounded_memory_about_as_fast_as_its_pages_are_read(
    crawl: Crawl, tmp_path: Path
) -> None:
    before = speed_from_memory(crawl)
    cost = stream(crawl, tmp_path / "data")
    after = speed_from_memory(crawl)
    speed, pure = cost.speed(crawl), min(before.pages, after.pages)
    cpu_pure = min(before.cpu_pages, after.cpu_pages)
    of_cpu = cost.cpu_pages(crawl) / cpu_pure
    beside = cost.cpu_pages(crawl, passing_ms(crawl)) / cpu_pure
    print(f"{cost.memory_mb:.0f} MB, {speed:.1f} pages/s against {pure:.1f} from memory")
    print(f"of the same CPU {of_cpu:.2f}, without that of passing pages over {beside:.2f}")
    assert cost.landed == crawl.wanted
    assert cost.memory_mb < 600
    # Beginning and end weigh more than in a whole file. What others do on the machine shows in the
    # speed and less in the CPU, which bounds the speed once all cores are at work: on busy machines
    # 0.64 to 0.74 of it was seen, and 0.70 to 0.81 without what another CPU may unpack slower.
    assert of_cpu >= 0.5
    assert beside >= 0.6
    assert speed >= 0.3 * pure


def test_a_page_that_nobody_asked_for_costs_a_twentieth_of_one_that_is_read(crawl: Crawl) -> None:
    assert passing_ms(crawl) < 0.05 * reading_ms(crawl)
