"""Opening a DuckDB file: read-only or for writing, waiting politely for whoever holds it."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import duckdb

from storage.errors import ForeignFileError, LockedError, StorageError
from storage.targets.literals import text_literal

_LOCK = "Could not set lock on file"
# What DuckDB says of a file that another thread of this process has open, or is closing.
_CLOSING = "Unique file handle conflict"
_DAMAGED = ("not a valid duckdb database file", "checksum", "could not read enough bytes")
_HOLDER = re.compile(r"Conflicting lock is held in (?P<program>.*?) \(PID (?P<pid>\d+)\)")
# Opening is refused in 3 ms, so asking often costs nothing and keeps the waiting fair.
_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.25
# A checkpoint writes the last row group anew, texts and all: half a gigabyte at the usual 122,880.
ROW_GROUP = "ROW_GROUP_SIZE 20480"
_NAME = "duckwire"

# The engine of the last session, to be used again: starting one costs ten times what a file does.
# Not after a longer session: what it has taken up of memory is given back with it alone.
_BRIEF_S = 1.0
_idle: list[tuple[Path, duckdb.DuckDBPyConnection]] = []
_idle_lock = threading.Lock()
# What a session may set for its engine and not for itself; `storage.landing` and
# `Warehouse.use_threads` do. Where its files spill and the time zone each session sets anew.
_GLOBAL = ("checkpoint_threshold", "memory_limit", "threads")
_SPILLED = "duckdb_temp_"


def open_for_writing(
    path: Path,
    *,
    wait_s: float,
    served: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> duckdb.DuckDBPyConnection:
    """Open the working file, waiting up to `wait_s` seconds while another process holds it.

    A `served` file is what other connections to the same instance find, too. Raises LockedError
    naming the process that holds it, ForeignFileError when the file is not DuckDB's, StorageError
    for everything the disk refuses.
    """
    opening = partial(duckdb.connect, str(path)) if served else partial(_attached, path)
    return _patiently(path, opening, wait_s, sleep)


@contextmanager
def writing(path: Path, *, wait_s: float) -> Iterator[duckdb.DuckDBPyConnection]:
    """As `open_for_writing`, for the time of the block and a session of its own.

    What is left of a brief one when all went well is an engine without the file, for the next.
    """
    engine, session, cleared = _engine(path), None, False
    try:
        session = _patiently(path, partial(_attached, path, engine), wait_s, time.sleep)
        began = time.monotonic()
        yield session
        if time.monotonic() - began < _BRIEF_S:
            cleared = _cleared(path, engine, session)
    finally:
        if not cleared:
            if session is not None:
                session.close()
            engine.close()
    if cleared:  # the last thing done: once it is idle, even Ctrl-C must not let us close it
        _put_away(path, engine)


def _engine(path: Path) -> duckdb.DuckDBPyConnection:
    """The idle engine of this file, or a new one."""
    with _idle_lock:
        last, engine = _idle.pop() if _idle else (path, None)
    if engine is not None:
        if last == path:
            return engine
        engine.close()
    return duckdb.connect()


def _cleared(
    path: Path, engine: duckdb.DuckDBPyConnection, session: duckdb.DuckDBPyConnection
) -> bool:
    """Close the file and leave nothing of the session; False where closing the engine has to."""
    try:
        session.execute("USE memory")
        session.execute(f"DETACH {_NAME}")
        session.close()
        for name in _GLOBAL:
            engine.execute(f"RESET {name}")
        _spill_beside(path, engine)
    except duckdb.Error:  # it has spilled, a transaction was left open, or the disk is full
        return False
    return True


def _put_away(path: Path, engine: duckdb.DuckDBPyConnection) -> None:
    """Keep the engine for the next session, or close it where another is kept."""
    with _idle_lock:
        if not _idle:
            _idle.append((path, engine))
            return
    engine.close()


def _patiently(
    path: Path,
    opening: Callable[[], duckdb.DuckDBPyConnection],
    wait_s: float,
    sleep: Callable[[float], None],
) -> duckdb.DuckDBPyConnection:
    path.parent.mkdir(parents=True, exist_ok=True)
    waited, pause = 0.0, _FIRST_PAUSE_S
    while True:
        try:
            return _prepared(opening())
        except duckdb.Error as error:
            if _LOCK not in str(error) and _CLOSING not in str(error):
                raise _explained(path, error) from error
            if waited >= wait_s:
                raise LockedError(
                    f"{path} is held by {_holder(str(error))}; waited {wait_s:.0f} s. Close it "
                    f"there (analysts open the published copy, news.duckdb) and run again: "
                    f"nothing is lost."
                ) from error
        sleep(pause)
        waited += pause
        pause = min(pause * 1.5, _LONGEST_PAUSE_S)


def open_for_reading(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a published copy read-only.

    Raises StorageError when it is not there, ForeignFileError when it is not a DuckDB file.
    """
    if not path.exists():
        raise StorageError(f"{path} is not there yet: `duckwire run` makes it.")
    try:
        return _prepared(duckdb.connect(str(path), read_only=True))
    except duckdb.Error as error:
        raise _explained(path, error) from error


def _attached(
    path: Path, engine: duckdb.DuckDBPyConnection | None = None
) -> duckdb.DuckDBPyConnection:
    """The size of row groups can be told only where a file is attached."""
    connection = engine.cursor() if engine else duckdb.connect()
    try:
        _spill_beside(path, connection)
        connection.execute(
            f"ATTACH {text_literal(str(path))} AS {_NAME} (TYPE duckdb, {ROW_GROUP})"
        )
        connection.execute(f"USE {_NAME}")
        _remove_stale_spill(path, connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _spill(path: Path) -> Path:
    """The folder of what does not fit into memory."""
    return path.with_name(f"{path.name}.tmp")


def _spill_beside(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """DuckDB refuses this of an engine that has spilled: the folder goes with the engine."""
    connection.execute(f"SET temp_directory = {text_literal(str(_spill(path)))}")


def _remove_stale_spill(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Remove what a killed process had spilled; only for whoever has just got the file.

    A folder with anything else in it is not DuckDB's alone, and stays as it is.
    """
    spill = _spill(path)
    if spill.is_symlink() or not spill.is_dir():
        return
    try:
        _spill_beside(path, connection)  # refused once it has spilled itself, reading a long log
        with os.scandir(spill) as found:
            left = list(found)
        if all(_is_spilled(file) for file in left):
            for file in left:
                Path(file).unlink()
            spill.rmdir()
    except (OSError, duckdb.NotSupportedError):
        return


def _is_spilled(file: os.DirEntry[str]) -> bool:
    return file.name.startswith(_SPILLED) and file.is_file(follow_symlinks=False)


def _prepared(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    try:
        connection.execute("SET TimeZone = 'UTC'")
    except BaseException:  # Ctrl-C: while it unwinds, others of this process need the file
        connection.close()
        raise
    return connection


def _holder(message: str) -> str:
    if _CLOSING in message:
        return "another thread of this process"
    found = _HOLDER.search(message)
    if not found:
        return "another process"
    return f"process {found['pid']} ({found['program']})"


def _explained(path: Path, error: duckdb.Error) -> StorageError:
    first_line = str(error).splitlines()[0]
    if any(words in str(error).lower() for words in _DAMAGED):
        return ForeignFileError(
            f"{path} is not a DuckDB database, or is damaged ({first_line}). Move it away, or "
            f"restore a backup, and run again."
        )
    return StorageError(f"{path} cannot be opened: {first_line}")
