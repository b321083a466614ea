"""Writing the working file anew when much of it is free: DuckDB reuses space, returns none."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from storage.errors import StorageError
from storage.files import sync_folder
from storage.opening import ROW_GROUP
from storage.session import Session as Connection
from storage.warehouse import Warehouse

# A file of a few blocks is always partly free and not worth it.
_LEAST_BLOCKS = 16

# What must be the same in the new file, one line a thing.
_SHAPE = """
SELECT 'view', view_name, coalesce(comment, '') FROM duckdb_views()
WHERE database_name = $name AND NOT internal
UNION ALL
SELECT 'table', table_name, coalesce(comment, '') FROM duckdb_tables() WHERE database_name = $name
UNION ALL
SELECT 'column', table_name || '.' || column_name, data_type || coalesce(comment, '')
FROM duckdb_columns() WHERE database_name = $name AND NOT internal
UNION ALL
SELECT 'function', function_name, coalesce(macro_definition, '') FROM duckdb_functions()
WHERE database_name = $name AND NOT internal
ORDER BY ALL
"""


@dataclass(frozen=True, slots=True)
class Compacted:
    """The working file's bytes before and after."""

    before: int
    after: int


def free_share(connection: Connection) -> float:
    """The share of the open file's blocks that hold nothing; 0 for a small file."""
    row = connection.execute(
        "SELECT total_blocks, free_blocks FROM pragma_database_size() "
        "WHERE database_name = current_database()"
    ).fetchone()
    if row is None or row[0] < _LEAST_BLOCKS:
        return 0.0
    return float(row[1] / row[0])


def compact(warehouse: Warehouse, *, share: float) -> Compacted | None:
    """Write the working file anew if at least `share` of it is free; None when it is not.

    Everything happens in one turn at the file: a whole copy, compared table by table with what it
    was made of, takes the old one's place by one rename. Nobody else in this process may have the
    file open. Raises StorageError when the disk refuses or the copy differs; the old file is kept.
    """
    warehouse.need_file("compaction", "its own upkeep rewrites what is mostly free")
    part = warehouse.path.with_name(f".{warehouse.path.name}.{os.getpid()}.part")
    try:
        with warehouse.session() as connection:
            connection.execute("CHECKPOINT")
            if share <= 0 or free_share(connection) < share:
                return None
            before = warehouse.path.stat().st_size
            _copy(connection, part)
            _force(part)
            part.replace(warehouse.path)
    except OSError as error:
        raise StorageError(
            f"{warehouse.path} could not be written anew ({error.strerror}): free some space; "
            f"the file is as it was."
        ) from error
    finally:
        part.unlink(missing_ok=True)
        part.with_name(f"{part.name}.wal").unlink(missing_ok=True)
    sync_folder(warehouse.data)
    return Compacted(before, warehouse.path.stat().st_size)


def _copy(connection: Connection, part: Path) -> None:
    part.unlink(missing_ok=True)
    quoted = str(part).replace("'", "''")
    row = connection.execute("SELECT current_database()").fetchone()
    here = str(row[0]).replace('"', '""') if row else ""
    connection.execute(f"ATTACH '{quoted}' AS compacted ({ROW_GROUP})")
    try:
        connection.execute(f'COPY FROM DATABASE "{here}" TO compacted')
        if _content(connection, here) != _content(connection, "compacted"):
            raise StorageError(
                f"the new copy of {here} differs from the old one, which is kept: report this."
            )
    finally:
        connection.execute("DETACH compacted")


def _content(connection: Connection, name: str) -> tuple[list[tuple[str, ...]], list[int]]:
    """Schema, comments and the number of rows of each table."""
    shape = connection.execute(_SHAPE, {"name": name}).fetchall()
    tables = [row[1] for row in shape if row[0] == "table"]
    counts = []
    for table in tables:
        row = connection.execute(f'SELECT count(*) FROM "{name}"."{table}"').fetchone()  # noqa: S608
        counts.append(row[0] if row else -1)
    return shape, counts


def _force(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
