"""`duckwire export`: articles out of the warehouse, in a format of somebody else's."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer

from extractors.errors import UsageError
from extractors.text import counted
from flows.clock import utc_now
from flows.commands import show
from flows.commands.options import Data
from flows.settings import load_settings
from flows.warehouses import warehouse_of
from storage.asking import Asker
from storage.export import Format, Wanted
from storage.export import export as write

Day = Annotated[
    datetime | None,
    typer.Option("--from", formats=["%Y-%m-%d"], help="The first UTC day of publication."),
]
LastDay = Annotated[
    datetime | None,
    typer.Option("--until", formats=["%Y-%m-%d"], help="The last UTC day, included."),
]


def export(
    *,
    kind: Annotated[
        Format,
        typer.Option("--format", help="Parquet by month, CSV, JSON Lines, IPTC ninjs, or WARC."),
    ],
    target: Annotated[
        Path, typer.Option("--to", help="The file (for Parquet the folder) to make.")
    ],
    topic: Annotated[
        list[str] | None, typer.Option("--topic", help="Only articles on it; may be repeated.")
    ] = None,
    since: Day = None,
    until: LastDay = None,
    language: Annotated[
        list[str] | None, typer.Option("--language", help="Like ko or ru; may be repeated.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an earlier export.")] = False,
    data: Data = None,
) -> None:
    """Write articles (or, as WARC, their pages) to a file or folder."""
    wanted = Wanted(tuple(topic or ()), _day(since), _day(until), tuple(language or ()))
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise UsageError("--from lies after --until", remedy="no day is in between")
    settings = load_settings(data=data)
    with Asker(warehouse_of(settings)) as asker:
        done = write(
            asker.local,
            target,
            kind,
            wanted,
            archive=settings.archive_root,
            now=utc_now(),
            force=force,
        )
    what = "page" if kind is Format.WARC else "article"
    files = f" in {done.files} files" if done.files != 1 else ""
    show.line(f"{counted(done.rows, what)}{files} written to {done.path}")
    if done.missing:
        show.warn(
            f"left out {counted(done.missing, 'page')} that the archive does not hold any more"
        )


def _day(given: datetime | None) -> date | None:
    return given.date() if given else None
