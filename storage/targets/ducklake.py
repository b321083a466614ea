"""Sessions on a DuckLake: a catalogue in PostgreSQL or SQLite, Parquet files beside it.

Two processes that merge the same new keys into a DuckLake both commit, and nobody is told. So a
writing session holds a lock of its own for as long as it is open: an advisory lock on a
connection of its own with PostgreSQL, a lock on a file beside the catalogue with SQLite.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from storage.errors import LockedError
from storage.targets.extensions import load, prepared
from storage.targets.literals import text_literal
from storage.targets.naming import LakeTarget, S3Access, TargetError

if TYPE_CHECKING:
    import psycopg

# The letters 'duck', so that the lock means nothing to others who use advisory locks there.
_LOCK_KEY = 0x6475636B
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 0.25
_CONNECT_S = 10
_SCANNERS = {"postgres": "postgres_scanner", "sqlite": "sqlite_scanner"}
# Commits of the catalogue that lose a race are tried again inside DuckLake.
_RETRIES = 20


@contextmanager
def lake_session(
    target: LakeTarget, *, wait_s: float, write: bool
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckLake; one that writes waits up to `wait_s` seconds for its turn.

    Raises TargetError when the catalogue cannot be reached, LockedError when the wait is over.
    """
    with ExitStack() as held:
        if write:
            locking = _locked_file if target.kind == "sqlite" else _locked_catalogue
            held.enter_context(locking(target, wait_s))
        connection = held.enter_context(prepared(target, "lake", lambda c: _prepare(c, target)))
        _attach(connection, target, write=write)
        yield connection


def _prepare(connection: duckdb.DuckDBPyConnection, target: LakeTarget) -> None:
    load(connection, _SCANNERS[target.kind], "ducklake")
    if target.data_path.startswith("s3://"):
        load(connection, "httpfs")
        connection.execute(_s3_secret(target.s3))
    if target.password is not None:
        connection.execute(
            f"CREATE SECRET (TYPE postgres, PASSWORD {text_literal(target.password)})"
        )
    connection.execute(f"SET GLOBAL ducklake_max_retry_count = {_RETRIES}")


def _attach(connection: duckdb.DuckDBPyConnection, target: LakeTarget, *, write: bool) -> None:
    connection.execute("SET TimeZone = 'UTC'")
    options = f"DATA_PATH {text_literal(target.data_path)}" + ("" if write else ", READ_ONLY")
    if target.kind == "sqlite":
        # Otherwise a reader in the middle of an answer keeps the writer from committing.
        options += ", META_JOURNAL_MODE 'WAL', META_BUSY_TIMEOUT 10000"
    where = text_literal(f"ducklake:{target.kind}:{target.catalogue}")
    try:
        connection.execute(f"ATTACH {where} AS lake ({options})")
        connection.execute("USE lake")
    except duckdb.Error as error:
        raise _unreachable(target, error) from None


def _s3_secret(s3: S3Access) -> str:
    said = {
        "ENDPOINT": s3.endpoint,
        "REGION": s3.region,
        "KEY_ID": s3.key,
        "SECRET": s3.secret,
        # An endpoint of one's own rarely has a name for each bucket.
        "URL_STYLE": "path" if s3.endpoint else None,
    }
    given = "".join(f", {key} {text_literal(value)}" for key, value in said.items() if value)
    return f"CREATE SECRET (TYPE s3, USE_SSL {str(s3.use_ssl).lower()}{given})"


@contextmanager
def _locked_catalogue(target: LakeTarget, wait_s: float) -> Iterator[None]:
    import psycopg  # every command would import it, and most have a file

    try:
        turn = psycopg.connect(
            target.catalogue,
            password=target.password,
            autocommit=True,
            connect_timeout=_CONNECT_S,
            application_name="duckwire",
            keepalives_idle=30,
        )
    except psycopg.Error as error:
        raise _unreachable(target, error) from None

    def try_it() -> bool:
        row = turn.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK_KEY]).fetchone()
        return bool(row and row[0])

    try:
        with turn:
            _wait(try_it, wait_s, lambda: f"{target} is being written by {_writer(turn)}")
            yield
    except psycopg.Error as error:  # the server has gone, or was restarted, meanwhile
        raise _unreachable(target, error) from None


def _writer(turn: psycopg.Connection[tuple[object, ...]]) -> str:
    row = turn.execute(
        "SELECT coalesce(host(client_addr), 'this machine'), l.pid FROM pg_locks l "
        "JOIN pg_stat_activity a USING (pid) "
        "WHERE locktype = 'advisory' AND objid = %s AND granted",
        [_LOCK_KEY],
    ).fetchone()
    return f"another process (from {row[0]}, PostgreSQL's backend {row[1]})" if row else "another"


@contextmanager
def _locked_file(target: LakeTarget, wait_s: float) -> Iterator[None]:
    path = Path(f"{target.catalogue}.lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as stream:

        def try_it() -> bool:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        _wait(try_it, wait_s, lambda: f"{target} is being written by process {_holder(path)}")
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def _holder(path: Path) -> str:
    return path.read_text("utf-8", "replace")[:20] or "?"


def _wait(
    try_it: Callable[[], bool],
    wait_s: float,
    who: Callable[[], str],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    waited, pause = 0.0, _FIRST_PAUSE_S
    while not try_it():
        if waited >= wait_s:
            raise LockedError(f"{who()}; waited {wait_s:.0f} s. Run again later: nothing is lost.")
        sleep(pause)
        waited += pause
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)


def _unreachable(target: LakeTarget, error: Exception) -> TargetError:
    """One line, whatever the libraries below put into theirs."""
    said = " ".join(str(error).split())
    for secret in (target.password, target.s3.secret):
        said = said.replace(secret, "…") if secret else said
    return TargetError(f"{target} cannot be opened ({said[:300]}): is it there, and is it yours?")
