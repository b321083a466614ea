"""The published copy: whole, read-only, replaced under readers, deaf to who opened it wrongly."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from storage.errors import ForeignFileError, LockedError, NewerSchemaError, StorageError
from storage.migrate import migrate, pending, shipped
from storage.publish import publish
from storage.warehouse import Warehouse

NOW = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    made = Warehouse(tmp_path, lock_wait_s=0.3)
    made.migrate(NOW)
    return made


def add_run(warehouse: Warehouse, name: str) -> None:
    with warehouse.session() as session:
        session.execute("INSERT INTO runs (run_id) VALUES (?)", [name])


def runs(connection: duckdb.DuckDBPyConnection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT run_id FROM runs").fetchall()}


def test_the_copy_is_read_only_and_holds_the_last_commit(warehouse: Warehouse) -> None:
    add_run(warehouse, "one")
    done = publish(warehouse)
    assert stat.S_IMODE(done.path.stat().st_mode) == 0o444
    with duckdb.connect(str(done.path), read_only=True) as reader:
        assert runs(reader) == {"one"}


def test_a_reader_of_the_old_copy_goes_on_and_a_new_one_sees_the_new(warehouse: Warehouse) -> None:
    publish(warehouse)
    script = textwrap.dedent(
        f"""
        import duckdb, sys
        c = duckdb.connect({str(warehouse.published)!r}, read_only=True)
        print(c.execute("SELECT count(*) FROM runs").fetchone()[0], flush=True)
        sys.stdin.readline()
        print(c.execute("SELECT count(*) FROM runs").fetchone()[0], flush=True)
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout.readline() == "0\n"
        add_run(warehouse, "two")
        publish(warehouse)
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "0\n"
    with duckdb.connect(str(warehouse.published), read_only=True) as fresh:
        assert runs(fresh) == {"two"}


def test_what_somebody_wrote_into_the_copy_before_dying_never_reaches_the_next(
    warehouse: Warehouse,
) -> None:
    publish(warehouse)
    warehouse.published.chmod(0o644)
    script = textwrap.dedent(
        f"""
        import duckdb, os
        c = duckdb.connect({str(warehouse.published)!r})
        c.execute("INSERT INTO runs (run_id) VALUES ('intruder')")
        os._exit(1)
        """
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    assert warehouse.published.with_name("news.duckdb.wal").exists()
    add_run(warehouse, "three")
    publish(warehouse)
    with duckdb.connect(str(warehouse.published), read_only=True) as reader:
        assert runs(reader) == {"three"}


def test_a_locked_working_file_names_who_holds_it_and_loses_nothing(warehouse: Warehouse) -> None:
    script = textwrap.dedent(
        f"""
        import duckdb, sys
        c = duckdb.connect({str(warehouse.path)!r})
        print("held", flush=True)
        sys.stdin.readline()
        """
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockedError, match=str(holder.pid)):
            add_run(warehouse, "never")
        holder.stdin.write("\n")
    add_run(warehouse, "later")


def test_threads_of_one_process_take_turns_as_processes_do(warehouse: Warehouse) -> None:
    with (
        warehouse.session(),
        pytest.raises(LockedError, match="held by another thread of this process"),
        Warehouse(warehouse.data, lock_wait_s=0.05).session(),
    ):
        pass


def test_migrating_twice_changes_nothing(warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        assert pending(session) == []
        assert migrate(session, NOW) == []


def test_a_newer_schema_is_refused(warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        session.execute("INSERT INTO schema_migrations VALUES (9999, 'later', 'x', ?)", [NOW])
    with pytest.raises(NewerSchemaError, match="upgrade the program"):
        warehouse.migrate(NOW)


def test_an_edited_migration_is_noticed(warehouse: Warehouse) -> None:
    with warehouse.session() as session:
        session.execute("UPDATE schema_migrations SET checksum = 'other'")
    with pytest.raises(StorageError, match=shipped()[0].name):
        warehouse.migrate(NOW)


@pytest.mark.parametrize("content", [b"", b"this is no database", os.urandom(9000)])
def test_a_foreign_file_in_its_place_is_named_and_left_alone(
    tmp_path: Path, content: bytes
) -> None:
    warehouse = Warehouse(tmp_path)
    warehouse.path.write_bytes(content)
    with pytest.raises(ForeignFileError):
        warehouse.migrate(NOW)
    assert warehouse.path.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    with duckdb.connect(str(warehouse.path)) as theirs:
        theirs.execute("CREATE TABLE orders (id INTEGER)")
    with pytest.raises(ForeignFileError, match="other tables"):
        warehouse.migrate(NOW)
