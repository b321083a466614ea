"""Opening the working file: whatever comes in between, it is not left open."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from storage import opening
from storage.errors import LockedError
from storage.opening import open_for_writing, writing

ROOT = Path(__file__).parents[2]


class Interrupted:
    """A connection during whose last setting somebody presses Ctrl-C."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def execute(self, query: str) -> Any:
        if "TimeZone" in query:
            raise KeyboardInterrupt
        return self.connection.execute(query)

    def close(self) -> None:
        self.connection.close()


def test_an_interrupt_while_it_opens_leaves_it_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.duckdb"
    connect = duckdb.connect
    with monkeypatch.context() as patched:
        patched.setattr(duckdb, "connect", lambda *given: Interrupted(connect(*given)))
        with pytest.raises(KeyboardInterrupt) as held:  # its frames hold the connection
            open_for_writing(path, wait_s=0)
    open_for_writing(path, wait_s=0).close()
    del held


ELSEWHERE = """
import sys
from pathlib import Path
from storage.opening import open_for_writing
with open_for_writing(Path(sys.argv[1]), wait_s=0) as connection:
    connection.execute(sys.argv[2])
"""


def elsewhere(path: Path, query: str) -> None:
    """Run a statement on the file in another process, which finds it free or fails."""
    subprocess.run([sys.executable, "-c", ELSEWHERE, str(path), query], check=True, cwd=ROOT)


def test_between_two_sessions_the_file_is_free_for_others_and_what_they_wrote_is_seen(
    tmp_path: Path,
) -> None:
    path = tmp_path / "w.duckdb"
    with writing(path, wait_s=0) as session:
        session.execute("CREATE TABLE t AS SELECT 1 AS n")
    assert not path.with_name("w.duckdb.wal").exists()
    elsewhere(path, "INSERT INTO t VALUES (2)")
    with writing(path, wait_s=0) as session:
        assert session.execute("SELECT sum(n) FROM t").fetchone() == (3,)


@pytest.mark.parametrize(
    ("name", "value"),
    [("threads", "1"), ("memory_limit", "'200MB'"), ("checkpoint_threshold", "'512MB'")],
)
def test_a_session_finds_no_setting_of_the_one_before_it(
    name: str, value: str, tmp_path: Path
) -> None:
    asked = f"SELECT current_setting('{name}')"
    path = tmp_path / "w.duckdb"
    with writing(path, wait_s=0) as session:
        first = session.execute(asked).fetchone()
        session.execute(f"SET {name} = {value}")
        assert session.execute(asked).fetchone() != first
    with writing(path, wait_s=0) as session:
        assert session.execute(asked).fetchone() == first


