"""The disk refuses, or what lies in the database's place is none: one line, nothing half done.

Everything goes through the real command.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from desks import Desk

from storage.warehouse import Warehouse

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "seeds" / "articles"
COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
LOAD = ["run", "--direct", "--seeds", str(SAMPLES)]


def duckwire(
    data: Path, *words: str, before: list[str] | None = None, largest: int | None = None
) -> subprocess.CompletedProcess[str]:
    """The command; `before` is put in front of it, `largest` bounds every file it writes."""

    def bound() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return subprocess.run(
        [*(before or []), *COMMAND, *words],
        env={**os.environ, "DUCKWIRE_DATA": str(data), "DUCKWIRE_LOCK_WAIT_S": "2"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        preexec_fn=bound,
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with status 1 and one line that says these words."""
    assert done.returncode == 1, (done.returncode, done.stderr)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert all(word in lines[0] for word in words), lines[0]


def sums_hold(data: Path) -> None:
    with Warehouse(data).session() as session:
        assert session.execute("FROM orphans").fetchall() == []
        assert session.execute("FROM run_balance WHERE NOT balanced").fetchall() == []


@pytest.mark.slow
@pytest.mark.parametrize("largest", [200_000, 1_000_000, 2_000_000, 4_000_000])
def test_a_full_disk_is_said_in_one_line_and_the_next_run_does_the_rest(
    tmp_path: Path, largest: int
) -> None:
    done = duckwire(tmp_path, *LOAD, largest=largest)
    if done.returncode != 0:
        refused(done, str(tmp_path))
    assert list(tmp_path.glob(".*.part")) == []
    done = duckwire(tmp_path, *LOAD)
    assert done.returncode == 0, done.stderr
    sums_hold(tmp_path)
    with duckdb.connect(str(tmp_path / "news.duckdb"), read_only=True) as copy:
        assert copy.execute("SELECT count(*) > 0 FROM articles").fetchone() == (True,)


@pytest.mark.slow
def test_a_disk_too_full_to_publish_keeps_the_old_copy(make_desk: Callable[..., Desk]) -> None:
    desk = make_desk()
    desk.run(seeds=SAMPLES, poll=False)
    old = desk.database.read_bytes()
    done = duckwire(desk.settings.data, "maintain", "--direct", largest=len(old) // 2)
    refused(done)
    assert desk.database.read_bytes() == old
    sums_hold(desk.settings.data)


def test_a_full_disk_leaves_no_half_backup(make_desk: Callable[..., Desk], tmp_path: Path) -> None:
    desk = make_desk()
    desk.job().warehouse.migrate(NOW)
    done = duckwire(desk.settings.data, "backup", "--to", str(tmp_path / "to"), largest=100_000)
    refused(done, "could not take the backup", "nothing else was touched")
    assert list((tmp_path / "to").iterdir()) == []


@pytest.mark.parametrize("words", [LOAD, ["backup"]])
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, words: list[str]) -> None:
    if not (setpriv := shutil.which("setpriv")):
        pytest.skip("root may write anywhere, and setpriv, which takes that away, is not here")
    data = tmp_path / "data"
    data.mkdir()
    if words == ["backup"]:
        Warehouse(data).migrate(NOW)
    data.chmod(0o555)
    before = sorted(data.iterdir())
    plain = [setpriv, "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    try:
        refused(duckwire(data, *words, before=plain), str(data))
    finally:
        data.chmod(0o755)
    assert sorted(data.iterdir()) == before


def _truncated(path: Path) -> None:
    Warehouse(path.parent).migrate(NOW)
    os.truncate(path, path.stat().st_size // 3)


def _foreign(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\n" + bytes(20_000))


def _other_tables(path: Path) -> None:
    with duckdb.connect(str(path)) as theirs:
        theirs.execute("CREATE TABLE orders (id INTEGER)")


def _newer(path: Path) -> None:
    Warehouse(path.parent).migrate(NOW)
    with duckdb.connect(str(path)) as database:
        database.execute("INSERT INTO schema_migrations VALUES (9999, 'later', 'x', ?)", [NOW])


def _folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (_truncated, "restore a backup"),
        (_foreign, "not a DuckDB database"),
        (_other_tables, "other tables"),
        (_newer, "newer Duckwire"),
        (_folder, "duckwire.duckdb"),
    ],
)
@pytest.mark.parametrize("words", [LOAD, ["maintain", "--direct"]], ids=["run", "maintain"])
def test_what_is_no_database_of_ours_is_said_so_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], word: str, words: list[str]
) -> None:
    path = tmp_path / "duckwire.duckdb"
    make(path)
    before = None if path.is_dir() else path.read_bytes()
    refused(duckwire(tmp_path, *words), word)
    assert path.is_dir() if before is None else path.read_bytes() == before
    assert not (tmp_path / "news.duckdb").exists()


@pytest.mark.slow
@pytest.mark.parametrize("words", [["sql", "FROM articles"], ["status"]], ids=["sql", "status"])
def test_a_broken_published_copy_is_named_and_made_anew_by_the_next_upkeep(
    make_desk: Callable[..., Desk], words: list[str]
) -> None:
    desk = make_desk()
    desk.run(seeds=SAMPLES, poll=False)
    desk.database.chmod(0o644)
    os.truncate(desk.database, 5000)
    refused(duckwire(desk.settings.data, *words), "news.duckdb")
    assert duckwire(desk.settings.data, "maintain", "--direct").returncode == 0
    assert duckwire(desk.settings.data, *words).returncode == 0
