"""Rows into temporary tables of the same shape, by way of Arrow: one bulk insert a batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from storage.columnar import arriving, arrow_of
from storage.session import Session


def stage(connection: Session, table: str, rows: Sequence[Any]) -> None:
    """Replace the temporary table `stage_<table>` by these rows.

    Its columns are those of `table`; a column that the row type does not have is NULL.
    The rows are instances of one dataclass whose field names are columns.
    """
    shape = f"SELECT * FROM {table} LIMIT 0"  # noqa: S608
    connection.execute(f"CREATE OR REPLACE TEMP TABLE stage_{table} AS {shape}")
    if not rows:
        return
    columns = {item[0] for item in connection.execute(shape).description}
    names = [item.name for item in fields(rows[0]) if item.name in columns]
    with arriving(connection, batch=arrow_of(type(rows[0]), rows, names)):
        connection.execute(f"INSERT INTO stage_{table} BY NAME FROM arriving_batch")