def test_a_session_finds_no_temporary_table_of_the_one_before_it(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with writing(path, wait_s=0) as session:
        session.execute("CREATE TEMP TABLE staged (n INTEGER)")
    with writing(path, wait_s=0) as session, pytest.raises(duckdb.CatalogException):
        session.execute("SELECT * FROM staged")


class InterruptedList(list[Any]):
    """A list that takes something in just as somebody presses Ctrl-C."""

    def append(self, item: Any) -> None:
        super().append(item)
        raise KeyboardInterrupt


def test_an_interrupt_while_an_engine_is_put_away_leaves_the_next_session_a_good_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.duckdb"
    monkeypatch.setattr(opening, "_idle", InterruptedList())
    with pytest.raises(KeyboardInterrupt), writing(path, wait_s=0) as session:
        session.execute("CREATE TABLE t AS SELECT 1 AS n")
    monkeypatch.setattr(opening, "_idle", list(opening._idle))
    with writing(path, wait_s=0) as session:
        assert session.execute("FROM t").fetchall() == [(1,)]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many engines were started, from none on, while the clock stands still."""
    count = 0
    connect = duckdb.connect

    def counting(*given: Any) -> duckdb.DuckDBPyConnection:
        nonlocal count
        count += 1
        return connect(*given)

    monkeypatch.setattr(opening, "_idle", [])
    monkeypatch.setattr(opening, "time", SimpleNamespace(monotonic=lambda: 0.0, sleep=time.sleep))
    monkeypatch.setattr(duckdb, "connect", counting)
    return lambda: count


def test_a_brief_session_leaves_its_engine_to_the_next_however_long_it_waited(
    tmp_path: Path, started: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.duckdb"
    now = 0.0
    holding = open_for_writing(path, wait_s=0)

    def sleep(_: float) -> None:
        nonlocal now
        now += 60
        holding.close()

    monkeypatch.setattr(opening, "time", SimpleNamespace(monotonic=lambda: now, sleep=sleep))
    with writing(path, wait_s=90):
        assert now == 60
    before = started()
    with writing(path, wait_s=0):
        assert started() == before


def test_a_longer_session_gives_back_the_memory_of_its_engine(
    tmp_path: Path, started: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.duckdb"
    with writing(path, wait_s=0):
        monkeypatch.setattr(opening.time, "monotonic", lambda: 2.0)
    before = started()
    with writing(path, wait_s=0):
        assert started() == before + 1


# More than fits.
SPILLING = (
    "SET memory_limit = '20MB'",
    "SET threads = 1",
    "CREATE TEMP TABLE big AS SELECT md5(range::VARCHAR) AS digest FROM range(600_000)",
)
KILLED = """
import os, sys
from pathlib import Path
from storage.opening import open_for_writing
connection = open_for_writing(Path(sys.argv[1]), wait_s=0)
for statement in sys.argv[2:]:
    connection.execute(statement)
os._exit(0)
"""


def killed(path: Path, *statements: str) -> None:
    """A process that ends after these statements without closing anything."""
    subprocess.run([sys.executable, "-c", KILLED, str(path), *statements], check=True, cwd=ROOT)


def spilled(path: Path) -> list[Path]:
    return list(path.with_name(f"{path.name}.tmp").iterdir())


def test_what_a_killed_process_had_spilled_is_removed_by_the_next(
    tmp_path: Path, started: Callable[[], int]
) -> None:
    path = tmp_path / "w.duckdb"
    killed(path, *SPILLING)
    assert spilled(path)
    with writing(path, wait_s=0):
        assert not path.with_name("w.duckdb.tmp").exists()
    before = started()
    with writing(path, wait_s=0):
        assert started() == before


def test_what_a_session_has_spilled_is_its_own_until_it_ends(
    tmp_path: Path, started: Callable[[], int]
) -> None:
    path = tmp_path / "w.duckdb"

    def another() -> None:
        with writing(path, wait_s=0):
            pass

    with writing(path, wait_s=0) as session, ThreadPoolExecutor(1) as pool:
        for statement in SPILLING:
            session.execute(statement)
        before = spilled(path)
        with pytest.raises(LockedError):
            pool.submit(another).result()
        assert before
        assert set(spilled(path)) == set(before)
        read = session.execute("SELECT sum(length(digest)) FROM big").fetchone()
        assert read == (32 * 600_000,)
    assert not path.with_name("w.duckdb.tmp").exists()
    another()


def test_what_an_engine_spilled_itself_as_it_read_a_long_log_is_not_taken_for_stale(
    tmp_path: Path, started: Callable[[], int]
) -> None:
    path = tmp_path / "w.duckdb"
    with writing(path, wait_s=0) as session:
        for statement in SPILLING:
            session.execute(statement)
        before = spilled(path)
        opening._remove_stale_spill(path, session)  # which comes right after the log is read
        assert before
        assert set(spilled(path)) == set(before)


def test_a_spill_folder_with_something_else_in_it_stays(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    folder = path.with_name("w.duckdb.tmp")
    folder.mkdir()
    for name in ("duckdb_temp_storage_S32K-0.tmp", "letters.txt"):
        (folder / name).write_text("mine")
    with writing(path, wait_s=0):
        pass
    assert len(spilled(path)) == 2


def test_a_link_in_place_of_the_spill_folder_is_not_followed(tmp_path: Path) -> None:
    path, elsewhere = tmp_path / "w.duckdb", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "duckdb_temp_storage_S32K-0.tmp").write_text("another's")
    path.with_name("w.duckdb.tmp").symlink_to(elsewhere)
    with writing(path, wait_s=0):
        pass
    assert len(list(elsewhere.iterdir())) == 1


@pytest.mark.parametrize("failing", [False, True], ids=["ends well", "ends badly"])
def test_a_transaction_left_open_is_undone_and_holds_nobody_up(
    tmp_path: Path, failing: bool
) -> None:
    path = tmp_path / "w.duckdb"
    with suppress(ZeroDivisionError), writing(path, wait_s=0) as session:
        session.execute("CREATE TABLE t AS SELECT 1 AS n")
        session.begin()
        session.execute("INSERT INTO t VALUES (2)")
        if failing:
            raise ZeroDivisionError
    elsewhere(path, "INSERT INTO t VALUES (4)")
    with writing(path, wait_s=0) as session:
        assert session.execute("SELECT sum(n) FROM t").fetchone() == (5,)


def test_two_files_are_written_in_turns(tmp_path: Path) -> None:
    one, other = tmp_path / "one.duckdb", tmp_path / "other.duckdb"
    for number in range(3):
        for path in (one, other):
            with writing(path, wait_s=0) as session:
                session.execute("CREATE TABLE IF NOT EXISTS t (name VARCHAR, n INTEGER)")
                session.execute("INSERT INTO t VALUES (?, ?)", [path.name, number])
    with writing(other, wait_s=0) as session:
        found = session.execute("SELECT DISTINCT name, count(*) FROM t GROUP BY name").fetchall()
    assert found == [("other.duckdb", 3)]
