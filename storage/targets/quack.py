"""Sessions on a warehouse that `duckwire serve` serves over Quack, DuckDB's own protocol.

The server keeps temporary tables, variables and transactions of a session from call to call, so
every statement is sent to it by name and runs there; a batch travels inside a statement as JSON.

A writing session holds the warehouse's turn, a row of `serving.turn`, so that writers take turns as
they do at a file: two that merged the same new key at once would both insert it. The row is
touched in each transaction and thereby locked by it, so a turn that ran out while its holder slept
cannot be misused. The server undoes what a killed client left open (see `serving`).
"""

from __future__ import annotations

import json
import os
import re
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import duckdb

from storage.errors import LockedError, StorageError
from storage.targets.extensions import load, prepared
from storage.targets.literals import bind, text_literal
from storage.targets.naming import QuackTarget, TargetError

# A holder that died outside a transaction is waited for this long; a live one renews its turn.
TURN_S = 30
_RENEW_S = 10.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.01, 0.25
_COME_BACK_TRIES = 8
# What begins every statement inside a transaction, so that the server knows one left open.
IN_TRANSACTION = "/* in a transaction */ "
# A statement's text stays well below what the server takes in one message.
_CHUNK_BYTES = 8_000_000

_BUSY = ("Conflict on", "write-write conflict", "TransactionContext Error: Catalog write-write")
_LOST = ("Invalid connection id", "Could not connect", "Failed to send message")
_PREFIX = re.compile(r"^(?:Invalid Input Error: )+")

_TAKE = f"""
UPDATE serving.turn SET holder = ?, until = now() + INTERVAL {TURN_S} SECOND
WHERE holder IS NULL OR until < now() OR holder = ?
"""  # noqa: S608
_RENEW = f"UPDATE serving.turn SET until = now() + INTERVAL {TURN_S} SECOND WHERE holder = ?"  # noqa: S608
_GIVE_BACK = "UPDATE serving.turn SET holder = NULL, until = NULL WHERE holder = ?"


