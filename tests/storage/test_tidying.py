"""A DuckLake's upkeep: few files, few snapshots, the same rows, and nothing taken from a reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shared_targets import target_settings

from flows.settings import Settings
from flows.warehouses import warehouse_of
from storage.targets.tidying import tidy_lake
from storage.warehouse import Warehouse

NOW = datetime.now(UTC)  # snapshots are dated by the clock of the catalogue
LEASES = "SELECT name, pid FROM leases ORDER BY ALL"


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Warehouse]:
    """A lake with a row in each of eight files, and one that was changed and one that is gone."""
    with target_settings("ducklake-sqlite", tmp_path) as settings:
        data = {"data": tmp_path / "data", "lake_data": str(tmp_path / "files")}
        warehouse = warehouse_of(Settings(**(data | settings)))
        with warehouse.session() as session:
            session.execute("CREATE TABLE leases (name VARCHAR, pid INTEGER)")
            for number in range(8):
                session.execute(
                    "INSERT INTO leases SELECT ?, i FROM range(300) t(i)", [f"lease {number}"]
                )
            session.execute("UPDATE leases SET pid = 1000 WHERE name = 'lease 1'")
            session.execute("DELETE FROM leases WHERE name = 'lease 2'")
        yield warehouse


def files(lake: Warehouse) -> int:
    return len(list((lake.data.parent / "files").rglob("*.parquet")))


def snapshots(lake: Warehouse) -> int:
    with lake.reading() as session:
        return len(session.execute("FROM ducklake_snapshots('lake')").fetchall())


def test_files_become_one_and_the_rows_stay_the_same(lake: Warehouse) -> None:
    with lake.reading() as session:
        before = session.execute(LEASES).fetchall()
    assert files(lake) >= 9
    done = tidy_lake(lake, now=NOW + timedelta(days=3), keep=timedelta(0))
    tidy_lake(lake, now=NOW + timedelta(days=6), keep=timedelta(0))
    assert done is not None
    assert done.expired > 8
    assert done.removed > 0
    assert files(lake) <= 2
    assert snapshots(lake) <= 2
    with lake.reading() as session:
        assert session.execute(LEASES).fetchall() == before


def test_what_is_young_is_kept(lake: Warehouse) -> None:
    before = files(lake), snapshots(lake)
    done = tidy_lake(lake, now=NOW, keep=timedelta(days=7))
    assert done is not None
    assert (done.expired, done.removed) == (0, 0)
    assert files(lake) >= before[0]
    assert snapshots(lake) >= before[1]


def test_a_reader_that_began_before_goes_on_to_its_end(lake: Warehouse) -> None:
    with lake.reading() as session:
        session.begin()
        before = session.execute("SELECT count(*) FROM leases").fetchall()
        tidy_lake(lake, now=datetime.now(UTC), keep=timedelta(hours=1))
        assert session.execute("SELECT count(*) FROM leases").fetchall() == before
