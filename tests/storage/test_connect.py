"""`from storage import connect`: the published copy, read-only, straight into data frames."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas  # type: ignore[import-untyped]
import polars
import pyarrow
import pytest

from storage import connect
from storage.errors import ForeignFileError, StorageError
from storage.publish import publish
from storage.warehouse import Warehouse

SEEN = datetime(2023, 9, 13, 4, 25, 37, 250000, tzinfo=UTC)
QUESTION = "SELECT title, published_at, authors FROM news"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    warehouse = Warehouse(tmp_path)
    warehouse.migrate(SEEN)
    with warehouse.session() as session:
        session.execute(
            "INSERT INTO articles (article_id, title, text, authors, published_at, source_kind) "
            "VALUES ('a', '수뇌회담', '본문', ['Kim'], ?, 'feed')",
            [SEEN],
        )
    publish(warehouse)
    return tmp_path


def test_rows_come_with_times_in_utc(data: Path) -> None:
    with connect(data) as connection:
        ((title, published_at, authors),) = connection.sql(QUESTION).fetchall()
    assert (title, authors) == ("수뇌회담", ["Kim"])
    assert published_at == SEEN
    assert published_at.utcoffset().total_seconds() == 0


def test_arrow_straight_from_it(data: Path) -> None:
    with connect(data) as connection:
        table = connection.sql(QUESTION).to_arrow_table()
    assert table.schema.field("published_at").type == pyarrow.timestamp("us", "UTC")
    assert table.column("published_at")[0].as_py() == SEEN


def test_pandas_straight_from_it(data: Path) -> None:
    with connect(data) as connection:
        frame = connection.sql(QUESTION).df()
    assert frame["published_at"][0] == pandas.Timestamp(SEEN)
    assert list(frame["authors"][0]) == ["Kim"]


def test_polars_straight_from_it(data: Path) -> None:
    with connect(data) as connection:
        frame = connection.sql(QUESTION).pl()
    assert frame.schema["published_at"] == polars.Datetime("us", "UTC")
    assert frame.row(0) == ("수뇌회담", SEEN, ["Kim"])


def test_the_environment_names_the_directory(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUCKWIRE_DATA", str(data))
    with connect() as connection:
        assert connection.sql("SELECT count(*) FROM news").fetchone() == (1,)


def test_nothing_can_be_written(data: Path) -> None:
    with (
        connect(data) as connection,
        pytest.raises(duckdb.InvalidInputException, match="read-only"),
    ):
        connection.execute("DELETE FROM articles")


def test_before_the_first_run_it_says_what_makes_a_copy(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="duckwire run"):
        connect(tmp_path)


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"nowhere.*DUCKWIRE_DATA"):
        connect(tmp_path / "nowhere")


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "news.duckdb").write_bytes(b"not a database")
    with pytest.raises(ForeignFileError, match=r"news\.duckdb"):
        connect(tmp_path)
