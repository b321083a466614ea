"""What shared warehouses do alone: several at once, an object store, a server that is lost."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import duckdb
import psycopg
import pytest
from arrivals import (
    NOW,
    SITE,
    STORY,
    altered,
    article,
    land,
    nothing_is_wrong,
    page,
)
from shared_targets import SHARED, TOKEN, Postgres, postgres_server, target_settings, targets

from flows.settings import Settings
from flows.steps.rows import article_id_of
from flows.warehouses import warehouse_of
from storage.backup import backup, restore
from storage.compaction import compact
from storage.errors import LockedError, StorageError
from storage.landing import transaction
from storage.publish import publish
from storage.targets.naming import TargetError
from storage.warehouse import Warehouse


@pytest.fixture(scope="module", params=targets(*SHARED))
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp(f"shared-{request.param}")
    with target_settings(request.param, folder) as settings:
        warehouse = warehouse_of(Settings(data=folder, lock_wait_s=0.2, **settings))
        warehouse.migrate(NOW)
        yield warehouse


def test_one_writes_at_a_time_and_the_other_is_told_who(shared: Warehouse) -> None:
    with (
        shared.session() as first,
        pytest.raises(LockedError, match=r"is being written by .*nothing is lost"),
        warehouse_like(shared).session(),
    ):
        first.execute("SELECT 1")
    with warehouse_like(shared).session() as session:
        assert session.execute("SELECT 1").fetchone() == (1,)


def test_reading_never_waits_for_a_writer(shared: Warehouse) -> None:
    with shared.session() as writing, warehouse_like(shared).reading() as reading:
        with transaction(writing):
            writing.execute("INSERT INTO leases (name) VALUES ('unseen')")
            query = "SELECT count(*) FROM leases WHERE name = 'unseen'"
            assert reading.execute(query).fetchone() == (0,)
        assert reading.execute(query).fetchone() == (1,)
        writing.execute("DELETE FROM leases")


def test_an_article_that_its_page_leaves_goes_and_its_texts_stay(shared: Warehouse) -> None:
    place, address = f"{SITE}/?id=7", f"{SITE}/in-full"
    with shared.session() as session:
        for lives_at, text in ((place, STORY), (place, altered(STORY, 1)), (address, STORY)):
            made = article(place, lives_at, "Ferry", text)
            land(session, [(page(place, article_id=made.article.article_id), made)])
        left = session.execute("SELECT article_id, text FROM articles").fetchall()
        kept = session.execute(
            "SELECT article_id, version, text FROM article_versions ORDER BY version"
        ).fetchall()
        nothing_is_wrong(session)
    now = article_id_of(address)
    assert left == [(now, STORY)]
    assert kept == [(now, 1, STORY), (now, 2, altered(STORY, 1))]


def test_what_a_shared_warehouse_cannot_do_is_said_in_one_line(
    shared: Warehouse, tmp_path: Path
) -> None:
    for ask in (
        lambda: publish(shared),
        lambda: compact(shared, share=0.2),
        lambda: backup(shared, tmp_path, name="b", now=NOW),
        lambda: restore(shared, tmp_path, archive=tmp_path, aside=tmp_path, force=False),
    ):
        with pytest.raises(TargetError) as caught:
            ask()
        assert "\n" not in str(caught.value)
        assert str(shared.target) in str(caught.value)
        assert TOKEN not in str(caught.value)


@pytest.mark.slow
def test_a_lake_keeps_its_files_in_an_object_store(tmp_path: Path) -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        store = boto3.client(
            "s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1",
            aws_access_key_id="key", aws_secret_access_key="secret word",
        )  # fmt: skip
        store.create_bucket(Bucket="lake")
        settings = {
            "warehouse": f"ducklake:sqlite:{tmp_path}/catalogue.sqlite",
            "lake_data": "s3://lake/desk",
            "s3_endpoint": f"{host}:{port}",
            "s3_region": "us-east-1",
            "s3_key": "key",
            "s3_secret": "secret word",
            "s3_ssl": False,
        }
        warehouse = warehouse_of(Settings(data=tmp_path, **settings))
        warehouse.migrate(NOW)
        urls = [f"{SITE}/{number}" for number in range(30)]
        made = [article(url, url, "Title", f"Words of {url}. " * 30) for url in urls]
        pages = [
            page(url, article_id=a.article.article_id) for url, a in zip(urls, made, strict=True)
        ]
        with warehouse.session() as session:
            land(session, list(zip(pages, made, strict=True)))
        with warehouse.reading() as session:
            assert session.execute("SELECT count(*) FROM articles").fetchone() == (30,)
        kept = store.list_objects_v2(Bucket="lake", Prefix="desk/")["Contents"]
        assert any("/articles/" in item["Key"] for item in kept)
    finally:
        server.stop()


def test_a_session_that_failed_leaves_nothing_to_the_next_one(shared: Warehouse) -> None:
    """Its connection may serve again: neither a transaction nor a temporary table may stay."""

    def fail() -> None:
        with shared.session() as session:
            session.execute("CREATE TEMP TABLE left_over AS SELECT 1 AS one")
            session.begin()
            session.execute("INSERT INTO leases (name) VALUES ('half done')")
            raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            fail()
        with shared.session() as session:
            asked = "SELECT count(*) FROM leases WHERE name = 'half done'"
            assert session.execute(asked).fetchone() == (0,)
            with pytest.raises(duckdb.Error, match="left_over"):
                session.execute("FROM left_over")


def warehouse_like(one: Warehouse) -> Warehouse:
    """Another process's view of the same warehouse: nothing of it is shared in memory."""
    return Warehouse(one.data, lock_wait_s=one.lock_wait_s, target=one.target)


