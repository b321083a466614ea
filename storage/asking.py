"""Questions to the published copy, read-only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from storage.errors import QueryError
from storage.opening import open_for_reading


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave: column names and rows."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


class Asker:
    """A read-only connection to a published copy; a context manager."""

    def __init__(self, published: Path) -> None:
        self.connection = open_for_reading(published)

    def __enter__(self) -> Asker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.connection.close()

    def ask(self, query: str) -> Answer:
        """Run a person's SQL. Raises QueryError with the database's first lines."""
        try:
            done = self.connection.execute(query)
            rows = done.fetchall() if done.description else []
        except duckdb.Error as error:
            raise QueryError(" ".join(str(error).split("\n\n")[0].split())) from error
        return Answer(tuple(item[0] for item in done.description or ()), rows)
