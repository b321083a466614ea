"""Landing batches: each function is one transaction, and counts what went in and what came out.

A landing may be repeated: rows are merged by derived ids, and what is unchanged stays untouched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

import duckdb

from extractors.records import FeedState, Stage, State
from storage.articles import land_articles
from storage.feeds import hints_text
from storage.grouping import group_left
from storage.migrate import sql_text
from storage.moves import settle_moves
from storage.pages import land_page_rows
from storage.rows import (
    ArticleLanding,
    EntryRow,
    FailureRow,
    PageRow,
    PollLanding,
    StageCount,
    TopicRow,
)
from storage.session import Session as Connection
from storage.staging import stage

Row = TypeVar("Row")

_STATES = {str(state) for state in State}


def land_polls(
    connection: Connection,
    landings: Sequence[PollLanding],
    *,
    run_id: str,
    now: datetime,
    articles: Sequence[ArticleLanding] = (),
    pages: Sequence[PageRow] = (),
    failures: Sequence[FailureRow] = (),
    stages: Sequence[Stage] = (Stage.POLL, Stage.ENTRY),
) -> list[StageCount]:
    """Land polls with their entries, and whatever articles and pages came with them (seed files).

    A feed's validators and schedule move in this transaction and nowhere else. `failures` are
    items that could not be read; each counts as one failed entry.
    """
    entries = first_of_each(
        (row for item in landings for row in item.entries), lambda row: row.entry_id
    )
    _checked([*(item.poll for item in landings), *entries, *pages])
    counts: list[StageCount] = []
    with transaction(connection):
        bind_run(connection, run_id, now)
        if Stage.POLL in stages:
            counts.append(
                counted_states(Stage.POLL, len(landings), (i.poll.state for i in landings))
            )
        counts.extend(_land_pages(connection, pages, articles, bool(articles or pages)))
        _land_entries(connection, entries)
        states = [*entry_states(connection), *[State.FAILED] * len(failures)]
        counts.append(counted_states(Stage.ENTRY, len(entries) + len(failures), states))
        stage(connection, "polls", [item.poll for item in landings])
        connection.execute("INSERT INTO polls BY NAME SELECT * FROM stage_polls")
        _move_feeds(connection, landings)
        failed = [_poll_failure(item) for item in landings if item.poll.state == State.FAILED]
        _land_failures(connection, [*failed, *failures])
        good = [item.poll.feed_id for item in landings if item.poll.state != State.FAILED]
        _clear_failures(connection, Stage.POLL, good)
        record_counts(connection, run_id, now, counts)
    return counts


def land_pages(
    connection: Connection,
    pages: Sequence[PageRow],
    articles: Sequence[ArticleLanding],
    *,
    run_id: str,
    now: datetime,
    fetched: bool = True,
    group_later: bool = False,
) -> list[StageCount]:
    """Land what became of pages, and the articles made of them.

    `pages` whose `article_state` is set were extracted; those that are not rejected have their
    article in `articles`. With `fetched` False (reprocess) nothing is counted at the page stage.
    Near-duplicates are looked for at once, or, `group_later`, when `group_waiting` is called.
    """
    rows = first_of_each(pages, lambda row: row.page_id)
    _checked(rows)
    with transaction(connection):
        bind_run(connection, run_id, now)
        counts = []
        if fetched:
            counts.append(counted_states(Stage.PAGE, len(rows), (row.state for row in rows)))
        counts.extend(_land_pages(connection, rows, articles, True, group_later=group_later))
        if fetched:
            _land_failures(connection, [f for row in rows if (f := _page_failure(row, now))])
            fine = [row.page_id for row in rows if row.state not in (State.FAILED, State.WAITING)]
            _clear_failures(connection, Stage.PAGE, fine)
        record_counts(connection, run_id, now, counts)
    return counts


def land_read_again(
    connection: Connection,
    pages: Sequence[PageRow],
    articles: Sequence[ArticleLanding],
    *,
    run_id: str,
    now: datetime,
) -> None:
    """Land pages whose articles were read again with other lines of their host left out.

    The publisher changed nothing and nothing came: no version is kept, nothing is counted.
    """
    rows = first_of_each(pages, lambda row: row.page_id)
    _checked(rows)
    with transaction(connection):
        bind_run(connection, run_id, now)
        _land_pages(connection, rows, articles, True, versions=False)


def group_waiting(connection: Connection) -> None:
    """Look for the near-duplicates of what landed with `group_later`, a bounded number at a time.

    What a crash leaves ungrouped waits for the next call.
    """
    left = True
    while left:
        with transaction(connection):
            left = group_left(connection)


def land_judgements(
    connection: Connection, rows: Sequence[TopicRow], *, run_id: str, now: datetime
) -> None:
    """Land topics' judgements of articles that are there already (a changed definition)."""
    with transaction(connection):
        bind_run(connection, run_id, now)
        stage(connection, "article_topics", rows)
        connection.execute(sql_text("landing", "topics"))


