"""What a session on a warehouse can do, whatever the warehouse is.

DuckDB's own connection is one; so is a session on a served warehouse. Every function of this
package takes a `Session` and uses nothing else of it, so that it works on each target.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol


class Session(Protocol):
    """A connection as the functions of this package use it. One caller at a time."""

    def execute(self, query: str, parameters: object = None, /) -> Session:
        """Run SQL; `parameters` (a list for ?, a dict for $name) are bound, never pasted."""
        ...

    def fetchone(self) -> tuple[Any, ...] | None:
        """The next row of the last query, or None."""
        ...

    def fetchall(self) -> list[tuple[Any, ...]]:
        """The rows of the last query that were not fetched yet."""
        ...

    @property
    def description(self) -> list[Any]:
        """The last query's columns, the name first in each."""
        ...

    def begin(self) -> Session:
        """Begin a transaction."""
        ...

    def commit(self) -> Session:
        """Keep what the transaction did."""
        ...

    def rollback(self) -> Session:
        """Undo what the transaction did."""
        ...

    def register(self, name: str, table: Any, /) -> Session:
        """Let SQL read an Arrow table by this name, until it is unregistered."""
        ...

    def unregister(self, name: str, /) -> Session:
        """Forget a registered table."""
        ...

    def close(self) -> None:
        """End the session; what a transaction left open did is undone."""
        ...


def count_of(session: Session, query: str, parameters: object = None) -> int:
    """Run one INSERT, UPDATE, DELETE or MERGE and say how many rows it touched.

    The count the database gives: RETURNING is not there on every target.
    """
    row = session.execute(query, parameters).fetchone()
    return int(row[0]) if row else 0


def listed(ids: Iterable[str]) -> str:
    """Some ids as one text, for `string_split(?, chr(31))`; of none, an id that nobody has.

    In a list each would be a value of its own, and at every value DuckDB looks for pandas: where
    there is none, that takes as long as the query.
    """
    return chr(31).join(ids)
