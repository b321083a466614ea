"""A backfill killed again and again goes on where it stood, and leaves no trace in the tables."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from desks import Desk
from standins.fill import command, day, past_desk, said
from standins.past import ADDRESSES, Past
from tables import assert_same_tables

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(ADDRESSES)]

KILLS = 20
FEWEST = 3  # at units, and at pages


@pytest.fixture(scope="module")
def past() -> Iterator[Past]:
    with Past(5, day(11), day(13), around=1) as made:
        yield made


def requests(past: Past) -> tuple[int, int]:
    """How many requests were made so far, and how many of them for an article's page."""
    asked = [target for one in past.publishers for target in one.site.asked]
    asked += past.services.asked
    pages = sum("/story" in target and "/cdx" not in target for target in asked)
    return len(asked), pages


def killed_at_work(
    desk: Desk, past: Past, words: list[str], *, at: str, after: int, then_s: float
) -> str:
    """Kill a run some time after so many requests ('pages': of pages alone).

    Says what it was at, or that it had ended.
    """
    line, environment = command(desk, words)
    counted = 1 if at == "pages" else 0
    before = requests(past)
    with subprocess.Popen(
        line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None and requests(past)[counted] < before[counted] + after:
            time.sleep(0.005)
        with suppress(subprocess.TimeoutExpired):
            process.wait(then_s)
            return "ended"
        process.send_signal(signal.SIGKILL)
    return "pages" if requests(past)[1] > before[1] else "units"


@pytest.mark.timeout(900)
def test_killed_at_random_moments_it_goes_on_to_the_same_tables(past: Past, tmp_path: Path) -> None:
    words = ["backfill", "--from", f"{past.start:%Y-%m-%d}", "--to", f"{past.end:%Y-%m-%d}"]
    words += ["--sources", "files,paged,sitemaps,wayback,ccnews", "--direct"]
    whole = past_desk(past, tmp_path / "whole", batch=2)
    said(whole, *words)
    dice = random.Random(20230913)
    met: Counter[str] = Counter()
    desks = [past_desk(past, tmp_path / "killed-0", batch=2)]

    def ends_as_the_whole() -> None:
        last = said(desks[-1], *words)
        assert (last["failed"], last["pages_to_try_again"]) == ([], 0)
        assert_same_tables(whole.database, desks[-1].database)

    for at, most, longest_s in (("units", 40, 0.3), ("pages", 2, 0.03)):
        kills = 0
        while kills < KILLS // 2 or met[at] < FEWEST:  # as quick as the machine is
            after, then_s = dice.randint(1, most), dice.uniform(0, longest_s)
            hit = killed_at_work(desks[-1], past, words, at=at, after=after, then_s=then_s)
            met[hit] += 1
            kills += hit != "ended"
            if hit == "ended":  # on a quick machine the work is over before the kills are
                ends_as_the_whole()
                desks.append(past_desk(past, tmp_path / f"killed-{len(desks)}", batch=2))
    ends_as_the_whole()
    print(f"killed at work: {dict(met)}")
