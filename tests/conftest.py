"""What every test may use: a newsroom on loopback, and desks with data directories of their own."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extractors.records import Listing
from flows.newsroom import Newsroom
from flows.settings import Settings
from flows.sources.feedlist import merge
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import Job, new_job
from storage.reports import RunReport


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's settings, home or Prefect."""
    for name in list(os.environ):
        if name.startswith(("DUCKWIRE_", "PREFECT_")) and name != "DUCKWIRE_CORPUS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    """The bundled newsroom, served for one module; its slow feed is only a little slow."""
    with Newsroom.start(slow_s=0.2) as room:
        yield room


@dataclass(frozen=True)
class Desk:
    """A data directory, its settings, and short ways to run and ask."""

    settings: Settings

    @property
    def database(self) -> Path:
        return self.settings.data / "news.duckdb"

    def job(self, kind: str = "ingest", **given: Any) -> Job:
        return new_job(self.settings, kind, **given)

    def run(self, **options: Any) -> RunReport:
        return run_ingest(self.job(), IngestOptions(**{"seeds": None, **options}))

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.database), read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(query).fetchall()


def _make_desk(data: Path, feeds: list[Listing], **settings: Any) -> Desk:
    data.mkdir()
    listed = data / "feeds.yaml"
    merge(listed, feeds)
    given = {"allow_hosts": ("127.0.0.1",), "pace_allowed": False, **settings}
    return Desk(Settings(data=data, feeds=listed, **given))


@pytest.fixture
def make_desk(tmp_path: Path) -> Callable[..., Desk]:
    """Make desks: `make_desk(feeds, name=…, **settings)`."""

    def make(feeds: list[Listing] | None = None, name: str = "data", **settings: Any) -> Desk:
        return _make_desk(tmp_path / name, feeds or [], **settings)

    return make


@pytest.fixture(scope="module")
def landed(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk on which everything the newsroom lists has landed; for looking at only."""
    made = _make_desk(tmp_path_factory.mktemp("landed") / "data", newsroom.feeds())
    made.run()
    return made


@pytest.fixture
def desk(make_desk: Callable[..., Desk], newsroom: Newsroom) -> Desk:
    """A desk that follows every feed of the newsroom."""
    return make_desk(newsroom.feeds())
