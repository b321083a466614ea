"""Opening the working file: whatever comes in between, it is not left open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from storage.opening import open_for_writing


class Interrupted:
    """A connection during whose last setting somebody presses Ctrl-C."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def execute(self, query: str) -> Any:
        if "TimeZone" in query:
            raise KeyboardInterrupt
        return self.connection.execute(query)

    def close(self) -> None:
        self.connection.close()


def test_an_interrupt_while_it_opens_leaves_it_to_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.duckdb"
    connect = duckdb.connect
    with monkeypatch.context() as patched:
        patched.setattr(duckdb, "connect", lambda *given: Interrupted(connect(*given)))
        with pytest.raises(KeyboardInterrupt) as held:  # its frames hold the connection
            open_for_writing(path, wait_s=0)
    open_for_writing(path, wait_s=0).close()
    del held
