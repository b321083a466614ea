"""Backups: whole, verified, made while a desk is at work; a restore loses nothing there was."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from desks import Desk
from tables import assert_same_tables

from storage.archive import read_record
from storage.backup import backup
from storage.warehouse import Warehouse

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "seeds" / "articles"


def duckwire(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The real command, on a data directory."""
    return subprocess.run(
        [sys.executable, "-c", "from flows.cli import main; main()", *words],
        env={**os.environ, "DUCKWIRE_DATA": str(data), "DUCKWIRE_LOCK_WAIT_S": "2"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


@pytest.fixture
def filled(make_desk: Callable[..., Desk]) -> Desk:
    """A desk with the sample files landed."""
    desk = make_desk()
    desk.run(seeds=SAMPLES, poll=False)
    return desk


def made(desk: Desk) -> Path:
    """Back the desk up; the backup's folder."""
    job = desk.job("backup")
    to = desk.settings.data / "backups"
    return backup(job.warehouse, to, name="one", now=NOW, archive=desk.settings.archive_root).folder


def test_a_restored_desk_has_the_tables_and_the_bytes_of_the_one_backed_up(
    filled: Desk, tmp_path: Path
) -> None:
    done = duckwire(filled.settings.data, "backup", "--archive", "--to", str(tmp_path / "safe"))
    assert done.returncode == 0, done.stderr
    (folder,) = (tmp_path / "safe").iterdir()
    done = duckwire(tmp_path / "other", "restore", str(folder))
    assert done.returncode == 0, done.stderr
    assert_same_tables(filled.database, tmp_path / "other" / "news.duckdb")
    theirs = filled.settings.archive_root
    ours = tmp_path / "other" / "archive"
    for segment in theirs.rglob("*.warc.gz"):
        assert (ours / segment.relative_to(theirs)).read_bytes() == segment.read_bytes()


def test_a_living_desk_is_not_overwritten(filled: Desk) -> None:
    folder = made(filled)
    before = (filled.settings.data / "duckwire.duckdb").read_bytes()
    done = duckwire(filled.settings.data, "restore", str(folder))
    assert done.returncode == 1
    assert "--force" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert (filled.settings.data / "duckwire.duckdb").read_bytes() == before


def test_what_was_there_is_kept_when_a_restore_is_forced(filled: Desk) -> None:
    folder = made(filled)
    with filled.job().warehouse.session() as session:
        session.execute("INSERT INTO runs (run_id) VALUES ('later')")
    done = duckwire(filled.settings.data, "restore", "--force", str(folder))
    assert done.returncode == 0, done.stderr
    assert filled.ask("SELECT count(*) FROM runs WHERE run_id = 'later'") == [(0,)]
    (kept,) = (filled.settings.data / "backups").glob("replaced-*/duckwire.duckdb")
    assert str(kept) in done.stdout
    with duckdb.connect(str(kept), read_only=True) as old:
        assert old.execute("SELECT count(*) FROM runs WHERE run_id = 'later'").fetchone() == (1,)


def test_a_backup_that_was_damaged_is_refused_and_nothing_touched(filled: Desk) -> None:
    folder = made(filled)
    with (folder / "duckwire.duckdb").open("r+b") as copy:
        copy.seek(100_000)
        copy.write(b"\xff\x00\xff")
    before = (filled.settings.data / "duckwire.duckdb").read_bytes()
    done = duckwire(filled.settings.data, "restore", "--force", str(folder))
    assert done.returncode == 1
    assert "differs from its digest" in done.stderr
    assert (filled.settings.data / "duckwire.duckdb").read_bytes() == before


def test_a_folder_that_is_no_backup_is_refused(filled: Desk, tmp_path: Path) -> None:
    done = duckwire(filled.settings.data, "restore", "--force", str(tmp_path))
    assert done.returncode == 1
    assert "is no backup" in done.stderr


def test_a_desk_at_work_is_not_replaced(filled: Desk) -> None:
    folder = made(filled)
    with filled.job().warehouse.session() as session:
        session.execute(
            "INSERT INTO leases VALUES ('pipeline', 'ingest-1', 'there', 1, now(), "
            "now() + INTERVAL 5 MINUTE)"
        )
    done = duckwire(filled.settings.data, "restore", "--force", str(folder))
    assert done.returncode == 1
    assert "ingest-1" in done.stderr


def test_a_backup_made_while_rows_land_holds_whole_transactions(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "data")
    warehouse.migrate(NOW)
    stop = threading.Event()

    def at_work() -> None:
        number = 0
        while not stop.is_set():
            with warehouse.session() as session:
                session.begin()
                for part in ("first", "second"):
                    session.execute("INSERT INTO runs (run_id) VALUES (?)", [f"{number}-{part}"])
                session.commit()
            number += 1

    worker = threading.Thread(target=at_work)
    worker.start()
    try:
        for number in range(4):
            time.sleep(0.1)
            done = backup(warehouse, tmp_path / "backups", name=str(number), now=NOW)
            with duckdb.connect(str(done.folder / "duckwire.duckdb"), read_only=True) as copy:
                rows = copy.execute("SELECT count(*) FROM runs").fetchone()
            assert rows is not None
            assert rows[0] % 2 == 0
    finally:
        stop.set()
        worker.join()


def test_the_archive_comes_along_with_readable_records(filled: Desk, tmp_path: Path) -> None:
    from extractors.records import WarcPosition

    folder = made(filled)
    rows = filled.ask(
        "SELECT warc_file, warc_offset, warc_digest FROM polls WHERE warc_file IS NOT NULL "
        "UNION ALL SELECT warc_file, warc_offset, warc_digest FROM pages "
        "WHERE warc_file IS NOT NULL"
    )
    assert rows
    for file, offset, digest in rows:
        assert read_record(folder / "archive", WarcPosition(file, offset, digest)).body
