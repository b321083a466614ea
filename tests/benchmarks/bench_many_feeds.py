"""What fifty bad feeds cost nine hundred and fifty good ones; the fastest of paired runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.newsroom import Newsroom, generate
from tests.crowd import FEEDS, Crowd, measure, slowdown

pytestmark = [pytest.mark.bench, pytest.mark.timeout(900)]

ALLOWED = 1.1  # pairs on two cores with nothing else to do give 1.00 to 1.07
PAIRS = 12


def test_the_good_feeds_land_little_later_than_without_the_bad_ones(tmp_path: Path) -> None:
    """Hang, drip, break off, blow up, fail, be gone, be huge, be costly to read: 5 of each kind."""
    desk = generate(20230913, feeds=FEEDS, pages=FEEDS * 5)
    with Newsroom.start(desk, slow_s=20.0) as room:
        crowd = Crowd(room, tmp_path)
        crowd.warm_up()
        wall, _ = slowdown(measure(crowd, PAIRS))
    assert wall <= ALLOWED
