"""The process that owns a served warehouse's file and answers for it over Quack.

A client that is killed inside a transaction leaves it open in the server for ever, and whoever
changes the same rows afterwards is refused. Quack ends no session by itself, so the server looks
for one that was left inside a transaction and then stops and starts listening, which ends them all
and takes a few milliseconds; clients of ours come back by themselves.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import duckdb

from storage.errors import StorageError
from storage.migrate import migrate
from storage.opening import open_for_writing
from storage.targets.extensions import load
from storage.targets.literals import text_literal
from storage.targets.naming import TargetError
from storage.targets.quack import IN_TRANSACTION

# Inside a transaction our clients send a statement every few milliseconds.
ABANDONED_S = 30.0
_LOOK_S = 2.0
_FREE_TRIES, _FREE_PAUSE_S = 20, 0.05
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

_TURN = """
CREATE SCHEMA IF NOT EXISTS serving;
CREATE TABLE IF NOT EXISTS serving.turn (holder VARCHAR, until TIMESTAMPTZ);
COMMENT ON TABLE serving.turn IS 'Whose turn it is to write, while the file is served.';
DELETE FROM serving.turn;
INSERT INTO serving.turn VALUES (NULL, NULL);
"""
# A session that is at work has its query's state as 'active'.
_LEFT_OPEN = """
SELECT count(*) FROM quack_active_connections()
WHERE state <> 'active' AND starts_with("query", ?)
  AND query_started_at < (now() AT TIME ZONE 'UTC') - to_microseconds(?)
"""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where to listen and who may come in. `anywhere` allows more than loopback."""

    host: str
    port: int
    anywhere: bool = False
    abandoned_s: float = ABANDONED_S

    @property
    def uri(self) -> str:
        """The address as DuckDB takes it."""
        return f"quack:{self.host}:{self.port}"


def serve(
    path: Path,
    listening: Listening,
    token: str,
    *,
    now: datetime,
    stop: threading.Event,
    ready: Callable[[], None],
    wait_s: float = 60.0,
) -> None:
    """Serve the working file until `stop` is set; `ready` is called once clients may come.

    Brings the schema up to date first. On the way out clients are let go, the write-ahead log is
    folded in and the file closed; what was acknowledged has been safe all along. Raises
    TargetError for an address it may not listen on, LockedError when somebody holds the file.
    """
    if listening.host not in _LOOPBACK and not listening.anywhere:
        raise TargetError(
            f"{listening.host} can be reached from other machines, and Quack does not encrypt: "
            f"give --anywhere if a proxy or a private network protects it."
        )
    connection = open_for_writing(path, wait_s=wait_s, served=True)
    try:
        load(connection, "httpfs", "quack")
        migrate(connection, now)
        connection.execute(_TURN)
        _listen(connection, listening, token)
        ready()
        while not stop.wait(min(_LOOK_S, listening.abandoned_s / 2)):
            if _left_open(connection, listening.abandoned_s):
                _hang_up(connection, listening)
                _free_turn(connection)
                _listen(connection, listening, token)
        _hang_up(connection, listening)
        connection.execute("FORCE CHECKPOINT")
    finally:
        connection.close()


def _listen(connection: duckdb.DuckDBPyConnection, listening: Listening, token: str) -> None:
    try:
        connection.execute(
            f"CALL quack_serve({text_literal(listening.uri)}, token := {text_literal(token)}, "
            f"allow_other_hostname := {str(listening.anywhere).lower()})"
        ).fetchall()  # An answer not taken would leave a transaction open.
    except duckdb.Error as error:
        said = str(error).splitlines()[0].replace(token, "…")
        raise StorageError(
            f"{listening.uri} cannot be listened on ({said}): is another server there? Give "
            f"--listen another port."
        ) from None


def _hang_up(connection: duckdb.DuckDBPyConnection, listening: Listening) -> None:
    with suppress(duckdb.Error):
        connection.execute(f"CALL quack_stop({text_literal(listening.uri)})").fetchall()


def _free_turn(connection: duckdb.DuckDBPyConnection) -> None:
    """Take the turn from who left a transaction open: nobody else could hold it meanwhile.

    What a session was doing is undone in a thread of its own; if that takes long, the turn simply
    runs out.
    """
    for _ in range(_FREE_TRIES):
        with suppress(duckdb.TransactionException):
            connection.execute("UPDATE serving.turn SET holder = NULL, until = NULL").fetchall()
            return
        time.sleep(_FREE_PAUSE_S)


def _left_open(connection: duckdb.DuckDBPyConnection, after_s: float) -> bool:
    given = [IN_TRANSACTION.strip(), int(after_s * 1e6)]
    row = connection.execute(_LEFT_OPEN, given).fetchone()
    return bool(row and row[0])
