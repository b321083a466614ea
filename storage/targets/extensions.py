"""DuckDB's extensions out of the installed packages: nothing is fetched at run time.

Each is loaded from where its package lies. Installing it first would copy it below the home
directory, which need not exist or be writable (a service's account, a read-only container).
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import duckdb

from storage.errors import StorageError
from storage.targets.literals import text_literal
from storage.targets.naming import LakeTarget, QuackTarget, Target


def load(connection: duckdb.DuckDBPyConnection, *names: str) -> None:
    """Load extensions by their names in SQL.

    Raises StorageError when a package is missing, made for another DuckDB, or refused by DuckDB.
    """
    connection.execute("SET autoinstall_known_extensions = false")
    version = f"v{duckdb.__version__}"
    for name in names:
        package = f"duckdb-extension-{name.replace('_', '-')}"
        try:
            folder = resources.files(f"duckdb_extension_{name}") / "extensions" / version
            file = folder / f"{name}.duckdb_extension"
            found = file.is_file()
        except ImportError:
            found = False
        if not found:
            raise StorageError(
                f"DuckDB's extension {name} is not installed: install the package {package} of "
                f"DuckDB's own version, {duckdb.__version__}."
            )
        try:
            connection.execute(f"LOAD {text_literal(str(file))}")
        except duckdb.Error as error:
            said = str(error).splitlines()[0]
            raise StorageError(
                f"DuckDB's extension {name} could not be loaded from {file} ({said}): install the "
                f"package {package} again."
            ) from error


def extensions_of(target: Target | None) -> tuple[str, ...]:
    """What a warehouse needs loaded; nothing for a file."""
    if isinstance(target, QuackTarget):
        return ("quack",)
    if isinstance(target, LakeTarget):
        catalogue = ("postgres_scanner" if target.kind == "postgres" else "sqlite_scanner",)
        store = ("httpfs",) if target.data_path.startswith("s3://") else ()
        return (*catalogue, "ducklake", *store)
    return ()


def missing_extensions(names: Sequence[str]) -> list[str]:
    """Load these into a database of their own; a line for each that cannot be."""
    missing = []
    with duckdb.connect() as connection:
        for name in names:
            try:
                load(connection, name)
            except StorageError as error:
                missing.append(str(error))
    return missing
