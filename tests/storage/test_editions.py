"""Editions of one entry out of the past: what is stored does not depend on the order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from arrivals import article, land, nothing_is_wrong, page
from tables import TABLES, tables_in

from extractors.records import Listing
from flows.steps.rows import page_id_of
from storage.backfill import Claim
from storage.feeds import sync_listings
from storage.finds import WantedPage, land_finds
from storage.rows import EntryRow
from storage.warehouse import Session, Warehouse
from storage.work import tasks_without_bytes

NOW = datetime(2023, 9, 20, tzinfo=UTC)


def sighting(title: str, **changes: Any) -> EntryRow:
    given = {
        "entry_id": "e_1",
        "feed_id": "f_1",
        "guid": "g",
        "state": "landed",
        "content_hash": f"1:{title}",
        "source_kind": "backfill",
        "first_seen_at": NOW,
        "run_id": "backfill-1",
        "link": "https://paper.example/a",
        "url": "https://paper.example/a",
        "page_id": "p_1",
        "title": title,
    }
    return EntryRow(**{**given, **changes})


DAY = timedelta(days=1)
PAIRS = {
    "modified later": (sighting("One", modified_at=NOW - DAY), sighting("Two", modified_at=NOW)),
    "modified or not": (sighting("Two"), sighting("One", modified_at=NOW)),
    "the date in other words": (
        sighting("One", published_raw="Sat, 09 Sep 2023 00:52:00 GMT"),
        sighting("One", published_raw="2023-09-09T00:52:00Z"),
    ),
    "another title": (sighting("One"), sighting("Two")),
    "one outside the window": (
        sighting("One"),
        sighting("Two", modified_at=NOW, state="skipped", reason="outside_window"),
    ),
}


def landed(data: Path, batches: list[list[EntryRow]]) -> list[tuple[Any, ...]]:
    """The entries after these batches, without when they were seen."""
    warehouse = Warehouse(data)
    warehouse.migrate(NOW)
    claim = Claim("backfill-1", (), NOW, NOW + DAY)
    wanted = [WantedPage("p_1", None)]
    with warehouse.session() as session:
        for rows in batches:
            land_finds(session, "u_1", rows, wanted, claim=claim)
        return session.execute("SELECT * EXCLUDE (changed_at) FROM entries").fetchall()


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_the_later_edition_stays_whichever_was_met_first(
    pair: tuple[EntryRow, EntryRow], tmp_path: Path
) -> None:
    one, other = pair
    stored = [
        landed(tmp_path / str(place), batches)
        for place, batches in enumerate(
            ([[one], [other]], [[other], [one]], [[one, other]], [[other, one]])
        )
    ]
    assert stored == [stored[0]] * len(stored)


def test_what_a_live_run_landed_stays_as_it_is(tmp_path: Path) -> None:
    live = sighting("One", source_kind="feed")
    assert landed(tmp_path / "a", [[live]]) == landed(
        tmp_path / "b", [[live], [sighting("Two", modified_at=NOW)]]
    )


def linked(name: str, days: int, **changes: Any) -> EntryRow:
    """An edition of the entry, with the link of that name, modified so many days ago."""
    url = f"https://paper.example/{name}"
    given = {"link": url, "url": url, "page_id": page_id_of(url), "modified_at": NOW - days * DAY}
    return sighting(f"{name} {days}", **given | changes)


OUTSIDE = {"state": "skipped", "reason": "outside_window"}
# What the windows of several backfills show of one guid: three links, one of them twice, and an
# edition that one window takes and another one leaves out.
EDITIONS = (
    linked("a", 9),
    linked("b", 7),
    linked("a", 5),
    linked("b", 2, **OUTSIDE),
    linked("c", 3, **OUTSIDE),
    linked("c", 3),
)
CLAIM = Claim("backfill-1", (), NOW, NOW + DAY)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    warehouse = Warehouse(tmp_path)
    warehouse.migrate(NOW)
    with warehouse.session() as session:
        listed = [Listing("f_1", "https://paper.example/feed")]
        sync_listings(session, listed, now=NOW, bounds=(900, 86400, 3600), complete=True)
        yield session


def found(session: Session, rows: list[EntryRow]) -> None:
    """Land these as a unit finds them."""
    wanted = [WantedPage(row.page_id or "", None) for row in rows if row.state == "landed"]
    land_finds(session, "u_1", rows, wanted, claim=CLAIM)


def read(session: Session) -> None:
    """Read the pages that wait; what their entry says goes into the articles."""
    ids = session.execute("SELECT page_id FROM pages WHERE state = 'waiting'").fetchall()
    for task in tasks_without_bytes(session, [row[0] for row in ids]):
        made = article(task.url, task.url, task.title or "", f"All of {task.title}. " * 30)
        told = {"article_state": "landed", "article_id": made.article.article_id}
        land(session, [(page(task.url, warc_file="x", warc_offset=0, **told), made)])


def emptied(session: Session) -> None:
    for table in (*TABLES, "article_signatures", "articles_to_group"):
        session.execute(f"DELETE FROM {table}")


def test_each_link_of_a_guid_stays_whatever_the_order_and_the_latest_has_the_entrys_id(
    session: Session,
) -> None:
    dice, seen = random.Random(7), []
    for _ in range(15):
        left, batches = dice.sample(EDITIONS, len(EDITIONS)), []
        while left:
            size = dice.randint(1, len(left))
            batches.append(left[:size])
            left = left[size:]
        emptied(session)
        for rows in batches:
            found(session, rows)
        seen.append(tables_in(session))
    assert seen == [seen[0]] * len(seen)
    rows = session.execute("SELECT entry_id, title, state FROM entries ORDER BY title").fetchall()
    of_a, of_b = (f"e_1_{page_id_of(f'https://paper.example/{name}')}" for name in "ab")
    assert rows == [(of_a, "a 5", "landed"), (of_b, "b 7", "landed"), ("e_1", "c 3", "landed")]
    waiting = session.execute("SELECT url FROM pages WHERE state = 'waiting' ORDER BY 1").fetchall()
    assert waiting == [(f"https://paper.example/{name}",) for name in "abc"]
    nothing_is_wrong(session)


def test_pages_of_one_guid_become_the_same_articles_day_by_day_as_in_one_go(
    session: Session,
) -> None:
    days = [linked("a", 9), linked("b", 7), linked("c", 3)]
    found(session, days)
    read(session)
    in_one_go = tables_in(session)
    assert len(in_one_go["articles"]) == len(days)
    for order in permutations(days):
        emptied(session)
        for row in order:
            found(session, [row])
            read(session)
        assert tables_in(session) == in_one_go
    nothing_is_wrong(session)


def test_finding_the_same_links_again_changes_nothing(session: Session) -> None:
    found(session, list(EDITIONS))
    read(session)
    before = tables_in(session)
    for row in EDITIONS:
        found(session, [row])
    assert tables_in(session) == before


def test_what_a_live_run_landed_keeps_its_id_beside_an_older_link(session: Session) -> None:
    found(session, [linked("live", 9, source_kind="feed")])
    found(session, [linked("old", 2)])
    rows = session.execute("SELECT entry_id = 'e_1', title FROM entries ORDER BY 1").fetchall()
    assert rows == [(False, "old 2"), (True, "live 9")]
