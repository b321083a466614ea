"""The views that analysts start from, on rows made for the purpose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pytest

from storage.migrate import migrate

DAY = datetime(2023, 9, 13, tzinfo=UTC)


@pytest.fixture(scope="module")
def empty() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        migrate(connection, DAY)
        yield connection


@pytest.fixture
def db(empty: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse; what a test puts into it is taken back."""
    empty.execute("SET TimeZone = 'UTC'")
    empty.begin()
    yield empty
    empty.rollback()


def put(db: duckdb.DuckDBPyConnection, table: str, **columns: Any) -> None:
    marks = ", ".join("?" for _ in columns)
    db.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})",
        list(columns.values()),
    )


def article(
    db: duckdb.DuckDBPyConnection,
    name: str,
    *,
    verdict: str = "on",
    at: datetime | None = DAY,
    publisher: str = "Ledger",
    language: str = "en",
    source_kind: str = "feed",
) -> None:
    """An article that one topic has judged."""
    put(
        db,
        "articles",
        article_id=name,
        url=f"https://paper.example/{name}",
        title=name,
        text=name,
        published_at=at,
        publisher=publisher,
        country="KR",
        language=language,
        source_kind=source_kind,
    )
    put(
        db,
        "article_topics",
        article_id=name,
        topic_id="kim-putin-summit",
        verdict=verdict,
        score=0.9,
        rule="meet",
    )


