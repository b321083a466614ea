"""Desks: data directories with settings of their own, and short ways to run and ask."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from extractors.records import Listing
from flows.settings import Settings
from flows.sources.feedlist import merge
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import Job, new_job
from storage.reports import RunReport


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


def new_desk(data: Path, feeds: list[Listing], **settings: Any) -> Desk:
    data.mkdir()
    listed = data / "feeds.yaml"
    listed.write_text("feeds: []\n", "utf-8")
    merge(listed, feeds)
    # A page that a busy machine reads slowly is not a page that cannot be read.
    given = {"allow_hosts": ("127.0.0.1",), "pace_allowed": False, "page_s": 60.0, **settings}
    return Desk(Settings(data=data, feeds=listed, **given))
