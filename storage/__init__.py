"""DuckDB, the page archive, and nothing else. `from storage import connect` is for analysts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from storage.connecting import connect

__all__ = ["connect"]


def __getattr__(name: str) -> Any:
    """Import what opens DuckDB when it is asked for: processes that read pages need the rows only.

    It would cost each of them 40 MB and a quarter of a second.
    """
    if name != "connect":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from storage.connecting import connect

    return connect
