"""Landing: whatever the order and the cut of the batches, the tables come out the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from arrivals import (
    FEEDS,
    NOW,
    OTHER,
    RUN,
    SITE,
    STORY,
    altered,
    article,
    entry,
    fetched,
    land,
    land_all,
    land_in_order,
    nothing_is_wrong,
    opened,
    page,
    poll,
    waiting,
    whole_poll,
)
from tables import tables_in, tables_of

from extractors.records import Listing, State
from flows.steps.rows import article_id_of, page_id_of
from storage.feeds import sync_listings
from storage.landing import group_waiting, settle_failures
from storage.rows import (
    FailureRow,
    PageRow,
)
from storage.warehouse import Session, Warehouse


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse that knows three feeds, and of one article that it is forgotten."""
    warehouse = Warehouse(tmp_path_factory.mktemp("empty"))
    warehouse.migrate(NOW)
    with warehouse.session() as session:
        listed = [Listing(name, f"{SITE}/{name}.xml") for name in FEEDS]
        sync_listings(session, listed, now=NOW, bounds=(900, 86400, 3600), complete=True)
        url = f"{SITE}/forgotten"
        session.execute(
            "INSERT INTO tombstones VALUES (?, NULL, ?, ?), (NULL, ?, ?, ?)",
            [page_id_of(url), url, NOW, article_id_of(url), url, NOW],
        )
    return warehouse.path


@pytest.fixture
def session(empty: Path, tmp_path: Path) -> Iterator[Session]:
    with opened(empty, tmp_path) as session:
        yield session


