"""A page that turns out to be another article: one article stays, with all that is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from arrivals import (
    NOW,
    OTHER,
    RUN,
    SITE,
    STORY,
    altered,
    article,
    entry,
    land,
    land_all,
    nothing_is_wrong,
    opened,
    page,
    poll,
)
from tables import tables_in

from extractors.records import Listing
from flows.steps.rows import article_id_of
from storage.feeds import sync_listings
from storage.landing import land_pages
from storage.rows import ArticleLanding, PageRow
from storage.warehouse import Session, Warehouse
from storage.work import mark_announced, unannounced

# A page is first known for an article of its own, later it names another address as its own.
PLACE, ADDRESS, COPY = f"{SITE}/?id=7", f"{SITE}/ferry", f"{SITE}/wire/ferry"
BEFORE, AFTER = altered(STORY, 3), STORY

Read = tuple[PageRow, ArticleLanding | None]


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    warehouse = Warehouse(tmp_path_factory.mktemp("empty"))
    warehouse.migrate(NOW)
    with warehouse.session() as session:
        listed = [Listing(name, f"{SITE}/{name}.xml") for name in ("one", "two")]
        sync_listings(session, listed, now=NOW, bounds=(900, 86400, 3600), complete=True)
    return warehouse.path


@pytest.fixture
def session(empty: Path, tmp_path: Path) -> Iterator[Session]:
    with opened(empty, tmp_path) as session:
        yield session


def made_of(place: str, lives_at: str, title: str, text: str) -> Read:
    made = article(place, lives_at, title, text)
    row = page(place, article_state="landed", article_id=made.article.article_id)
    return row, made


def first() -> Read:
    return made_of(PLACE, PLACE, "Ferry aground", BEFORE)


def then() -> Read:
    return made_of(PLACE, ADDRESS, "Ferry afloat", AFTER)


def own() -> Read:
    return made_of(ADDRESS, ADDRESS, "Ferry afloat", altered(AFTER, 390))


def listed(session: Session, *addresses: str) -> None:
    entries = [entry("one", url, url, hours) for hours, url in enumerate(addresses)]
    land_all(session, [poll("one", entries)])


def articles(session: Session) -> list[tuple[Any, ...]]:
    return session.execute("SELECT url, title FROM articles ORDER BY url").fetchall()


def versions(session: Session) -> list[tuple[Any, ...]]:
    return session.execute(
        "SELECT a.url, v.version, v.title, v.text FROM article_versions v "
        "JOIN articles a USING (article_id) ORDER BY ALL"
    ).fetchall()


def test_the_article_it_was_is_gone_with_all_that_hung_on_it(session: Session) -> None:
    listed(session, PLACE)
    land(session, [first()])
    land(session, [then()])
    assert articles(session) == [(ADDRESS, "Ferry afloat")]
    for table in ("dates", "candidates", "topics", "signatures"):
        left = f"SELECT 1 FROM article_{table} WHERE article_id = ?"
        assert session.execute(left, [article_id_of(PLACE)]).fetchall() == []
    assert session.execute("SELECT state, article_id FROM entries").fetchall() == [
        ("landed", article_id_of(ADDRESS))
    ]
    nothing_is_wrong(session)


def test_what_it_said_before_is_a_version_of_what_it_is_now(session: Session) -> None:
    listed(session, PLACE)
    land(session, [made_of(PLACE, PLACE, "Ferry late", OTHER)])
    land(session, [first()])
    land(session, [then()])
    assert versions(session) == [
        (ADDRESS, 1, "Ferry late", OTHER),
        (ADDRESS, 2, "Ferry aground", BEFORE),
    ]


def test_another_address_alone_is_no_edit(session: Session) -> None:
    listed(session, PLACE)
    land(session, [made_of(PLACE, PLACE, "Ferry", STORY)])
    land(session, [made_of(PLACE, ADDRESS, "Ferry", STORY)])
    assert articles(session) == [(ADDRESS, "Ferry")]
    assert versions(session) == []


def test_it_is_not_announced_again_and_was_first_seen_when_it_was(session: Session) -> None:
    listed(session, PLACE)
    land(session, [first()])
    (event,) = unannounced(session)
    mark_announced(session, [event], now=NOW)
    row, made = then()
    assert made
    later = NOW + timedelta(days=1)
    made = replace(made, article=replace(made.article, first_seen_at=later))
    land_pages(session, [row], [made], run_id=RUN, now=later)
    assert unannounced(session) == []
    assert session.execute("SELECT epoch(first_seen_at) FROM articles").fetchall() == [
        (NOW.timestamp(),)
    ]


def test_what_was_never_announced_still_is_once(session: Session) -> None:
    listed(session, PLACE)
    land(session, [first()])
    land(session, [then()])
    assert [event.article_id for event in unannounced(session)] == [article_id_of(ADDRESS)]


def test_near_duplicates_of_it_are_grouped_as_if_it_had_never_been(session: Session) -> None:
    listed(session, PLACE, COPY)
    land(session, [first(), made_of(COPY, COPY, "Ferry runs aground", altered(STORY, 3, 390))])
    assert len(session.execute("FROM article_groups").fetchall()) == 2
    land(session, [made_of(PLACE, ADDRESS, "Something else", OTHER)])
    assert session.execute("FROM article_groups").fetchall() == []


def test_an_article_that_another_page_still_is_stays(session: Session) -> None:
    listed(session, PLACE, COPY)
    land(session, [first(), made_of(COPY, PLACE, "Ferry aground (copy)", BEFORE)])
    land(session, [then()])
    assert [url for url, _ in articles(session)] == [PLACE, ADDRESS]
    land(session, [made_of(COPY, ADDRESS, "Ferry afloat (copy)", AFTER)])
    assert articles(session) == [(ADDRESS, "Ferry afloat")]
    assert versions(session) == [(ADDRESS, 1, "Ferry aground", BEFORE)]
    nothing_is_wrong(session)


# It is what it is now only after it was something else; its address is met at any time.
IN_BATCHES: list[list[list[Callable[[], Read]]]] = [
    [[first], [then], [own]],
    [[first], [own], [then]],
    [[own], [first], [then]],
    [[first], [own, then]],
    [[first, own], [then]],
    [[first], [then], [then, own], [own]],
]


def test_when_its_address_itself_is_met_leaves_no_trace(empty: Path, tmp_path: Path) -> None:
    seen = []
    for batches in IN_BATCHES:
        with opened(empty, tmp_path) as session:
            listed(session, PLACE, ADDRESS)
            for batch in batches:
                land(session, [read() for read in batch])
            nothing_is_wrong(session)
            seen.append(tables_in(session))
    assert (len(seen[0]["articles"]), len(seen[0]["article_versions"])) == (1, 1)
    assert seen == [seen[0]] * len(IN_BATCHES)


def test_an_article_that_nothing_names_is_told(session: Session) -> None:
    listed(session, PLACE)
    land(session, [first()])
    session.execute("UPDATE pages SET article_id = NULL")
    nothing_is_wrong(session)  # its entry stands for it
    session.execute("UPDATE entries SET article_id = NULL")
    assert session.execute("FROM orphans").fetchall() == [
        ("article without page or entry", article_id_of(PLACE))
    ]
