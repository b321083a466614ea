"""A database of every schema there ever was is brought up to date, and can go back."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from storage import migrate as migrating
from storage.backup import restore
from storage.errors import NewerSchemaError, StorageError
from storage.migrate import Migration, shipped
from storage.warehouse import Warehouse

NOW = datetime(2026, 11, 24, tzinfo=UTC)
FILES = sorted((Path(__file__).parents[1] / "data" / "schemas").glob("*.sql"))
NUMBERS = [item.number for item in shipped()]


def frozen(number: int) -> Path | None:
    """The newest file made of a schema not newer than `number`."""
    fitting = [path for path in FILES if int(path.stem) <= number]
    return fitting[-1] if fitting else None


def database_of(number: int, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Warehouse:
    """A filled database of that schema: the frozen one, brought on where it is older."""
    warehouse = Warehouse(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path = frozen(number)
    assert path is not None
    with duckdb.connect(str(warehouse.path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(path.read_text("utf-8"))
    older = [item for item in shipped() if item.number <= number]
    if int(path.stem) < number:
        with monkeypatch.context() as patch, warehouse.session() as session:
            patch.setattr(migrating, "shipped", lambda: older)
            patch.setattr(migrating, "_lay_views", lambda _: None)
            migrating.migrate(session, NOW)
        shutil.rmtree(folder / "backups", ignore_errors=True)
    return warehouse


def counts(warehouse: Warehouse) -> dict[str, int]:
    with warehouse.session() as session:
        tables = session.execute(
            "SELECT table_name FROM duckdb_tables() WHERE NOT internal"
        ).fetchall()
        rows = {
            name: session.execute(f"SELECT count(*) FROM {name}").fetchone() for (name,) in tables
        }
    return {name: row[0] for name, row in rows.items() if row and name != "schema_migrations"}


def test_every_migration_has_a_number_of_its_own() -> None:
    assert sorted(set(NUMBERS)) == NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_a_database_of_every_schema_is_brought_up_to_date_whole(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = database_of(number, tmp_path / "data", monkeypatch)
    before = counts(warehouse)
    applied = warehouse.migrate(NOW)
    assert [item.number for item in applied] == [n for n in NUMBERS if n > number]
    after = counts(warehouse)
    # A migration may put a table's rows elsewhere; what stays keeps its rows.
    kept = before.keys() & after.keys()
    assert {name: before[name] for name in kept} == {name: after[name] for name in kept}
    with warehouse.session() as session:
        assert session.execute("FROM orphans").fetchall() == []
        assert session.execute("FROM run_balance WHERE NOT balanced").fetchall() == []
        assert migrating.pending(session) == []


@pytest.mark.parametrize("number", NUMBERS)
def test_it_has_the_tables_of_one_made_today(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shape(warehouse: Warehouse) -> list[tuple[str, ...]]:
        with warehouse.session() as session:
            return session.execute(
                "SELECT table_name, column_name, data_type, comment FROM duckdb_columns() "
                "WHERE NOT internal ORDER BY ALL"
            ).fetchall()

    old = database_of(number, tmp_path / "old", monkeypatch)
    old.migrate(NOW)
    new = Warehouse(tmp_path / "new")
    new.migrate(NOW)
    assert shape(old) == shape(new)


def test_articles_that_their_pages_had_left_are_gone_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = database_of(7, tmp_path / "data", monkeypatch)
    with warehouse.session() as session:
        session.execute(
            "CREATE TEMP TABLE left_over AS SELECT * REPLACE ('article_id-' || n AS article_id) "
            "FROM articles, unnest([10, 11]) u(n) WHERE article_id = 'article_id-0'"
        )
        session.execute("INSERT INTO articles SELECT * EXCLUDE (n) FROM left_over")
        session.execute(
            "INSERT INTO article_dates SELECT * REPLACE ('article_id-10' AS article_id) "
            "FROM article_dates LIMIT 1"
        )
        session.execute(
            "DELETE FROM article_groups; INSERT INTO article_groups "
            "SELECT 'article_id-' || g, 'article_id-' || a, 0.9, 'run_id-0' "
            "FROM (VALUES (10, 10), (10, 1), (10, 2), (0, 0), (0, 11)) v(g, a)"
        )
    warehouse.migrate(NOW)
    with warehouse.session() as session:
        assert session.execute("SELECT article_id FROM articles ORDER BY 1").fetchall() == [
            (f"article_id-{number}",) for number in range(3)
        ]
        assert session.execute(
            "SELECT group_id, article_id FROM article_groups ORDER BY ALL"
        ).fetchall() == [("article_id-1", "article_id-1"), ("article_id-1", "article_id-2")]
        assert session.execute("FROM orphans").fetchall() == []


def test_a_copy_is_kept_before_the_first_change_and_can_be_restored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    warehouse = database_of(NUMBERS[0], data, monkeypatch)
    before = counts(warehouse)
    applied = warehouse.migrate(NOW)
    (kept,) = (data / "backups").iterdir()
    assert applied[0].name in kept.name
    with duckdb.connect(str(kept), read_only=True) as copy:
        log = copy.execute("SELECT number FROM schema_migrations").fetchall()
    assert log == [(NUMBERS[0],)]
    restore(warehouse, kept, archive=data / "archive", aside=tmp_path / "aside", force=True)
    # Whoever was at work then is not at work now.
    assert counts(warehouse) == {**before, "leases": 0}


def test_a_new_database_and_one_up_to_date_need_no_copy(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "data")
    warehouse.migrate(NOW)
    warehouse.migrate(NOW)
    assert not (tmp_path / "data" / "backups").exists()


def test_an_upgrade_that_fails_changes_nothing_of_its_own_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(tmp_path / "data")
    warehouse.migrate(NOW)
    bad = Migration(9000, "9000_bad", "CREATE TABLE half (a INTEGER); SELECT error('stop');")
    known = shipped()
    monkeypatch.setattr(migrating, "shipped", lambda: [*known, bad])
    with pytest.raises(duckdb.Error, match="stop"):
        warehouse.migrate(NOW)
    monkeypatch.setattr(migrating, "shipped", lambda: known)
    assert "half" not in counts(warehouse)
    assert warehouse.migrate(NOW) == []


def test_an_applied_migration_that_was_edited_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = Warehouse(tmp_path / "data")
    warehouse.migrate(NOW)
    known = shipped()
    edited = Migration(known[0].number, known[0].name, known[0].sql + "-- changed")
    monkeypatch.setattr(migrating, "shipped", lambda: [edited, *known[1:]])
    with pytest.raises(StorageError, match=known[0].name):
        warehouse.migrate(NOW)


def test_a_newer_schema_is_refused_and_no_copy_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = database_of(NUMBERS[0], tmp_path / "data", monkeypatch)
    with warehouse.session() as session:
        session.execute("INSERT INTO schema_migrations VALUES (9999, 'later', 'x', ?)", [NOW])
    with pytest.raises(NewerSchemaError, match="upgrade the program"):
        warehouse.migrate(NOW)
    assert not (tmp_path / "data" / "backups").exists()
