"""`duckwire backup` and `restore`: a desk's database and archive, kept safe and brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.clock import utc_now
from flows.commands import show
from flows.commands.options import Data
from flows.settings import load_settings
from flows.steps.job import new_job
from storage.backup import backup as make_backup
from storage.backup import restore as bring_back
from storage.publish import publish


def backup(
    data: Data = None,
    to: Annotated[
        Path | None, typer.Option("--to", help="The folder for backups; default <data>/backups.")
    ] = None,
    archive: Annotated[bool, typer.Option("--archive", help="The archived pages as well.")] = False,
) -> None:
    """Copy the database, whole and at any moment; --archive takes the archived pages along."""
    settings = load_settings(data=data)
    job = new_job(settings, "backup")
    now = utc_now()
    done = make_backup(
        job.warehouse,
        to or settings.data / "backups",
        name=f"duckwire-{now:%Y%m%dT%H%M%S}",
        now=now,
        archive=settings.archive_root if archive else None,
    )
    segments = f" and {done.segments} archive segments" if archive else ""
    show.line(f"backed up the database{segments}, {done.size / 1e6:.1f} MB: {done.folder}")
    show.line(f"bring it back with: duckwire restore {done.folder}")


def restore(
    source: Annotated[Path, typer.Argument(help="A backup's folder, or a database file.")],
    data: Data = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the database that is there; it is kept.")
    ] = False,
) -> None:
    """Put a backup back in place, verified; what was there is kept beside it."""
    settings = load_settings(data=data)
    job = new_job(settings, "restore")
    now = utc_now()
    done = bring_back(
        job.warehouse,
        source,
        archive=settings.archive_root,
        aside=settings.data / "backups" / f"replaced-{now:%Y%m%dT%H%M%S}",
        force=force,
    )
    job.warehouse.migrate(now)
    publish(job.warehouse)
    if done.kept:
        show.line(f"what was there is kept: {done.kept}")
    show.line(f"restored and published: {job.warehouse.path}, {done.segments} archive segments")