def settle_failures(connection: Connection, prefix: str, *, run_id: str) -> None:
    """Drop the failures of files below a folder that this run, which read it all, did not meet."""
    connection.execute(
        "DELETE FROM failures WHERE stage = ? AND starts_with(item, ?) AND run_id <> ?",
        [str(Stage.ENTRY), prefix, run_id],
    )


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """BEGIN and COMMIT around the block; a failing rollback never hides the error before it."""
    connection.begin()
    try:
        yield
    except BaseException:
        with suppress(duckdb.Error):
            connection.rollback()
        raise
    connection.commit()


def _land_entries(connection: Connection, entries: Sequence[EntryRow]) -> None:
    stage(connection, "entries", entries)
    connection.execute(sql_text("landing", "entries"))
    connection.execute(sql_text("landing", "sightings"))


def entry_states(connection: Connection) -> list[str]:
    """Return how the sightings of this landing ended, `known` for those that were stored."""
    found = connection.execute(
        "SELECT CASE WHEN f.fate = 'known' THEN 'known' ELSE e.state END "
        "FROM stage_entry_fate f JOIN entries e USING (entry_id)"
    ).fetchall()
    return [row[0] for row in found]


def _land_pages(
    connection: Connection,
    pages: Sequence[PageRow],
    articles: Sequence[ArticleLanding],
    any_here: bool,
    *,
    versions: bool = True,
    group_later: bool = False,
) -> list[StageCount]:
    if not any_here:
        return []
    moves = land_page_rows(connection, pages)
    fates = land_articles(connection, articles, versions=versions, later=group_later)
    if moves:
        settle_moves(connection, moves, articles)
    rejected = [row.article_state for row in pages if row.article_state in _NO_ARTICLE]
    return [counted_states(Stage.ARTICLE, len(articles) + len(rejected), [*fates, *rejected])]


_NO_ARTICLE = (State.REJECTED, State.FAILED, State.SKIPPED)


def _move_feeds(connection: Connection, landings: Sequence[PollLanding]) -> None:
    """Move schedule and validators of the feeds polled, by an update from the staged states."""
    moved = [item for item in landings if item.state_after is not None]
    stage(connection, "feeds", [_feed_row(item) for item in moved])
    columns = [item.name for item in fields(_FeedRow) if item.name not in ("feed_id", "title")]
    sets = ", ".join(f"{name} = s.{name}" for name in columns if name != "validators_off")
    connection.execute(
        f"UPDATE feeds SET title = coalesce(s.title, feeds.title), {sets}, "  # noqa: S608
        "validators_off = CASE WHEN feeds.conditional THEN s.validators_off "
        "ELSE feeds.validators_off END "
        "FROM stage_feeds s WHERE feeds.feed_id = s.feed_id"
    )


@dataclass(frozen=True, slots=True)
class _FeedRow:
    feed_id: str
    title: str | None
    url: str
    etag: str | None
    last_modified: str | None
    body_hash: str | None
    validators_off: bool
    interval_s: int
    next_poll_at: datetime | None
    last_polled_at: datetime | None
    last_ok_at: datetime | None
    last_new_at: datetime | None
    failures: float
    redirect_url: str | None
    redirect_days: int
    redirect_seen_at: datetime | None
    gone: bool
    gone_days: int
    gone_seen_at: datetime | None
    last_status: int | None
    last_reason: str | None
    last_detail: str | None
    hints: str | None
    shown: tuple[str, ...]


