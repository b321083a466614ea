"""DuckDB's extensions out of the installed packages: nothing is fetched at run time."""

from __future__ import annotations

import duckdb
from duckdb_extensions import import_extension  # type: ignore[import-untyped]

from storage.errors import StorageError


def load(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load extensions by their names in SQL. Raises StorageError when a package is missing."""
    connection.execute("SET autoinstall_known_extensions = false")
    for name in names:
        try:
            import_extension(name)
            connection.execute(f"LOAD {name}")
        except (ImportError, OSError, duckdb.Error) as error:
            raise StorageError(
                f"DuckDB's extension {name} could not be loaded: install the package "
                f"duckdb-extension-{name.replace('_', '-')} of DuckDB's own version."
            ) from error
