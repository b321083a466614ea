"""DuckDB's extensions come out of the packages, wherever and whoever the program runs as."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from storage.errors import StorageError
from storage.targets.extensions import load


@pytest.mark.parametrize("home", ["no/such/folder", None])
def test_they_load_without_a_home_directory_and_write_nothing_there(
    home: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = tmp_path / (home or ".")
    monkeypatch.setenv("HOME", str(where))
    with duckdb.connect() as connection:
        load(connection, "httpfs", "quack", "sqlite_scanner", "ducklake")
        assert connection.execute(
            "SELECT count(*) FROM duckdb_extensions() WHERE loaded "
            "AND extension_name IN ('httpfs', 'quack', 'sqlite_scanner', 'ducklake')"
        ).fetchone() == (4,)
    assert list(tmp_path.iterdir()) == []


def test_a_package_that_is_missing_is_named() -> None:
    with (
        duckdb.connect() as connection,
        pytest.raises(StorageError, match=r"install the package duckdb-extension-no-such of"),
    ):
        load(connection, "no_such")
