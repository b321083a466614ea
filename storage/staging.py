"""Rows into temporary tables of the same shape, by way of Arrow: one bulk insert a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any

import pyarrow as pa

from storage.session import Session


def stage(connection: Session, table: str, rows: Sequence[Any]) -> None:
    """Replace the temporary table `stage_<table>` by these rows.

    Its columns are those of `table`; a column that the row type does not have is NULL.
    The rows are instances of one dataclass whose field names are columns.
    """
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE stage_{table} AS SELECT * FROM {table} LIMIT 0"  # noqa: S608
    )
    if rows:
        batch = _arrow(connection, table, rows)
        connection.register("arriving_batch", batch)
        try:
            connection.execute(f"INSERT INTO stage_{table} BY NAME FROM arriving_batch")
        finally:
            connection.unregister("arriving_batch")


def _arrow(connection: Session, table: str, rows: Sequence[Any]) -> pa.Table:
    shape = connection.execute(f"SELECT * FROM stage_{table} LIMIT 0").to_arrow_table().schema  # noqa: S608
    names = [item.name for item in fields(rows[0]) if item.name in shape.names]
    columns = {
        name: pa.array([_plain(getattr(row, name)) for row in rows], type=shape.field(name).type)
        for name in names
    }
    return pa.table(columns)


def _plain(value: Any) -> Any:
    """Evidence and other records inside a list become dicts, which Arrow takes for a STRUCT.

    Half a surrogate pair, which JSON and file names can smuggle in, is no text: it becomes '?'.
    """
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    return value