def asked(db: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return db.execute(query).fetchall()


def test_the_timeline_counts_by_utc_day_and_language_and_leaves_off_and_undated_out(
    db: duckdb.DuckDBPyConnection,
) -> None:
    late = DAY.replace(hour=23, minute=59)
    article(db, "a", at=DAY)
    article(db, "b", at=late)
    article(db, "c", at=late, publisher="Courier", verdict="mention")
    article(db, "d", at=late + timedelta(minutes=1))
    article(db, "e", language="ko")
    article(db, "f", verdict="off")
    article(db, "g", at=None)
    first, second = DAY.date(), (DAY + timedelta(days=1)).date()
    rows = asked(
        db, "SELECT day, language, articles, mentions, publishers FROM topic_timeline ORDER BY 1, 2"
    )
    assert rows == [(first, "en", 2, 1, 1), (first, "ko", 1, 0, 1), (second, "en", 1, 0, 1)]
    # The session's zone, which an analyst may set, moves no article to another day.
    db.execute("SET TimeZone = 'Asia/Seoul'")
    assert rows == asked(
        db, "SELECT day, language, articles, mentions, publishers FROM topic_timeline ORDER BY 1, 2"
    )


def test_coverage_tells_who_wrote_how_much_in_which_languages_and_when(
    db: duckdb.DuckDBPyConnection,
) -> None:
    article(db, "a", at=DAY)
    article(db, "b", at=DAY + timedelta(hours=5), language="ko")
    article(db, "c", at=DAY - timedelta(hours=5), verdict="mention")
    article(db, "d", publisher="Courier", verdict="mention")
    article(db, "e", publisher="Nobody", verdict="off")
    assert asked(
        db,
        "SELECT publisher, articles, mentions, languages, first_at, last_at FROM coverage "
        "ORDER BY publisher",
    ) == [
        ("Courier", 0, 1, ["en"], None, None),
        ("Ledger", 2, 1, ["en", "ko"], DAY, DAY + timedelta(hours=5)),
    ]


def test_only_what_is_on_the_summit_is_in_its_view(db: duckdb.DuckDBPyConnection) -> None:
    article(db, "a")
    article(db, "b", verdict="mention")
    article(db, "c", verdict="off")
    assert asked(db, "SELECT article_id FROM summit_articles") == [("a",)]
    assert asked(db, "SELECT article_id FROM topic_articles ORDER BY 1") == [("a",), ("b",)]


def test_samples_are_shown_only_as_long_as_there_is_nothing_else(
    db: duckdb.DuckDBPyConnection,
) -> None:
    article(db, "sample", source_kind="sample")
    shown = {
        "news": "SELECT article_id FROM news",
        "summit_articles": "SELECT article_id FROM summit_articles",
        "topic_timeline": "SELECT articles FROM topic_timeline",
        "coverage": "SELECT articles FROM coverage",
    }
    assert {view: len(asked(db, query)) for view, query in shown.items()} == dict.fromkeys(shown, 1)
    article(db, "real", source_kind="backfill", verdict="off")
    assert asked(db, shown["news"]) == [("real",)]
    for view in ("summit_articles", "topic_timeline", "coverage"):
        assert asked(db, shown[view]) == [], view


def test_a_group_of_copies_names_who_was_first(db: duckdb.DuckDBPyConnection) -> None:
    article(db, "a", at=DAY + timedelta(hours=1), publisher="Courier")
    article(db, "b", at=DAY, publisher="Wire")
    article(db, "c", at=None, publisher="Courier")
    article(db, "alone")
    for name in ("a", "b", "c"):
        put(db, "article_groups", group_id="a", article_id=name, similarity=0.9)
    assert asked(
        db,
        "SELECT group_id, copies, publishers, first_publisher, first_at, title, urls "
        "FROM syndicated",
    ) == [
        (
            "a",
            3,
            2,
            "Wire",
            DAY,
            "b",
            [f"https://paper.example/{name}" for name in ("b", "a", "c")],
        )
    ]


def test_waiting_shows_the_pages_that_wait_and_why(db: duckdb.DuckDBPyConnection) -> None:
    put(db, "pages", page_id="new", state="waiting", attempts=0)
    put(db, "pages", page_id="slow", state="waiting", reason="timeout", attempts=2)
    put(db, "pages", page_id="done", state="landed")
    put(db, "pages", page_id="lost", state="failed", reason="not_found")
    assert asked(db, "SELECT page_id, reason, attempts FROM waiting ORDER BY page_id") == [
        ("new", None, 0),
        ("slow", "timeout", 2),
    ]


def test_failures_are_counted_by_stage_and_reason(db: duckdb.DuckDBPyConnection) -> None:
    for item, stage, reason in (
        ("f1", "poll", "dns"),
        ("f2", "poll", "dns"),
        ("p1", "page", "dns"),
        ("x.txt", "entry", "empty"),
    ):
        put(db, "failures", item=item, stage=stage, reason=reason, last_at=DAY)
    assert asked(
        db, "SELECT stage, reason, items, last_at FROM failures_by_reason ORDER BY 1, 2"
    ) == [("entry", "empty", 1, DAY), ("page", "dns", 1, DAY), ("poll", "dns", 2, DAY)]


@pytest.mark.parametrize(
    ("health", "columns"),
    [
        ("good", {}),
        ("never polled", {"last_polled_at": None}),
        ("failing", {"failures": 1.0}),
        ("gone", {"gone": True, "failures": 2.0}),
        ("paused", {"paused": True, "gone": True}),
        ("off the list", {"listed": False, "paused": True}),
    ],
)
def test_a_feeds_health_is_one_word(
    health: str, columns: dict[str, Any], db: duckdb.DuckDBPyConnection
) -> None:
    standing = {
        "feed_id": "f",
        "kind": "feed",
        "listed": True,
        "paused": False,
        "gone": False,
        "last_polled_at": DAY,
        "failures": 0.0,
    }
    put(db, "feeds", **{**standing, **columns})
    put(db, "feeds", **{**standing, "feed_id": "folder", "kind": "files"})
    assert asked(db, "SELECT feed_id, health, polls FROM feed_health") == [("f", health, 0)]


def test_a_feeds_polls_are_summed_up(db: duckdb.DuckDBPyConnection) -> None:
    put(db, "feeds", feed_id="f", kind="feed", listed=True, last_polled_at=DAY, failures=0.0)
    for state, new, ms in (("landed", 3, 100), ("known", 0, 200), ("failed", None, 300)):
        put(
            db,
            "polls",
            feed_id="f",
            state=state,
            new_entries=new,
            elapsed_ms=ms,
            possible_gap=state == "landed",
        )
    assert asked(
        db, "SELECT polls, failed_polls, new_entries, possible_gaps, mean_ms FROM feed_health"
    ) == [(3, 1, 3, 1, 200.0)]


def test_the_balance_adds_up_the_batches_of_a_stage(db: duckdb.DuckDBPyConnection) -> None:
    zero = dict.fromkeys(("known", "duplicate", "skipped", "rejected", "failed", "waiting"), 0)
    put(db, "run_stages", run_id="r", stage="page", taken=3, landed=3, **zero)
    put(db, "run_stages", run_id="r", stage="page", taken=2, landed=1, **{**zero, "failed": 1})
    put(db, "run_stages", run_id="r", stage="entry", taken=2, landed=1, **zero)
    assert asked(
        db, "SELECT stage, taken, landed, failed, balanced FROM run_balance ORDER BY stage"
    ) == [("entry", 2, 1, 0, False), ("page", 5, 4, 1, True)]


def page_read(
    db: duckdb.DuckDBPyConnection,
    name: str,
    at: datetime,
    *,
    state: str = "landed",
    reason: str | None = None,
    path: str = "fast",
    words: int | None = 400,
    host: str = "paper.example",
) -> None:
    """A page that was fetched and read, with its article if it gave one."""
    put(
        db,
        "pages",
        page_id=name,
        host=host,
        state="landed",
        fetched_at=at,
        article_state=state,
        article_reason=reason,
        path=path,
    )
    if state == "landed":
        put(db, "articles", article_id=name, page_id=name, word_count=words)


def days_of(db: duckdb.DuckDBPyConnection, pages: list[dict[str, Any]]) -> None:
    """Five days on which a site is read well, then two days of `pages`."""
    for day in range(5):
        for number in range(4):
            page_read(db, f"{day}-{number}", DAY + timedelta(days=day))
    for day in (5, 6):
        for number, page in enumerate(pages):
            page_read(db, f"{day}-{number}", DAY + timedelta(days=day), **page)


@pytest.mark.parametrize(
    "page",
    [
        {"state": "rejected", "reason": "too_short"},
        {"path": "slow"},
        {"words": 60},
        {"state": "failed", "reason": "crashed"},
    ],
)
def test_the_day_a_site_changed_its_layout_stands_out(
    db: duckdb.DuckDBPyConnection, page: dict[str, Any]
) -> None:
    days_of(db, [page] * 3)
    assert asked(db, "SELECT day FROM host_quality WHERE layout_changed") == [
        ((DAY + timedelta(days=5)).date(),)
    ]
    ((reason, worse),) = asked(
        db, f"SELECT usual_reason, worse FROM host_quality WHERE day = '{DAY:%Y-%m}-18'"
    )
    assert (reason, worse) == (page.get("reason"), True)


@pytest.mark.parametrize(
    "pages",
    [
        [{}] * 3,
        [{}, {}, {}, {"state": "rejected", "reason": "too_short"}],  # one odd page of four
        [{"state": "rejected", "reason": "index_page"}] * 2,  # two prove nothing
        [{"state": "skipped", "reason": "outside_window"}] * 5,  # nobody read these
    ],
)
def test_a_day_like_any_other_is_no_change_of_layout(
    db: duckdb.DuckDBPyConnection, pages: list[dict[str, Any]]
) -> None:
    days_of(db, pages)
    assert asked(db, "SELECT day FROM host_quality WHERE worse OR layout_changed") == []


def test_the_ways_that_texts_were_won_are_counted_by_host_and_day(
    db: duckdb.DuckDBPyConnection,
) -> None:
    ways = ["fast", "fast", "slow", "json-ld", "feed", "state"]
    for number, way in enumerate(ways):
        page_read(db, str(number), DAY, path=way, words=100 * (number + 1))
    page_read(db, "other", DAY, host="other.example")
    assert asked(
        db,
        "SELECT pages, articles, fast, slow, json_ld, script_data, feed, share_fast, mean_words, "
        "share_fast_before FROM host_quality WHERE host = 'paper.example'",
    ) == [(6, 6, 2, 1, 1, 1, 1, 0.333, 350, None)]


def test_the_polls_that_the_fast_reader_read_are_counted_by_feed(
    db: duckdb.DuckDBPyConnection,
) -> None:
    put(db, "feeds", feed_id="f", kind="feed", listed=True, url="https://paper.example/rss")
    for path in ("fast", "fast", "feedparser", None):
        put(db, "polls", feed_id="f", state="known" if path is None else "landed", path=path)
    assert asked(db, "SELECT polls, read_polls, fast_polls FROM feed_health") == [(4, 3, 2)]