@pytest.fixture(scope="module")
def settled(empty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The warehouse when everything has arrived one after the other."""
    folder = tmp_path_factory.mktemp("in-order")
    with opened(empty, folder) as session:
        land_in_order(session)
    return Warehouse(folder).path


@pytest.fixture
def full(settled: Path, tmp_path: Path) -> Iterator[Session]:
    with opened(settled, tmp_path) as session:
        yield session


@pytest.fixture(scope="module")
def in_order(settled: Path) -> dict[str, list[Any]]:
    """The tables when everything has arrived one after the other."""
    return tables_of(settled)


@pytest.mark.parametrize("seed", range(5))
def test_order_of_arrival_and_cut_of_batches_leave_no_trace(
    seed: int, empty: Path, tmp_path: Path, in_order: dict[str, list[Any]]
) -> None:
    dice = random.Random(seed)
    with opened(empty, tmp_path) as session:
        left = dice.sample(list(FEEDS), len(FEEDS))
        while left or waiting(session):
            now, left = left[: (cut := dice.randint(0, len(left)))], left[cut:]
            polls = [whole_poll(feed) for feed in now]
            for _ in range(dice.choice((1, 1, 2))):  # sometimes a batch comes twice
                land_all(session, polls)
            due = waiting(session)
            some = [fetched(url) for url in dice.sample(due, dice.randint(0, len(due)))]
            for _ in range(dice.choice((1, 1, 2))):
                land(session, some, group_later=dice.random() < 0.5)
        group_waiting(session)
        nothing_is_wrong(session)
        assert tables_in(session) == in_order


def test_of_several_sightings_of_one_article_the_earliest_landed(full: Session) -> None:
    bridge = article_id_of(f"{SITE}/bridge")
    assert full.execute(
        "SELECT guid, state FROM entries WHERE article_id = ? ORDER BY guid", [bridge]
    ).fetchall() == [
        ("1", "duplicate"),
        ("1-again", "duplicate"),
        ("a", "landed"),
        ("x", "duplicate"),
    ]


def test_the_better_of_two_places_gives_the_article(full: Session) -> None:
    assert full.execute(
        "SELECT title, page_id FROM articles WHERE url = ?", [f"{SITE}/bridge"]
    ).fetchall() == [("Bridge to be mended", page_id_of(f"{SITE}/bridge"))]


def test_near_duplicates_are_one_group_and_a_replaced_text_is_in_none(full: Session) -> None:
    rows = full.execute(
        "SELECT a.url FROM article_groups JOIN articles a USING (article_id) "
        "WHERE group_id = (SELECT any_value(group_id) FROM article_groups) ORDER BY 1"
    ).fetchall()
    assert [row[0] for row in rows] == [
        f"{SITE}/ferry",
        f"{SITE}/late/ferry",
        f"{SITE}/wire/ferry",
    ]
    assert full.execute("SELECT count(*) FROM article_groups").fetchone() == (3,)


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (4, 3, 2, 1, 0), (2, 4, 0, 3, 1)])
def test_a_wire_story_in_five_papers_is_one_group_of_five(
    session: Session, order: tuple[int, ...]
) -> None:
    papers = [f"https://paper{number}.example/ferry" for number in range(5)]
    for number in order:
        made = article(papers[number], papers[number], "Ferry", altered(STORY, 7 * number + 3))
        land(session, [(page(papers[number], article_id=made.article.article_id), made)])
    assert session.execute(
        "SELECT count(DISTINCT group_id), count(*), min(group_id) FROM article_groups"
    ).fetchone() == (1, 5, min(article_id_of(url) for url in papers))


def test_a_text_replaced_before_its_group_is_looked_for_leaves_it(session: Session) -> None:
    urls = [f"{SITE}/ferry", f"{SITE}/wire/ferry"]
    for url, text in ((urls[0], STORY), (urls[1], altered(STORY, 3)), (urls[1], OTHER)):
        made = article(url, url, "Ferry", text)
        row = page(url, article_id=made.article.article_id)
        land(session, [(row, made)], group_later=text is OTHER)
    assert session.execute("SELECT count(*) FROM article_groups").fetchone() == (2,)
    group_waiting(session)
    assert session.execute("FROM article_groups").fetchall() == []


def test_nothing_of_what_is_forgotten_lands(full: Session) -> None:
    forgotten = [f"{SITE}/forgotten", f"{SITE}/m/forgotten"]
    assert full.execute(
        "SELECT state, reason, title, summary, content, page_id, article_id FROM entries "
        "WHERE url = ?",
        forgotten[:1],
    ).fetchall() == [("skipped", "forgotten", None, None, None, None, None)]
    # Its copy elsewhere is known for one only when it was fetched.
    assert full.execute(
        "SELECT article_id, article_state, article_reason, warc_file FROM pages WHERE url = ?",
        forgotten[1:],
    ).fetchall() == [(None, "skipped", "forgotten", None)]
    assert full.execute("SELECT 1 FROM articles WHERE text LIKE '%secret%'").fetchall() == []


def test_what_a_forgotten_entry_says_later_is_not_kept_either(full: Session) -> None:
    url = f"{SITE}/forgotten"
    again = entry("one", "4", url, 1, title="Who did it", content="All of it", content_hash="new")
    land_all(full, [poll("one", [again])])
    assert full.execute(
        "SELECT state, title, summary, content, authors FROM entries WHERE url = ?", [url]
    ).fetchall() == [("skipped", None, None, None, None)]


def test_the_same_batch_twice_changes_nothing_and_counts_as_known(session: Session) -> None:
    bridge, regatta = f"{SITE}/bridge", f"{SITE}/regatta"
    polled = [whole_poll("one"), whole_poll("three")]
    land_all(session, polled)
    land(session, [fetched(bridge), fetched(regatta)])
    before = tables_in(session)
    counts = [*land_all(session, polled), *land(session, [fetched(bridge), fetched(regatta)])]
    assert tables_in(session) == before
    by_stage = {count.stage: count for count in counts}
    assert (by_stage["entry"].taken, by_stage["entry"].known) == (8, 8)
    assert (by_stage["article"].taken, by_stage["article"].known) == (2, 2)


def test_an_edited_article_keeps_what_it_said_before(session: Session) -> None:
    url = f"{SITE}/bridge"
    titles = ("First", "Second", "Second")
    texts = (STORY, STORY, altered(STORY, 5))
    for title, text in zip(titles, texts, strict=True):
        made = article(url, url, title, text)
        land(session, [(page(url, article_id=made.article.article_id), made)])
    assert session.execute(
        "SELECT version, title, text FROM article_versions ORDER BY version"
    ).fetchall() == [(1, "First", STORY), (2, "Second", STORY)]
    assert session.execute("SELECT title, text FROM articles").fetchall() == [
        ("Second", altered(STORY, 5))
    ]
    assert session.execute("SELECT DISTINCT text_hash FROM article_signatures").fetchall() == (
        session.execute("SELECT text_hash FROM articles").fetchall()
    )


def test_another_extractor_version_or_a_better_place_is_no_edit(session: Session) -> None:
    url, copy = f"{SITE}/bridge", f"{SITE}/amp/bridge"
    for place, title, version in ((copy, "Copy", "1"), (url, "Bridge", "1"), (url, "Bridge", "2")):
        made = article(place, url, title, STORY, version=version)
        land(session, [(page(place, article_id=made.article.article_id), made)])
    assert session.execute("FROM article_versions").fetchall() == []
    assert session.execute("SELECT title, extractor_version FROM articles").fetchall() == [
        ("Bridge", "2")
    ]


def test_an_entry_that_moves_to_another_link_leaves_the_others_as_if_it_had_never_been(
    session: Session,
) -> None:
    land_all(session, [whole_poll("two")])  # its sighting of the bridge is the earliest
    land_all(session, [whole_poll("one")])
    land(session, [fetched(f"{SITE}/bridge")])
    moved = entry("two", "a", f"{SITE}/regatta", 0, content_hash="moved")
    land_all(session, [poll("two", [moved])])
    assert session.execute(
        "SELECT guid, state FROM entries WHERE page_id = ? ORDER BY guid",
        [page_id_of(f"{SITE}/bridge")],
    ).fetchall() == [("1", "duplicate"), ("1-again", "landed")]
    assert session.execute("SELECT state, article_id FROM entries WHERE guid = 'a'").fetchall() == [
        ("landed", None)
    ]


def test_a_page_that_turns_out_to_be_another_article_takes_its_entries_along(
    session: Session,
) -> None:
    land_all(session, [whole_poll("two"), whole_poll("three")])
    land(session, [fetched(f"{SITE}/bridge"), fetched(f"{SITE}/amp/bridge")])
    other = article(f"{SITE}/bridge", f"{SITE}/new-bridge", "Another bridge", OTHER)
    land(session, [(page(f"{SITE}/bridge", article_id=other.article.article_id), other)])
    rows = session.execute(
        "SELECT guid, state, article_id FROM entries WHERE guid IN ('a', 'x') ORDER BY guid"
    ).fetchall()
    assert rows == [
        ("a", "landed", other.article.article_id),
        ("x", "landed", article_id_of(f"{SITE}/bridge")),
    ]
    land(session, [(page(f"{SITE}/amp/bridge", article_id=other.article.article_id), other)])
    assert session.execute("SELECT article_id FROM articles").fetchall() == [
        (other.article.article_id,)
    ]
    assert session.execute(
        "SELECT guid, state FROM entries WHERE article_id = ? ORDER BY guid",
        [other.article.article_id],
    ).fetchall() == [("a", "landed"), ("x", "duplicate")]
    nothing_is_wrong(session)


@pytest.mark.parametrize(
    "row",
    [
        page(f"{SITE}/x", state="done"),
        page(f"{SITE}/x", article_state="fine"),
        page(f"{SITE}/x", state=""),
    ],
)
def test_a_state_that_is_not_on_the_list_is_refused_and_nothing_lands(
    row: PageRow, session: Session
) -> None:
    with pytest.raises(ValueError, match="not one of the states"):
        land(session, [fetched(f"{SITE}/regatta"), (row, None)])
    assert session.execute("FROM pages").fetchall() == []


def test_a_batch_that_breaks_half_way_leaves_nothing(session: Session) -> None:
    row = page(f"{SITE}/bridge", article_id="a", fetched_at="no time")
    with pytest.raises(Exception):  # noqa: B017, PT011  (whatever Arrow makes of it)
        land_all(session, [whole_poll("one")], pages=[row])
    assert tables_in(session)["entries"] == []
    assert session.execute("FROM polls").fetchall() == []
    land_all(session, [whole_poll("one")])
    assert len(tables_in(session)["entries"]) == 5


def test_failures_are_counted_up_and_gone_once_it_works(session: Session) -> None:
    url = f"{SITE}/lost"
    failed = poll("one", state="failed", reason="timeout", detail="30 s")
    for attempt in (1, 2):
        land_all(session, [failed])
        land(session, [(page(url, state="waiting", reason="dns", attempts=attempt), None)])
    rows = session.execute(
        "SELECT stage, item, reason, attempts FROM failures ORDER BY stage"
    ).fetchall()
    assert rows == [("page", page_id_of(url), "dns", 2), ("poll", "one", "timeout", 2)]
    land_all(session, [poll("one")])
    land(session, [(page(url), None)])
    assert session.execute("FROM failures").fetchall() == []


def test_a_file_that_could_not_be_read_is_a_failed_entry_until_a_run_does_not_meet_it(
    session: Session,
) -> None:
    failure = FailureRow(RUN, "entry", "files:x/bad.txt", "empty", "", NOW, NOW)
    (_, count) = land_all(session, [poll("one")], failures=[failure])
    assert (count.stage, count.taken, count.failed) == ("entry", 1, 1)
    settle_failures(session, "files:x/", run_id=RUN)
    assert session.execute("SELECT item FROM failures").fetchall() == [("files:x/bad.txt",)]
    settle_failures(session, "files:y/", run_id="run-2")
    settle_failures(session, "files:x/", run_id="run-2")
    assert session.execute("FROM failures").fetchall() == []


def test_the_sums_of_every_stage_hold_and_say_how_it_ended(full: Session) -> None:
    rows = full.execute(
        "SELECT stage, taken, landed, known, duplicate, skipped, rejected, failed, waiting "
        "FROM run_balance ORDER BY stage"
    ).fetchall()
    assert rows == [
        # The copy of the bridge came first, then the bridge itself, as a better place for it.
        ("article", 8, 6, 0, 0, 1, 1, 0, 0),
        ("entry", 12, 10, 0, 1, 1, 0, 0, 0),
        ("page", 9, 8, 0, 0, 0, 0, 1, 0),
        ("poll", 3, 3, 0, 0, 0, 0, 0, 0),
    ]
    assert {str(state) for state in State} == {
        "landed",
        "known",
        "duplicate",
        "skipped",
        "rejected",
        "failed",
        "waiting",
    }
    nothing_is_wrong(full)
