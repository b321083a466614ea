"""Writes the small database of one schema number as SQL: `python tests/data/schemas/make.py 1`.

Run once when a migration is released, and committed; never made anew afterwards, for it stands for
the databases that people have. Three rows in every table, made out of the columns' names and types.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb

sys.path.insert(0, str(Path(__file__).parents[3]))

from storage import migrate

ROWS = 3
# Values that some column needs for its row to make sense; `i` is the row's number.
SPECIAL = {
    "state": "'landed'",
    "taken": "1",
    "landed": "1",
    "band": "printf('%02d:%016x', i, 81985529216486895 + i)",
    "interval_s": "3600",
    "next_poll_at": "TIMESTAMPTZ '2026-11-24 00:00:00+00'",
}
BY_TYPE = {
    "VARCHAR": "'{name}-' || i",
    "BIGINT": "0",
    "DOUBLE": "0.5",
    "BOOLEAN": "i % 2 = 0",
    "TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ '2026-11-23 00:00:00+00' + to_hours(i::BIGINT)",
    "VARCHAR[]": "['{name}', 'Имя']",
    "BLOB": "from_hex(repeat('0123abcd', 128))",
    "UBIGINT[]": "range(128)::UBIGINT[]",
    "BIGINT[]": "range(21)",
}


def dump(number: int) -> str:
    """SQL that makes a database of schema `number`, filled, with its log of migrations."""
    applied = [item for item in migrate.shipped() if item.number <= number]
    with duckdb.connect() as connection:
        for item in applied:
            connection.execute(item.sql)
        tables = connection.execute(
            "SELECT table_name, sql FROM duckdb_tables() ORDER BY table_name"
        ).fetchall()
        parts = [f"-- A database of schema {number}; see make.py beside this file."]
        for table, sql in tables:
            described = connection.execute(f"DESCRIBE {table}").fetchall()
            values = ", ".join(_value(table, row[0], row[1]) for row in described)
            parts.append(f"{sql}\nINSERT INTO {table} SELECT {values} FROM range({ROWS}) t(i);")
    parts.append(
        "CREATE TABLE schema_migrations "
        "(number BIGINT, name VARCHAR, checksum VARCHAR, applied_at TIMESTAMPTZ);"
    )
    when = datetime(2026, 11, 23, tzinfo=UTC)
    parts += [
        f"INSERT INTO schema_migrations VALUES "
        f"({item.number}, '{item.name}', '{item.checksum}', '{when}');"
        for item in applied
    ]
    return "\n\n".join(parts) + "\n"


def _value(table: str, name: str, kind: str) -> str:
    if kind.startswith("STRUCT"):
        return f"[{{concept: 'c', phrase: 'p', field: 'text', start: 0, \"end\": 1}}]::{kind}"
    if table == "tombstones":
        return f"'gone-{name}-' || i" if kind == "VARCHAR" else BY_TYPE[kind]
    return SPECIAL.get(name) or BY_TYPE[kind].format(name=name)


if __name__ == "__main__":
    wanted = int(sys.argv[1])
    Path(__file__).with_name(f"{wanted:04d}.sql").write_text(dump(wanted), "utf-8")
