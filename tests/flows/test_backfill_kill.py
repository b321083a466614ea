"""A backfill killed again and again goes on where it stood, and leaves no trace in the tables."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from standins.fill import command, day, past_desk, said
from standins.past import ADDRESSES, Past
from tables import assert_same_tables

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(ADDRESSES)]

KILLS = 20


@pytest.fixture(scope="module")
def past() -> Iterator[Past]:
    with Past(5, day(11), day(13), around=1) as made:
        yield made


@pytest.mark.timeout(900)
def test_killed_at_random_moments_it_goes_on_to_the_same_tables(past: Past, tmp_path: Path) -> None:
    words = ["backfill", "--from", f"{past.start:%Y-%m-%d}", "--to", f"{past.end:%Y-%m-%d}"]
    words += ["--sources", "files,paged,sitemaps,wayback,ccnews", "--direct"]
    whole = past_desk(past, tmp_path / "whole", batch=2)
    began = time.monotonic()
    said(whole, *words)
    seconds = time.monotonic() - began
    killed, dice = past_desk(past, tmp_path / "killed", batch=2), random.Random(20230913)
    at_work = 0
    for _ in range(KILLS):
        line, environment = command(killed, words)
        with subprocess.Popen(
            line, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                process.wait(timeout=dice.uniform(0.1, 0.5) * seconds)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                at_work += 1
    said(killed, *words)
    print(f"{at_work} of {KILLS} kills met it at work")
    assert at_work >= 3
    assert_same_tables(whole.database, killed.database)
