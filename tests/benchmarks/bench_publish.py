"""What publishing costs, against copying the file; the best of alternating turns in one run."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.publish import publish
from storage.warehouse import Warehouse

pytestmark = [pytest.mark.bench, pytest.mark.timeout(600)]

MEGABYTES = int(os.environ.get("DUCKWIRE_BENCH_MEGABYTES", "300"))
TURNS = 7
MOST_RATIO = 1.5


def plain_copy(source: Path, target: Path) -> None:
    """What `cp` and `sync` of the file do: the same bytes, on the disk."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while chunk := reading.read(1 << 20):
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())


def timed(work: object, *given: object) -> float:
    started = time.perf_counter()
    work(*given)  # type: ignore[operator]
    return time.perf_counter() - started


def test_publishing_costs_under_one_and_a_half_copies_of_the_file(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.migrate(datetime(2026, 11, 23, tzinfo=UTC))
    with warehouse.session() as session:
        # Random bytes as hexadecimal: two for one, and the file's own compression takes it back.
        session.execute(
            "INSERT INTO articles (article_id, text) SELECT 'a' || i, "
            "string_agg(md5((i * 64 + j)::VARCHAR), '') FROM range(?) t(i), range(64) u(j) "
            "GROUP BY i",
            [MEGABYTES * 500],
        )
    copies, published = [], []
    for _ in range(TURNS):
        copies.append(timed(plain_copy, warehouse.path, tmp_path / "copy"))
        (tmp_path / "copy").unlink()
        with warehouse.session() as session:  # a checkpoint has something to do
            session.execute("INSERT INTO runs (run_id) VALUES ('one')")
        published.append(timed(publish, warehouse))
    copy, publishing = min(copies), min(published)  # what others do to the disk only adds
    size = warehouse.path.stat().st_size / 1e6
    print(f"\na working file of {size:.0f} MB, best of {TURNS}")
    print(f"  copy and fsync  {copy:6.2f} s")
    print(f"  publish         {publishing:6.2f} s   {publishing / copy:.2f} × the copy")
    assert publishing / copy < MOST_RATIO
