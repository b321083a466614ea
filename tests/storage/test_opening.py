"""Opening the working file: whatever comes in between, it is not left open."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import pytest

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


def test_a_session_finds_nothing_of_the_one_before_it(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    with writing(path, wait_s=0) as session:
        whole = session.execute("SELECT current_setting('threads')").fetchone()
        session.execute("CREATE TEMP TABLE staged (n INTEGER)")
        session.execute("SET threads = 1")
    with writing(path, wait_s=0) as session:
        assert session.execute("SELECT current_setting('threads')").fetchone() == whole
        with pytest.raises(duckdb.CatalogException):
            session.execute("SELECT * FROM staged")


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