def restart_when_one_waits(server: Postgres) -> None:
    asked = "FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock%'"
    deadline = time.monotonic() + 100
    with psycopg.connect(server.dsn, autocommit=True) as looking:
        while not looking.execute(f"SELECT 1 {asked}").fetchall():
            if time.monotonic() > deadline:
                return
            time.sleep(0.05)
    server.restart()


@pytest.mark.slow
@pytest.mark.postgres
def test_a_catalogue_that_is_restarted_while_one_waits_is_told_in_one_line(tmp_path: Path) -> None:
    with postgres_server() as server:
        where = {"warehouse": f"ducklake:postgres:{server.dsn}", "lake_data": str(tmp_path / "l")}
        warehouse = warehouse_of(Settings(data=tmp_path, **where))
        other = psycopg.connect(server.dsn, autocommit=True)
        other.execute("SELECT pg_advisory_lock(%s)", [0x6475636B])
        failing = Thread(target=restart_when_one_waits, args=(server,))
        failing.start()
        with pytest.raises(StorageError, match="cannot be opened"), warehouse.session():
            pass
        failing.join()
        with warehouse.session() as session:
            assert session.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.parametrize("writing", [True, False])
def test_a_catalogue_lost_in_the_middle_is_told_without_its_password(
    tmp_path: Path, writing: bool
) -> None:
    """The password is one that has to be quoted; the server lets nobody in without it."""
    with postgres_server(password=r"zebra' of\ the pond") as server:
        catalogue = rf"{server.dsn} password='zebra\' of\\ the pond'"
        where = {"warehouse": f"ducklake:postgres:{catalogue}", "lake_data": str(tmp_path / "l")}
        warehouse = warehouse_of(Settings(data=tmp_path, **where))
        warehouse.migrate(NOW)
        asked = "SELECT count(*) FROM articles"

        def lose_it() -> None:
            with warehouse.session() if writing else warehouse.reading() as connection:
                assert connection.execute(asked).fetchone() == (0,)
                server.stop()
                connection.execute(asked)

        with pytest.raises((StorageError, duckdb.Error)) as caught:
            lose_it()
    said = "".join(traceback.format_exception(caught.value))
    assert str(server.folder) in said
    assert "zebra" not in said
    assert "the pond" not in said
