"""DuckDB, the page archive, and nothing else. `from storage import connect` is for analysts."""

from storage.connecting import connect

__all__ = ["connect"]