class QuackSession:
    """A session on a served warehouse; it does what `storage.session.Session` says."""

    def __init__(self, target: QuackTarget, local: duckdb.DuckDBPyConnection) -> None:
        self._target = target
        self._local = local
        self._holder: str | None = None
        self._renewed = 0.0
        self._transaction = False
        self._read_only = False
        self._columns: list[Any] = []
        self._rows: deque[tuple[Any, ...]] = deque()
        self._local.execute("SET TimeZone = 'UTC'")
        self._attach()

    def execute(self, query: str, parameters: object = None, /) -> QuackSession:
        """Run SQL in the server; parameters become literals through `literals.bind`."""
        if self._holder and not self._transaction and time.monotonic() > self._renewed + _RENEW_S:
            self._renew()
        written = bind(query, parameters)
        return self._ask(written) if self._read_only else self._send(written)

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row of the last query, or None."""
        return self._rows.popleft() if self._rows else None

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows of the last query that were not fetched yet."""
        rows = list(self._rows)
        self._rows.clear()
        return rows

    @property
    def description(self) -> list[Any]:
        """The last query's columns, the name first in each."""
        return self._columns

    def begin(self) -> QuackSession:
        """Begin a transaction. Raises LockedError when the turn went to somebody else."""
        self._send("BEGIN")
        self._transaction = True
        if self._holder:
            try:
                self._renew()
            except BaseException:
                self.rollback()
                raise
        return self

    def commit(self) -> QuackSession:
        """Keep what the transaction did."""
        self._transaction = False
        return self._send("COMMIT")

    def rollback(self) -> QuackSession:
        """Undo what the transaction did."""
        self._transaction = False
        return self._send("ROLLBACK")

    def register(self, name: str, table: Any, /) -> QuackSession:
        """Send an Arrow table over into a temporary table of that name."""
        self._local.register("outgoing", table)
        try:
            described = self._local.execute("DESCRIBE outgoing").fetchall()
            # JSON knows no bytes: they travel as hexadecimal digits.
            raw = [_quoted(row[0]) for row in described if row[1] == "BLOB"]
            shape = {row[0]: "VARCHAR" if row[1] == "BLOB" else row[1] for row in described}
            chunks = _json_chunks(self._local, table.num_rows, table.nbytes, raw)
        finally:
            self._local.unregister("outgoing")
        typed = text_literal(json.dumps([shape]))
        rows = f"SELECT unnest(from_json({{}}, {typed}), max_depth := 2)"
        reading = _replaced("from_hex", raw, f"({rows})")
        head = f"CREATE OR REPLACE TEMP TABLE {_quoted(name)} AS "
        for chunk in chunks:
            self._send(head + reading.replace("{}", text_literal(chunk), 1))
            head = f"INSERT INTO {_quoted(name)} "
        return self

    def unregister(self, name: str, /) -> QuackSession:
        """Drop the temporary table again; inside a failed transaction it goes with it."""
        try:
            return self._send(f"DROP TABLE IF EXISTS temp.{_quoted(name)}")
        except duckdb.Error as error:
            if "aborted" not in str(error):
                raise
            return self

    def close(self) -> None:
        """Undo what a transaction left open did, and give the turn back."""
        try:
            if self._transaction:
                self.rollback()
            if self._holder:
                self._send(bind(_GIVE_BACK, [self._holder]))
        except (duckdb.Error, StorageError):
            pass  # The turn runs out by itself.
        finally:
            self._holder = None

    def read_only(self) -> None:
        """Refuse to change anything from here on, and come back when the server hangs up."""
        self._read_only = True

    def take_turn(self, wait_s: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Wait for the warehouse's turn. Raises LockedError naming who has it."""
        name = f"process {os.getpid()} on {socket.gethostname()}, session {os.urandom(4).hex()}"
        waited, pause = 0.0, _FIRST_PAUSE_S
        while not self._took(name):
            if waited >= wait_s:
                raise LockedError(
                    f"{self._target} is being written by {self._turn_of()}; waited {wait_s:.0f} s. "
                    f"Run again later: nothing is lost."
                )
            sleep(pause)
            waited += pause
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)
        self._holder, self._renewed = name, time.monotonic()

    def _ask(self, query: str) -> QuackSession:
        """Run a question inside a transaction of its own that can change nothing.

        It ends with the question: an idle prompt must not hold on to old rows.
        """
        try:
            self._send("BEGIN TRANSACTION READ ONLY")
        except TargetError:
            self._come_back()
            self._send("BEGIN TRANSACTION READ ONLY")
        try:
            self._send(query)
        finally:
            columns, rows = self._columns, self._rows
            self._send("ROLLBACK")
        self._columns, self._rows = columns, rows
        return self

    def _took(self, name: str) -> bool:
        try:
            row = self._send(bind(_TAKE, [name, name])).fetchone()
        except duckdb.TransactionException:
            return False  # Whoever has it is in a transaction just now.
        except StorageError:
            self._come_back()  # This session held nothing yet.
            return False
        return bool(row and row[0])

    def _turn_of(self) -> str:
        row = self._send("SELECT holder FROM serving.turn").fetchone()
        return str(row[0]).split(", session")[0] if row and row[0] else "another process"

    def _renew(self) -> None:
        row = self._send(bind(_RENEW, [self._holder])).fetchone()
        if not row or not row[0]:
            raise LockedError(
                f"{self._target}: this process slept for over {TURN_S} s and somebody else took "
                f"its turn. Nothing was half done; run again."
            )
        self._renewed = time.monotonic()

    def _come_back(self) -> None:
        """Attach again: to end one abandoned session the server drops all, and is away a moment."""
        for _ in range(_COME_BACK_TRIES):
            with suppress(TargetError):
                self._attach()
                return
            time.sleep(_LONGEST_PAUSE_S)
        self._attach()

    def _attach(self) -> None:
        plain = " (DISABLE_SSL true)" if self._target.plain else ""
        try:
            self._local.execute("DETACH DATABASE IF EXISTS served")
            self._local.execute(f"ATTACH {text_literal(self._target.uri)} AS served{plain}")
        except duckdb.Error as error:
            raise _unreachable(self._target, error) from None
        self._transaction = False
        try:
            self._send("SET TimeZone = 'UTC'")
        except duckdb.Error as error:
            raise _unreachable(self._target, error) from None

    def _send(self, query: str) -> QuackSession:
        """Run a statement in the server and take its whole answer.

        The server commits a statement by itself only when its answer has been taken.
        """
        mark = IN_TRANSACTION if self._transaction else ""
        asked = "SELECT * FROM quack_query_by_name('served', ?)"
        try:
            done = self._local.execute(asked, [mark + query])
            self._columns, self._rows = list(done.description), deque(done.fetchall())
        except duckdb.Error as error:
            _raise(self._target, error)
        return self