def _feed_row(landing: PollLanding) -> _FeedRow:
    state = landing.state_after
    assert isinstance(state, FeedState)  # noqa: S101  (the caller filtered)
    own = {f.name for f in fields(_FeedRow)} & {f.name for f in fields(FeedState)} - {"hints"}
    poll = landing.poll
    return _FeedRow(
        title=landing.title,
        last_status=poll.status,
        last_reason=poll.reason,
        last_detail=poll.detail,
        hints=hints_text(state.hints),
        **{name: getattr(state, name) for name in own},
    )


def _land_failures(connection: Connection, rows: Sequence[FailureRow]) -> None:
    if not rows:
        return
    stage(connection, "failures", first_of_each(rows, lambda row: f"{row.stage}\x1f{row.item}"))
    connection.execute(sql_text("landing", "failures"))


def _clear_failures(connection: Connection, which: Stage, items: Sequence[str]) -> None:
    """What works again is no failure any more; polls and pages keep the history."""
    if items and connection.execute("SELECT 1 FROM failures LIMIT 1").fetchone():
        connection.execute(
            "DELETE FROM failures WHERE stage = ? AND item IN (SELECT unnest(?::VARCHAR[]))",
            [str(which), list(items)],
        )


def _poll_failure(landing: PollLanding) -> FailureRow:
    poll = landing.poll
    return FailureRow(
        run_id=poll.run_id,
        stage=str(Stage.POLL),
        item=poll.feed_id,
        reason=poll.reason or "",
        detail=poll.detail or "",
        first_at=poll.polled_at,
        last_at=poll.polled_at,
    )


def _page_failure(row: PageRow, now: datetime) -> FailureRow | None:
    if row.state not in (State.FAILED, State.WAITING) or row.reason is None:
        return None
    return FailureRow(
        run_id=row.run_id,
        stage=str(Stage.PAGE),
        item=row.page_id,
        reason=row.reason,
        detail=row.detail or "",
        first_at=row.first_attempt_at or now,
        last_at=now,
        attempts=row.attempts,
    )


def counted_states(which: Stage, taken: int, states: Iterable[str | None]) -> StageCount:
    """Return how many of a stage's `taken` items ended in each state."""
    sums = Counter(str(state) for state in states)
    return StageCount(stage=str(which), taken=taken, **{s: sums.get(s, 0) for s in _STATES})


def record_counts(
    connection: Connection, run_id: str, now: datetime, counts: Sequence[StageCount]
) -> None:
    """Write what the stages of a run took, in the caller's transaction."""
    rows = [astuple(count) for count in counts if count.taken]
    if rows:
        names = ", ".join(item.name for item in fields(StageCount))
        marks = ", ".join("?" * len(rows[0]))
        values = ", ".join([f"({marks}, ?, ?::TIMESTAMPTZ)"] * len(rows))
        connection.execute(
            f"INSERT INTO run_stages ({names}, run_id, counted_at) VALUES {values}",  # noqa: S608
            [value for row in rows for value in (*row, run_id, now)],
        )


def bind_run(connection: Connection, run_id: str, now: datetime) -> None:
    """Tell the statements of a landing which run it is of, and the time (with zone)."""
    # Each checkpoint writes the last, half-filled row groups anew, texts and all; one a session,
    # when it closes, is enough. A crash then reads this much of the log again, in seconds.
    connection.execute("SET checkpoint_threshold = '512MB'")
    connection.execute("SET VARIABLE now = ?::TIMESTAMPTZ", [now])
    connection.execute("SET VARIABLE run_id = ?", [run_id])


def _checked(rows: Iterable[Any]) -> None:
    for row in rows:
        for state in (row.state, getattr(row, "article_state", None) or row.state):
            if state not in _STATES:
                raise ValueError(f"{state!r} is not one of the states of records.py")


def first_of_each(rows: Iterable[Row], key: Callable[[Row], str]) -> list[Row]:
    """The first row of each key: a batch with a key twice would settle it silently."""
    seen: dict[str, Row] = {}
    for row in rows:
        seen.setdefault(key(row), row)
    return list(seen.values())
