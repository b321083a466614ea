"""A read-only connection to the published copy, for Python and notebooks."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from storage.errors import StorageError
from storage.opening import open_for_reading
from storage.targets.naming import TargetError
from storage.warehouse import PUBLISHED_FILE


def connect(data: str | os.PathLike[str] | None = None) -> duckdb.DuckDBPyConnection:
    """Open the published copy of a data directory, read-only, with times shown in UTC.

    `data` is the directory; without it the environment's DUCKWIRE_DATA is used, else `data`.
    What comes back is DuckDB's own connection: `.sql(…).pl()`, `.df()`, `.to_arrow_table()` and
    `.fetchall()` are straight from it (times need `pytz`). It keeps the copy it opened: connect
    again to see what later runs published, after closing this one. Raises StorageError when there
    is no copy yet, or the file is not a warehouse; nothing is published of a shared one.
    """
    said = os.environ.get("DUCKWIRE_WAREHOUSE", "file")
    if data is None and said not in ("", "file"):
        raise TargetError(
            "connect() opens a published copy, and DUCKWIRE_WAREHOUSE names a shared warehouse: "
            "attach that one with DuckDB (README, 'A team, or many machines')."
        )
    folder = Path(data if data is not None else os.environ.get("DUCKWIRE_DATA") or "data")
    if not folder.is_dir():
        raise StorageError(f"{folder} is no data directory: name it, or set DUCKWIRE_DATA.")
    return open_for_reading(folder / PUBLISHED_FILE)
