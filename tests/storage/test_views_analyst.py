"""The views analysts start from, each held against rows whose answer is known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest

from storage.migrate import migrate

NOW = datetime(2023, 9, 13, 4, 0, tzinfo=UTC)


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


@pytest.fixture
def shelf() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        # Days must be UTC days whatever the analyst's own zone.
        connection.execute("SET TimeZone = 'Asia/Seoul'")
        migrate(connection, NOW)
        yield connection


def add(connection: duckdb.DuckDBPyConnection, table: str, **columns: Any) -> None:
    names = ", ".join(columns)
    marks = ", ".join("?" * len(columns))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(columns.values()))


def article(connection: duckdb.DuckDBPyConnection, article_id: str, **columns: Any) -> None:
    verdict, group = columns.pop("verdict", "on"), columns.pop("group", None)
    row = {
        "title": article_id,
        "text": "text",
        "source_kind": "feed",
        "published_at": NOW,
        "published_precision": "instant",
        "publisher": "Herald",
        "language": "en",
        **columns,
    }
    add(connection, "articles", article_id=article_id, **row)
    add(connection, "article_topics", article_id=article_id, topic_id="t", verdict=verdict)
    if group:
        add(connection, "article_groups", article_id=article_id, group_id=group, similarity=0.9)


def ask(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_snippets_are_cut_out_of_the_text_around_what_counted(
    shelf: duckdb.DuckDBPyConnection,
) -> None:
    text = "А" * 50 + "\nКим приехал. " + "Б" * 50
    article(shelf, "a", text=text)
    shelf.execute(
        "UPDATE article_topics SET evidence = [{'concept': 'kim', 'phrase': 'Ким', "
        "'field': 'text', 'start': 51, 'end': 54}, {'concept': 'kim', 'phrase': 'a', "
        "'field': 'title', 'start': 0, 'end': 1}]"
    )
    ((snippets,),) = ask(shelf, "SELECT snippets FROM topic_articles")
    assert snippets == ["А" * 39 + " Ким приехал. " + "Б" * 30]


def test_the_timeline_counts_utc_days_and_copies_once_in_texts(
    shelf: duckdb.DuckDBPyConnection,
) -> None:
    article(shelf, "late", published_at=datetime(2023, 9, 12, 23, 59, tzinfo=UTC))
    article(shelf, "one", group="g", published_at=datetime(2023, 9, 13, 0, 0, tzinfo=UTC))
    article(shelf, "copy", group="g", publisher="Post")
    article(shelf, "alone")
    article(shelf, "passing", verdict="mention")
    article(shelf, "off", verdict="off")
    article(shelf, "undated", published_at=None)
    assert ask(shelf, "SELECT * EXCLUDE topic_id FROM topic_timeline ORDER BY day") == [
        (date(2023, 9, 12), "en", 1, 1, 0, 1),
        (date(2023, 9, 13), "en", 3, 2, 1, 2),
    ]


def test_coverage_counts_a_publishers_own_copies_once_in_texts(
    shelf: duckdb.DuckDBPyConnection,
) -> None:
    article(shelf, "one", group="g", country="GB")
    article(shelf, "again", group="g", country="GB", language="fr", published_at=at(2))
    article(shelf, "theirs", group="g", publisher="Post", country="CA")
    assert ask(
        shelf,
        "SELECT publisher, country, articles, texts, languages, last_at - first_at FROM coverage "
        "ORDER BY publisher",
    ) == [
        ("Herald", "GB", 2, 1, ["en", "fr"], timedelta(hours=2)),
        ("Post", "CA", 1, 1, ["en"], timedelta(0)),
    ]


def test_first_reports_leave_out_what_only_names_a_day(shelf: duckdb.DuckDBPyConnection) -> None:
    article(shelf, "midnight", publisher="Daily", published_at=at(-4), published_precision="day")
    article(shelf, "first", publisher="Wire", published_at=at(-1))
    article(shelf, "wire later", publisher="Wire", published_at=at(3))
    article(shelf, "second", publisher="Post", published_at=at(1), published_precision="local")
    article(shelf, "passing", publisher="Blog", published_at=at(-2), verdict="mention")
    article(shelf, "nobody", publisher=None, published_at=at(-2))
    assert ask(
        shelf,
        "SELECT place, publisher, title, behind_first, ahead_of_next FROM first_reports "
        "ORDER BY place",
    ) == [
        (1, "Wire", "first", timedelta(0), timedelta(hours=2)),
        (2, "Post", "second", timedelta(hours=2), None),
    ]


def test_first_copies_put_each_groups_copies_in_order(shelf: duckdb.DuckDBPyConnection) -> None:
    article(shelf, "wire", publisher="Wire", group="g", published_at=at(0))
    article(shelf, "copy", publisher="Post", group="g", published_at=at(0.5))
    article(shelf, "other", publisher="Post", group="h", published_at=at(-5))
    assert ask(
        shelf,
        "SELECT group_id, place, publisher, behind_first FROM first_copies ORDER BY ALL",
    ) == [
        ("g", 1, "Wire", timedelta(0)),
        ("g", 2, "Post", timedelta(minutes=30)),
        ("h", 1, "Post", timedelta(0)),
    ]


def test_syndicated_counts_copies_publishers_and_wordings(
    shelf: duckdb.DuckDBPyConnection,
) -> None:
    article(shelf, "wire", publisher="Wire", group="g", text_hash="x", published_at=at(0))
    article(shelf, "copy", publisher="Post", group="g", text_hash="x", published_at=at(1))
    article(shelf, "edited", publisher="Post", group="g", text_hash="y", published_at=at(2))
    assert ask(
        shelf,
        "SELECT copies, publishers, wordings, first_publisher, title, last_at - first_at "
        "FROM syndicated",
    ) == [(3, 2, 2, "Wire", "wire", timedelta(hours=2))]


def test_a_possible_gap_lies_between_the_poll_before_and_the_one_that_knew_nothing(
    shelf: duckdb.DuckDBPyConnection,
) -> None:
    add(shelf, "feeds", feed_id="f", publisher="Wire", url="http://x/", kind="feed", listed=True)
    for hours, state, gap in [(0, "landed", False), (5, "failed", False), (9, "landed", True)]:
        add(
            shelf, "polls", feed_id="f", polled_at=at(hours), state=state, possible_gap=gap,
            entries=20, new_entries=20, run_id="r",
        )  # fmt: skip
    assert ask(
        shelf, "SELECT publisher, after_at, before_at, unseen_for, entries FROM possible_gaps"
    ) == [("Wire", at(0), at(9), timedelta(hours=9), 20)]
    assert ask(
        shelf, "SELECT possible_gaps, last_gap_at, polls, failed_polls FROM feed_health"
    ) == [(1, at(9), 3, 1)]


def test_failures_are_counted_with_the_example_that_failed_last(
    shelf: duckdb.DuckDBPyConnection,
) -> None:
    for item, hours in [("b", 1), ("a", 2)]:
        add(
            shelf, "failures", stage="page", item=item, reason="timeout", detail=f"of {item}",
            first_at=at(0), last_at=at(hours),
        )  # fmt: skip
    assert ask(shelf, "SELECT * FROM failures_by_reason") == [
        ("page", "timeout", 2, at(0), at(2), "a", "of a")
    ]


def test_what_waits_says_for_which_host(shelf: duckdb.DuckDBPyConnection) -> None:
    add(shelf, "pages", page_id="p", url="http://x/a", host="x", state="waiting", next_at=at(1))
    add(shelf, "pages", page_id="q", url="http://y/a", host="y", state="landed")
    assert ask(shelf, "SELECT page_id, host, next_at FROM waiting") == [("p", "x", at(1))]
