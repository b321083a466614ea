"""DuckDB's extensions out of the installed packages: nothing is fetched at run time.

Each is loaded from where its package lies. Installing it first would copy it below the home
directory, which need not exist or be writable (a service's account, a read-only container).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import resources

import duckdb

from storage.errors import StorageError
from storage.targets.literals import text_literal
from storage.targets.naming import LakeTarget, QuackTarget, Target

_Connection = duckdb.DuckDBPyConnection
_idle: dict[Target, list[_Connection]] = defaultdict(list)


@contextmanager
def prepared(
    target: Target, attached: str, prepare: Callable[[_Connection], None]
) -> Iterator[_Connection]:
    """A connection to a DuckDB in memory that `prepare` has made ready to reach `target`.

    It serves one session after another of this process: to load an extension is to check its
    signature, which takes longer than most sessions. What a session attaches as `attached`, makes
    temporarily or leaves open is gone at its end; secrets and extensions stay.
    """
    try:
        base = _idle[target].pop()
    except IndexError:
        base = duckdb.connect()
        try:
            prepare(base)
        except BaseException:
            base.close()
            raise
    try:
        with base.cursor() as connection:
            yield connection
    finally:
        try:
            base.execute(f"DETACH DATABASE IF EXISTS {attached}")
            _idle[target].append(base)
        except duckdb.Error:
            with suppress(duckdb.Error):
                base.close()


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
