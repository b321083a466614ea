"""How fast articles land in a DuckLake on PostgreSQL as it grows, and landing them again.

The same articles and batches as in `bench_landing.py`, one writer, files in a folder, no upkeep.
`DUCKWIRE_BENCH_ARTICLES` sets how many (default 20,000 here).
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from shared_targets import target_settings

from flows.settings import Settings
from flows.warehouses import warehouse_of
from tests.benchmarks.bench_landing import BATCH, NOW, Writer, _land

pytestmark = [pytest.mark.bench, pytest.mark.postgres, pytest.mark.timeout(3600)]

ARTICLES = int(os.environ.get("DUCKWIRE_BENCH_ARTICLES", "20000"))
SESSION = 10  # batches served by one opening


def test_landing_in_a_lake_as_it_grows(tmp_path: Path) -> None:
    with target_settings("ducklake-postgres", tmp_path) as where:
        warehouse = warehouse_of(Settings(data=tmp_path, **where))
        warehouse.migrate(NOW)
        for what in ("new", "unchanged"):
            writer = Writer()
            print(f"\n{what} articles in batches of {BATCH}; the clock, and our processor time")
            for first in range(0, ARTICLES, BATCH * SESSION):
                starts = range(first, min(first + BATCH * SESSION, ARTICLES), BATCH)
                group = [writer.batch(start, BATCH) for start in starts]
                began, used = time.perf_counter(), time.process_time()
                _land(warehouse, group)
                took, used = time.perf_counter() - began, time.process_time() - used
                count = len(group) * BATCH
                print(f"  {first:8} stored: {count / took:6.0f} a second, {used:5.1f} s")
        with warehouse.reading() as session:
            assert session.execute("SELECT count(*) FROM articles").fetchone() == (ARTICLES,)
