"""Numbered .sql files, each applied in one transaction together with its row in the log."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import duckdb

from storage.errors import ForeignFileError, NewerSchemaError, StorageError
from storage.files import copy_whole, sync_folder
from storage.session import Session

_LOG = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number BIGINT, name VARCHAR, checksum VARCHAR, applied_at TIMESTAMPTZ
)
"""
_VIEWS = "SELECT view_name FROM duckdb_views() WHERE database_name = current_database()"
_COMMENT_ON = re.compile(r"\bCOMMENT ON (?P<kind>\w+)(?: MACRO)? (?P<name>\w+)", re.I)


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered step of the schema: `number` is the file's leading digits."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """A hash of the file's text, recorded so that an edited migration is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:32]


def sql_folder(name: str) -> Traversable:
    """The folder of SQL files of that name below storage/sql."""
    return resources.files("storage") / "sql" / name


@cache
def sql_text(folder: str, name: str) -> str:
    """One SQL file's text: `name` without its ending, in that folder; read once."""
    return (sql_folder(folder) / f"{name}.sql").read_text("utf-8")


def sql_files(name: str) -> list[tuple[str, str]]:
    """All SQL files of one folder, sorted by name, as (stem, text)."""
    found = [item for item in sql_folder(name).iterdir() if item.name.endswith(".sql")]
    ordered = sorted(found, key=lambda item: item.name)
    return [(item.name.removesuffix(".sql"), item.read_text("utf-8")) for item in ordered]


def shipped() -> list[Migration]:
    """The migrations this program knows, in order."""
    return [Migration(int(stem.split("_")[0]), stem, sql) for stem, sql in sql_files("migrations")]


def pending(connection: Session) -> list[Migration]:
    """The migrations this database lacks. Reads only.

    Raises NewerSchemaError when it has one we do not know, ForeignFileError when there are tables
    but no log of ours, StorageError when a recorded migration was edited afterwards.
    """
    known = shipped()
    tables = {row[0] for row in connection.execute("SHOW TABLES").fetchall()}
    if "schema_migrations" not in tables:
        if tables:
            raise ForeignFileError(
                "the database holds other tables and no Duckwire schema: point DUCKWIRE_DATA at "
                "a folder of its own."
            )
        return known
    applied = dict(connection.execute("SELECT number, checksum FROM schema_migrations").fetchall())
    newest = max((migration.number for migration in known), default=0)
    if any(number > newest for number in applied):
        raise NewerSchemaError(
            f"the database was made by a newer Duckwire (schema {max(applied)}, this program "
            f"knows {newest}): upgrade the program, or restore an older backup."
        )
    for migration in known:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise StorageError(
                f"migration {migration.name} differs from the one this database was made with: "
                f"reinstall the program, or restore a backup."
            )
    return [migration for migration in known if migration.number not in applied]


def migrate(connection: Session, now: datetime) -> list[Migration]:
    """Apply what is pending, then lay the views anew. Returns what was applied.

    A database that had a schema already is copied whole to `backups/` beside it before the first
    change; when that copy cannot be made, StorageError, and nothing is changed.
    """
    todo = pending(connection)
    if 0 < len(todo) < len(shipped()):
        _keep_copy(connection, todo[0], now)
    if todo:
        connection.execute(_LOG)
    for migration in todo:
        connection.begin()
        try:
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migrations VALUES (?, ?, ?, ?)",
                [migration.number, migration.name, migration.checksum, now],
            )
            connection.commit()
        except BaseException:
            # An interrupted commit may have ended the transaction.
            with suppress(duckdb.Error):
                connection.rollback()
            raise
    if todo or _views_differ(connection):
        _lay_views(connection)
    return todo


def _keep_copy(connection: Session, first: Migration, now: datetime) -> None:
    """Copy the database's file, if it is one, to backups/ before `first` changes it."""
    row = connection.execute(
        "SELECT path FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchone()
    path = Path(row[0]) if row and row[0] else None
    if path is None or not path.is_file():
        return
    kept = path.parent / "backups" / f"{path.stem}-{now:%Y%m%dT%H%M%S}-before-{first.name}.duckdb"
    part = kept.with_name(f".{kept.name}.part")
    try:
        kept.parent.mkdir(exist_ok=True)
        connection.execute("CHECKPOINT")
        copy_whole(path, part)
        part.replace(kept)
        sync_folder(kept.parent)
    except OSError as error:
        raise StorageError(
            f"the database needs an upgrade and {kept.parent} could not take a copy of it first "
            f"({error.strerror}): free some space and run again; nothing was changed."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _lay_comments(connection: Session) -> None:
    """Comment on everything; a DuckLake has comments of tables, their columns and views alone."""
    row = connection.execute(
        "SELECT type FROM duckdb_databases() WHERE database_name = current_database()"
    ).fetchone()
    lake = bool(row and row[0] == "ducklake")
    views = {row[0] for row in connection.execute(_VIEWS).fetchall()} if lake else set()
    for _, sql in sql_files("comments"):
        if not lake:
            connection.execute(sql)
            continue
        for statement in duckdb.extract_statements(sql):
            said = _COMMENT_ON.search(statement.query)
            on_column = said and said["kind"] == "COLUMN" and said["name"] not in views
            if on_column or (said and said["kind"] in ("TABLE", "VIEW")):
                connection.execute(statement.query)


def _views_version() -> str:
    text = "".join(sql for folder in ("views", "comments") for _, sql in sql_files(folder))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _views_differ(connection: Session) -> bool:
    row = connection.execute(
        "SELECT comment FROM duckdb_tables() WHERE table_name = 'schema_migrations' "
        "AND database_name = current_database()"
    ).fetchone()
    return row is None or row[0] != f"The schema's history. Views {_views_version()}."


def _lay_views(connection: Session) -> None:
    """Views and comments are derived, so they are replaced whole whenever their text changes."""
    connection.begin()
    try:
        for _, sql in sql_files("views"):
            connection.execute(sql)
        _lay_comments(connection)
        connection.execute(
            f"COMMENT ON TABLE schema_migrations IS "
            f"'The schema''s history. Views {_views_version()}.'"
        )
        connection.commit()
    except BaseException:
        connection.rollback()
        raise