@contextmanager
def quack_session(target: QuackTarget, *, wait_s: float, write: bool) -> Iterator[QuackSession]:
    """Open a session on a served warehouse; one that writes waits up to `wait_s` for its turn.

    Raises TargetError when nobody answers or the token is refused, LockedError as `take_turn`.
    """
    with prepared(target, "served", lambda local: _prepare(local, target)) as local:
        session = QuackSession(target, local)
        try:
            if write:
                session.take_turn(wait_s)
            else:
                session.read_only()
            yield session
        finally:
            session.close()


def _prepare(local: duckdb.DuckDBPyConnection, target: QuackTarget) -> None:
    load(local, "httpfs", "quack")
    local.execute(
        f"CREATE SECRET (TYPE quack, TOKEN {text_literal(target.token)}, "
        f"SCOPE {text_literal(target.uri)})"
    )


def _json_chunks(
    local: duckdb.DuckDBPyConnection, rows: int, size: int, raw: Sequence[str]
) -> list[str]:
    """The table `outgoing` as JSON arrays of bounded size; one, perhaps empty, at least.

    The columns `raw`, quoted, are bytes.
    """
    step = max(1, rows * _CHUNK_BYTES // max(size, 1))
    chosen = _replaced("hex", raw, "outgoing LIMIT ? OFFSET ?")
    asked = f"SELECT to_json(list(o))::VARCHAR FROM ({chosen}) AS o"  # noqa: S608
    found = [local.execute(asked, [step, at]).fetchone() for at in range(0, max(rows, 1), step)]
    return [(row[0] if row else None) or "[]" for row in found]


def _replaced(function: str, columns: Sequence[str], source: str) -> str:
    """A query of all of `source`, with `function` applied to these columns."""
    made = ", ".join(f"{function}({column}) AS {column}" for column in columns)
    return f"SELECT * {f'REPLACE ({made}) ' if made else ''}FROM {source}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _raise(target: QuackTarget, error: duckdb.Error) -> NoReturn:
    """Say what the server said, as the error it would have been on the spot."""
    said = _PREFIX.sub("", str(error)).split("\n\nLINE 1: SELECT * FROM quack_query_by_name")[0]
    if any(word in said for word in _LOST):
        raise _unreachable(target, error) from None
    if any(word in said for word in _BUSY):
        raise duckdb.TransactionException(said) from None
    raise type(error)(said) from None


def _unreachable(target: QuackTarget, error: duckdb.Error) -> TargetError:
    said = str(error)
    if "Authentication failed" in said:
        return TargetError(
            f"{target} refused the token: DUCKWIRE_QUACK_TOKEN must be the server's."
        )
    if "Invalid connection id" in said:
        return TargetError(f"{target} ended this session: run again; nothing that landed is lost.")
    if "Could not connect" not in said:
        line = said.splitlines()[0].replace(target.token, "…")
        return TargetError(f"{target} could not be asked ({line}). Nothing is lost; run again.")
    return TargetError(
        f"{target} does not answer: is `duckwire serve` running there? Nothing is lost; run again."
    )
