"""Questions to the published copy or to a shared warehouse, read-only."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from storage.errors import QueryError
from storage.opening import open_for_reading
from storage.session import Session
from storage.targets.naming import TargetError
from storage.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave: column names and rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Asker:
    """A read-only session on a published copy or a shared warehouse; a context manager.

    `source` is a warehouse, or a published copy's file.
    """

    def __init__(self, source: Path | Warehouse) -> None:
        self._held = ExitStack()
        self.connection: Session
        if isinstance(source, Warehouse):
            self.connection = self._held.enter_context(source.reading())
            self._name = source.name
        else:
            opened = open_for_reading(source)
            self._held.callback(opened.close)
            self.connection, self._name = opened, str(source)

    def __enter__(self) -> Asker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self._held.close()

    @property
    def local(self) -> duckdb.DuckDBPyConnection:
        """DuckDB's own connection, for what writes files on this machine.

        Raises TargetError for a served warehouse, whose questions run on the server.
        """
        if not isinstance(self.connection, duckdb.DuckDBPyConnection):
            raise TargetError(
                f"this reads a file or a DuckLake, and this warehouse is {self._name}: do it on "
                f"the server's machine, with a backup's file."
            )
        return self.connection

    def ask(self, query: str) -> Answer:
        """Run a person's SQL. Raises QueryError with the database's first lines."""
        try:
            done = self.connection.execute(query)
            rows = done.fetchall() if done.description else []
        except duckdb.Error as error:
            raise QueryError(" ".join(str(error).split("\n\n")[0].split())) from error
        return Answer(tuple(item[0] for item in done.description or ()), rows)
