"""The data dictionary: the comments of every view, table and column, as one page of Markdown.

`python -m storage.columns` writes storage/COLUMNS.md.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from storage.migrate import migrate

COLUMNS_MD = Path(__file__).with_name("COLUMNS.md")

_HEAD = """\
# The columns

What every view and table of the warehouse holds. Start from the views; the tables are what they
are made of. This page is generated from the comments in `storage/sql/comments/`: change them there
and run `python -m storage.columns`. The database carries the same words:

```sql
SELECT column_name, comment FROM duckdb_columns() WHERE table_name = 'summit_articles';
```

Times are instants (`TIMESTAMP WITH TIME ZONE`); `SET TimeZone = 'UTC'` shows them in UTC, and days
are UTC days. Ids are derived from the data, so that the same article has the same id in every
warehouse. What NULL means stands with each column that can be NULL.
"""

_VIEWS = """
SELECT view_name, comment FROM duckdb_views()
WHERE NOT internal AND NOT temporary
  AND database_name = current_database() AND schema_name = current_schema()
ORDER BY view_oid
"""
_TABLES = """
SELECT table_name, comment FROM duckdb_tables()
WHERE NOT internal AND NOT temporary
  AND database_name = current_database() AND schema_name = current_schema()
ORDER BY table_name = 'schema_migrations', table_oid
"""
_COLUMNS = """
SELECT table_name, column_name, data_type, comment FROM duckdb_columns()
WHERE NOT internal AND database_name = current_database() AND schema_name = current_schema()
ORDER BY table_name, column_index
"""
# The mark that the migration code leaves is of no interest to a reader and changes often.
_MARK = re.compile(r" Views [0-9a-f]{32}\.$")
# The dictionary says nothing of when it was made.
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    comment: str | None


@dataclass(frozen=True, slots=True)
class _Relation:
    name: str
    comment: str | None
    columns: tuple[_Column, ...]


def dictionary(connection: duckdb.DuckDBPyConnection) -> str:
    """Markdown of every view and table of the current schema, with their comments.

    Views come first. Both are in the order in which this database holds them: as they were made
    in a fresh one, by name in a file opened again. What has no comment has an empty cell. Reads
    only.
    """
    columns: dict[str, list[_Column]] = defaultdict(list)
    for relation, *column in connection.execute(_COLUMNS).fetchall():
        columns[relation].append(_Column(*column))
    views = _relations(connection, _VIEWS, columns)
    tables = _relations(connection, _TABLES, columns)
    parts = [_HEAD, _contents("Views", views), _contents("Tables", tables)]
    parts += ["## Views\n", *map(_section, views), "## Tables\n", *map(_section, tables)]
    return "\n".join(parts)


def shipped_dictionary() -> str:
    """The dictionary of a fresh warehouse with all migrations, views and comments applied."""
    with duckdb.connect() as connection:
        migrate(connection, _NO_TIME)
        return dictionary(connection)


def main() -> None:
    """Write storage/COLUMNS.md."""
    COLUMNS_MD.write_text(shipped_dictionary(), encoding="utf-8")


def _relations(
    connection: duckdb.DuckDBPyConnection, query: str, columns: dict[str, list[_Column]]
) -> list[_Relation]:
    found = connection.execute(query).fetchall()
    return [_Relation(name, comment, tuple(columns[name])) for name, comment in found]


def _contents(word: str, relations: list[_Relation]) -> str:
    links = " · ".join(f"[{item.name}](#{item.name})" for item in relations)
    return f"{word}: {links}\n"


def _section(relation: _Relation) -> str:
    rows = [f"| `{item.name}` | {item.type} | {_cell(item.comment)} |" for item in relation.columns]
    said = _MARK.sub("", relation.comment or "")
    head = "| column | type | meaning |\n|---|---|---|\n"
    return f"### {relation.name}\n\n{_text(said)}\n\n{head}" + "\n".join(rows) + "\n"


def _text(comment: str | None) -> str:
    """One line of Markdown; what would be read as HTML or as emphasis is shown as it stands."""
    return re.sub(r"([<>*\\`\[\]])", r"\\\1", " ".join((comment or "").split()))


def _cell(comment: str | None) -> str:
    return _text(comment).replace("|", "\\|")


if __name__ == "__main__":
    main()
