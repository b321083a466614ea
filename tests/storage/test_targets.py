"""One suite for every warehouse: what lands, and what can be asked, is the same on all of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from arrivals import (
    FEEDS,
    NOW,
    RUN,
    SITE,
    STORY,
    altered,
    article,
    fetched,
    land,
    land_all,
    land_in_order,
    nothing_is_wrong,
    page,
    whole_poll,
)
from shared_targets import EVERY, target_settings, targets
from tables import tables_in

from extractors.records import Listing
from flows.settings import Settings
from flows.steps.rows import article_id_of, page_id_of
from flows.warehouses import warehouse_of
from storage.asking import Asker
from storage.errors import QueryError
from storage.feeds import due_feeds, sync_listings
from storage.forgetting import forget
from storage.host_lines import (
    count_lines,
    pages_to_read_again,
    settle,
    site_habits,
    unsettled_hosts,
)
from storage.landing import transaction
from storage.ledger import Worker, acquire, end_run, release, start_run
from storage.migrate import sql_files
from storage.publish import publish
from storage.reports import run_report, status_of
from storage.search import search
from storage.upkeep import checkpoint, findings
from storage.warehouse import Warehouse
from storage.work import due_pages, known_hashes

_VIEWS = "SELECT view_name FROM duckdb_views() WHERE NOT internal"


@dataclass(frozen=True)
class World:
    """A warehouse in which the small world of the landing tests has landed."""

    warehouse: Warehouse
    settings: dict[str, str]
    landed: dict[str, list[Any]]


def settled(folder: Path, settings: dict[str, str]) -> World:
    folder.mkdir(exist_ok=True)
    warehouse = warehouse_of(Settings(data=folder, lock_wait_s=1, **settings))
    warehouse.migrate(NOW)
    url = f"{SITE}/forgotten"
    with warehouse.session() as session:
        listed = [Listing(name, f"{SITE}/{name}.xml") for name in FEEDS]
        sync_listings(session, listed, now=NOW, bounds=(900, 86400, 3600), complete=True)
        session.execute(
            "INSERT INTO tombstones VALUES (?, NULL, ?, ?), (NULL, ?, ?, ?)",
            [page_id_of(url), url, NOW, article_id_of(url), url, NOW],
        )
        worker = Worker(RUN, "here", os.getpid())
        start_run(
            session, worker, kind="ingest", trigger="manual", parameters="{}", version="1",
            flow_run_id=None, now=NOW,
        )  # fmt: skip
        land_in_order(session)
        end_run(session, RUN, state="done", detail=None, now=NOW + timedelta(seconds=5))
        return World(warehouse, settings, tables_in(session))


@pytest.fixture(scope="module")
def on_file(tmp_path_factory: pytest.TempPathFactory) -> World:
    made = settled(tmp_path_factory.mktemp("on-file"), {})
    publish(made.warehouse)
    return made


@pytest.fixture(scope="module", params=targets(*EVERY))
def world(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp(request.param)
    with target_settings(request.param, folder) as settings:
        made = settled(folder / "data", settings)
        if made.warehouse.target is None:
            publish(made.warehouse)
        yield made


def test_the_tables_are_those_of_a_file(world: World, on_file: World) -> None:
    assert world.landed == on_file.landed


def test_every_view_and_question_answers_as_on_a_file(world: World, on_file: World) -> None:
    with Asker(world.warehouse) as here, Asker(on_file.warehouse) as there:
        views = [
            row[0]
            for row in there.ask("SELECT view_name FROM duckdb_views() WHERE NOT internal").rows
        ]
        asked = [f"FROM {view}" for view in views] + [sql for _, sql in sql_files("queries")]
        assert len(asked) > 20
        for query in asked:
            mine, theirs = here.ask(query), there.ask(query)
            assert mine.columns == theirs.columns
            assert sorted(mine.rows, key=repr) == sorted(theirs.rows, key=repr), query


def test_reports_and_searches_are_those_of_a_file(world: World, on_file: World) -> None:
    def found(warehouse: Warehouse) -> tuple[Any, ...]:
        with warehouse.reading() as session:
            return (
                run_report(session, RUN),
                status_of(session),
                search(session, "ferry"),
                search(session, "nobody's word"),
                due_pages(session, now=NOW, limit=10),
                known_hashes(session, []),
                [state.feed_id for state in due_feeds(session, now=NOW, everything=True)],
            )

    assert found(world.warehouse) == found(on_file.warehouse)


def test_everything_has_its_comment(world: World, on_file: World) -> None:
    query = (
        "SELECT table_name, comment FROM duckdb_tables() "
        "WHERE schema_name = 'main' AND database_name = current_database() ORDER BY ALL"
    )
    with world.warehouse.reading() as here, on_file.warehouse.reading() as there:
        assert here.execute(query).fetchall() == there.execute(query).fetchall()


def test_nothing_can_be_changed_by_asking(world: World) -> None:
    with Asker(world.warehouse) as asker:
        for query in ("DELETE FROM articles", "DROP TABLE articles", "CREATE TABLE mine (i INT)"):
            with pytest.raises(QueryError):
                asker.ask(query)
        assert asker.ask("SELECT count(*) > 3 FROM articles").rows == [(True,)]


def test_migrating_again_changes_nothing(world: World) -> None:
    assert world.warehouse.migrate(NOW) == []
    assert world.warehouse.ready()


def test_the_same_batches_twice_change_nothing(world: World) -> None:
    with world.warehouse.session() as session:
        before = tables_in(session)
        for feed in FEEDS:
            land_all(session, [whole_poll(feed)])
        counts = land(session, [fetched(f"{SITE}/regatta"), fetched(f"{SITE}/list")])
        assert tables_in(session) == before
        nothing_is_wrong(session)
    (articles,) = [count for count in counts if count.stage == "article"]
    assert (articles.taken, articles.known, articles.rejected) == (2, 1, 1)


def test_an_edited_article_keeps_what_it_said_before(world: World) -> None:
    url = f"{SITE}/edited"
    with world.warehouse.session() as session:
        for title, text in (("First", STORY), ("Second", altered(STORY, 7))):
            made = article(url, url, title, text)
            land(session, [(page(url, article_id=made.article.article_id), made)])
        assert session.execute(
            "SELECT title, text FROM article_versions WHERE article_id = ?", [article_id_of(url)]
        ).fetchall() == [("First", STORY)]
        grouped = session.execute(
            "SELECT count(*) FROM article_groups WHERE article_id = ?", [article_id_of(url)]
        )
        assert grouped.fetchone() == (1,)


def test_what_a_hosts_pages_have_in_common_is_found(world: World) -> None:
    host, hashes = "lines.example", {1: "The paper's own words", 2: "Told twice"}
    with world.warehouse.session() as session:
        for number, lines in enumerate([(1, 2, 13), (1, 2, 14), (15, 1), (16,)]):
            url = f"https://{host}/{number}"
            made = article(url, url, f"Story {number}", f"{number}th tale told once " * 40)
            assert made.signature
            seen = replace(made.signature, lines=lines, shown_clock=120)
            made = replace(made, signature=seen)
            land(session, [(page(url, article_id=made.article.article_id, host=host), made)])
        assert unsettled_hosts(session) == [host]
        count_lines(session, [host], run_id=RUN, named=lambda _: hashes)
        habits = site_habits(session)[host]
        assert habits.lines == {1}
        assert list(habits.clocks.values()) == [120]
        said = session.execute("SELECT text, stories, of_stories FROM host_lines").fetchall()
        assert said == [("The paper's own words", 3, 4)]
        # Nothing is archived here, so nothing can be read again.
        found, after = pages_to_read_again(session, [host], after="", limit=10)
        assert found == []
        assert pages_to_read_again(session, [host], after=after or "", limit=10) == ([], None)
        settle(session, [host])
        assert unsettled_hosts(session) == []


def test_text_of_every_kind_comes_back_as_it_was(world: World) -> None:
    url = f"{SITE}/odd"
    text = 'it\'s "quoted"; -- no comment\\n\n\t$1 ? $name 김정은 🦆 \x00 \x1f end' + STORY
    with world.warehouse.session() as session:
        made = article(url, url, "O'Title; DROP TABLE articles", text)
        land(session, [(page(url, article_id=made.article.article_id), made)])
        assert session.execute(
            "SELECT title, text FROM articles WHERE url = ?", [url]
        ).fetchall() == [("O'Title; DROP TABLE articles", text)]


def test_what_is_forgotten_is_gone(world: World, tmp_path: Path) -> None:
    url = f"{SITE}/to-forget"
    with world.warehouse.session() as session:
        made = article(url, url, "Soon gone", "Words to forget. " * 50)
        land(session, [(page(url, article_id=made.article.article_id), made)])
        gone = forget(
            session, tmp_path, url=url, page_id=page_id_of(url), article_id=article_id_of(url),
            now=NOW,
        )  # fmt: skip
        assert (gone.articles, gone.pages) == (1, 1)
        land(session, [(page(url, article_id=made.article.article_id), made)])
        assert session.execute("SELECT 1 FROM articles WHERE url = ?", [url]).fetchall() == []


def test_a_transaction_that_breaks_leaves_nothing(world: World) -> None:
    def half() -> None:
        with world.warehouse.session() as session, transaction(session):
            session.execute("INSERT INTO leases (name) VALUES ('half')")
            session.execute("SELECT no_such_function()")

    with pytest.raises(duckdb.Error, match="no_such_function"):
        half()
    with world.warehouse.session() as session:
        assert session.execute("SELECT 1 FROM leases WHERE name = 'half'").fetchall() == []


def test_a_lease_has_one_holder(world: World) -> None:
    mine, other = Worker("mine", "here", 1), Worker("other", "there", 2)
    keep = timedelta(minutes=5)
    with world.warehouse.session() as session:
        assert acquire(session, "pipeline", mine, now=NOW, keep=keep) is None
        holder = acquire(session, "pipeline", other, now=NOW, keep=keep)
        assert holder is not None
        assert (holder.run_id, holder.host, holder.expires_at) == ("mine", "here", NOW + keep)
        assert acquire(session, "pipeline", other, now=NOW + keep, keep=keep) is None
        release(session, "pipeline", "other")


def test_upkeep_finds_nothing_wrong(world: World) -> None:
    with world.warehouse.session() as session:
        assert findings(session) == []
        checkpoint(session)
