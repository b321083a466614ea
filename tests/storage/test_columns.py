"""The data dictionary is complete, says every word a column may hold, and is up to date."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import duckdb
import pytest

from extractors.records import FeedKind, Precision, Reason, SourceKind, Stage, State, Verdict
from storage.columns import COLUMNS_MD, dictionary, shipped_dictionary
from storage.migrate import migrate

NOW = datetime(2023, 9, 13, 4, 0, tzinfo=UTC)
WHERE = "write a COMMENT ON in storage/sql/comments/, then run `python -m storage.columns`"


@pytest.fixture(scope="module")
def warehouse() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        migrate(connection, NOW)
        yield connection


def comment_of(connection: duckdb.DuckDBPyConnection, column: str) -> str:
    row = connection.execute(
        "SELECT comment FROM duckdb_columns() WHERE table_name || '.' || column_name = ?", [column]
    ).fetchone()
    assert row is not None, f"there is no column {column}"
    return str(row[0])


def said_in(page: str) -> list[str]:
    """The lines of a dictionary whatever their order, without the table of contents."""
    return sorted(line for line in page.splitlines() if "](#" not in line)


def words_of(comment: str) -> set[str]:
    return set(comment.replace(",", " ").replace(".", " ").replace(":", " ").split())


@pytest.mark.parametrize("what", ["table", "view"])
def test_every_table_and_view_has_a_comment(
    warehouse: duckdb.DuckDBPyConnection, what: str
) -> None:
    names = warehouse.execute(
        f"SELECT {what}_name FROM duckdb_{what}s() "
        "WHERE NOT internal AND coalesce(comment, '') = ''"
    ).fetchall()
    assert names == [], WHERE


def test_every_column_of_every_table_and_view_has_a_comment(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    names = warehouse.execute(
        "SELECT table_name || '.' || column_name FROM duckdb_columns() "
        "WHERE NOT internal AND coalesce(comment, '') = ''"
    ).fetchall()
    assert names == [], WHERE


def test_every_instant_says_that_it_is_in_utc(warehouse: duckdb.DuckDBPyConnection) -> None:
    names = warehouse.execute(
        "SELECT table_name || '.' || column_name FROM duckdb_columns() WHERE NOT internal "
        "AND data_type = 'TIMESTAMP WITH TIME ZONE' AND NOT contains(comment, 'UTC')"
    ).fetchall()
    assert names == []


@pytest.mark.parametrize(
    ("column", "enum"),
    [
        ("entries.state", State),
        ("pages.state", State),
        ("pages.article_state", State),
        ("polls.state", State),
        ("failures.reason", Reason),
        ("run_stages.stage", Stage),
        ("run_balance.stage", Stage),
        ("failures.stage", Stage),
        ("entries.published_precision", Precision),
        ("articles.published_precision", Precision),
        ("article_dates.precision", Precision),
        ("article_topics.verdict", Verdict),
        ("topic_articles.verdict", Verdict),
        ("feeds.kind", FeedKind),
        ("entries.source_kind", SourceKind),
        ("articles.source_kind", SourceKind),
        ("news.source_kind", SourceKind),
    ],
)
def test_a_column_of_fixed_words_names_them_all(
    warehouse: duckdb.DuckDBPyConnection, column: str, enum: type[StrEnum]
) -> None:
    assert {str(word) for word in enum} <= words_of(comment_of(warehouse, column))


def test_every_other_reason_points_to_the_list(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        "SELECT table_name || '.' || column_name, comment FROM duckdb_columns() "
        "WHERE NOT internal AND regexp_matches(column_name, '^(.+_)?reason$') "
        "AND column_name <> 'published_reason'"
    ).fetchall()
    silent = [name for name, comment in found if "failures.reason" not in comment]
    assert silent == ["failures.reason"]


def test_run_stages_has_a_column_for_every_state(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert all(comment_of(warehouse, f"run_stages.{state}") for state in State)


def test_the_page_in_the_repository_is_what_is_generated() -> None:
    assert COLUMNS_MD.read_text("utf-8") == shipped_dictionary(), (
        "storage/COLUMNS.md is out of date: run `python -m storage.columns`"
    )


def test_a_database_file_opened_again_gives_the_same_dictionary(tmp_path: Path) -> None:
    path = str(tmp_path / "w.duckdb")
    with duckdb.connect(path) as connection:
        migrate(connection, NOW)
    with duckdb.connect(path, read_only=True) as connection:
        assert said_in(dictionary(connection)) == said_in(shipped_dictionary())


def test_laying_the_views_anew_keeps_the_comments() -> None:
    with duckdb.connect() as connection:
        migrate(connection, NOW)
        before = dictionary(connection)
        connection.execute("COMMENT ON TABLE schema_migrations IS 'stale'")
        migrate(connection, NOW)
        assert said_in(dictionary(connection)) == said_in(before)


def test_views_come_before_tables_and_what_is_made_of_a_comment_stays_one_cell() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE stock (unit VARCHAR)")
        connection.execute("CREATE VIEW shelf AS SELECT unit FROM stock")
        connection.execute("COMMENT ON TABLE stock IS 'All\nof <it>.'")
        connection.execute("COMMENT ON COLUMN stock.unit IS 'kg | lb'")
        page = dictionary(connection)
    assert page.index("### shelf") < page.index("### stock")
    assert "All of \\<it\\>." in page
    assert "| `unit` | VARCHAR | kg \\| lb |" in page


def test_temporary_tables_and_views_are_left_out() -> None:
    with duckdb.connect() as connection:
        connection.execute("CREATE TEMP TABLE stage_news (a BIGINT)")
        connection.execute("CREATE TEMP VIEW arriving AS SELECT 1 AS a")
        page = dictionary(connection)
    assert "stage_news" not in page
    assert "arriving" not in page
