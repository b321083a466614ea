"""`duckwire run`, `demo`, `up`, `reprocess`, `maintain`, `retry`, `forget`."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from extractors.errors import SettingsError
from extractors.text import counted
from flows.clock import utc_now
from flows.collecting import importing
from flows.commands import show
from flows.commands.options import Data, Direct, Json, NoPages
from flows.prefect_server import (
    exported,
    login_environment,
    own_server,
    prefect_environment,
)
from flows.settings import Settings, load_settings
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import new_job, readers_of
from flows.steps.summary import (
    QUERIES_TO_TRY,
    failure_lines,
    feed_line,
    numbers,
    report_json,
)
from flows.steps.topics import load_topics
from flows.warehouses import warehouse_of
from storage.reports import RunReport

_LONG_LIST = 40_000  # bytes: some four hundred feeds

Seeds = Annotated[
    Path | None, typer.Option("--seeds", help="Load this folder of files and poll no feed.")
]
Everything = Annotated[bool, typer.Option("--all", help="Poll feeds that are not due as well.")]


def run(
    data: Data = None,
    seeds: Seeds = None,
    everything: Everything = False,
    no_pages: NoPages = False,
    direct: Direct = False,
    as_json: Json = False,
) -> None:
    """Do the main job once: files and feeds in, tagged articles published."""
    settings = load_settings(data=data)
    started = time.monotonic()
    if not no_pages and seeds is None:
        _warm_up(settings)
    with show.progress():
        if direct:
            options = IngestOptions(
                seeds=seeds or settings.seeds,
                poll=seeds is None,
                everything=everything,
                pages=not no_pages,
            )
            report = run_ingest(new_job(settings, "ingest"), options)
        else:
            given = {"seeds": seeds, "all_feeds": everything, "pages": not no_pages}
            report = under_prefect(settings, "ingest", given)
    print_report(report, settings, time.monotonic() - started, as_json=as_json)


def _warm_up(settings: Settings) -> None:
    """Where many feeds are listed, start what will read them while this process still imports."""
    # What cannot be read is said where the run reads it.
    with suppress(OSError, SettingsError):
        if settings.workers > 1 and settings.feeds.stat().st_size >= _LONG_LIST:
            readers = readers_of(settings)
            readers.warm()
            readers.rehearse(load_topics(settings.topics))


def under_prefect(settings: Settings, name: str, given: dict[str, Any]) -> Any:
    """Run one flow in this process, seen by Prefect: the configured server, or one for the run.

    The flow reads its settings anew, so what the command line said goes through the environment.
    """
    said = {
        "DUCKWIRE_DATA": str(settings.data),
        # Errors end in one line of ours; Prefect's pages have the rest.
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        **_login(settings),
    }
    with ExitStack() as held:
        with importing():
            environment = {**prefect_environment(settings.data, os.environ), **said}
            held.enter_context(exported(environment))
            held.enter_context(own_server(settings.data))
            flow: Callable[..., Any] = getattr(import_module(f"flows.{name}"), name)
        return flow(**given)


def demo(data: Data = None, direct: Direct = False, as_json: Json = False) -> None:
    """Do the whole thing offline against a small newsroom served on loopback."""
    from flows.commands.demo import run_demo

    settings = load_settings(data=data)
    started = time.monotonic()
    with show.progress():
        report, used = run_demo(settings, direct=direct)
    print_report(report, used, time.monotonic() - started, as_json=as_json)


def up(data: Data = None) -> None:
    """Bring the desk up and keep it up: a Prefect server, the deployments and their schedules."""
    from flows.serve import up as bring_up

    settings = load_settings(data=data)
    with exported({"DUCKWIRE_DATA": str(settings.data), **_login(settings)}):
        status = bring_up(
            settings.data,
            ingest_every=settings.ingest_every,
            maintain=settings.maintain_every,
            port=settings.ui_port,
            beside=_answering(settings),
        )
    raise typer.Exit(status)


def _login(settings: Settings) -> dict[str, str]:
    login = settings.ui_login
    return login_environment(login.get_secret_value() if login else None, os.environ)


@contextmanager
def _answering(settings: Settings) -> Iterator[None]:
    """Answer /health and /metrics while the desk is up, where the settings say so."""
    if not settings.health_port:
        yield
        return
    from flows.health import serving

    with ExitStack() as answering:
        try:
            answering.enter_context(serving(settings, utc_now, port=settings.health_port))
        except OSError as error:
            raise SettingsError(
                f"port {settings.health_port} for /health and /metrics cannot be had: "
                f"{error.strerror}",
                remedy="set DUCKWIRE_HEALTH_PORT to a free one, or to 0 for none",
            ) from error
        yield


def maintain(data: Data = None, direct: Direct = False) -> None:
    """Do the daily upkeep now: crashed runs, stray files, the archive, the sums."""
    from flows.steps.maintain import run_maintain, upkeep_lines

    settings = load_settings(data=data)
    with show.progress():
        if direct:
            upkeep = run_maintain(new_job(settings, "maintain"))
        else:
            upkeep = under_prefect(settings, "maintain", {})
    for text in upkeep_lines(upkeep) or ["nothing to mend"]:
        show.line(show.clean(text))
    raise typer.Exit(1 if upkeep.findings or upkeep.broken else 0)


def reprocess(
    data: Data = None,
    pages: Annotated[bool, typer.Option(help="Extract archived pages again.")] = True,
    topics: Annotated[bool, typer.Option(help="Judge stored articles again.")] = True,
    skipped: Annotated[
        bool, typer.Option("--skipped", help="Fetch the pages that the topic gate passed over.")
    ] = False,
    direct: Direct = False,
) -> None:
    """Make derived rows again from what is kept, without the network (but for --skipped)."""
    from flows.steps.reprocess import run_reprocess

    settings = load_settings(data=data)
    given = {"pages": pages, "topics": topics, "skipped": skipped}
    with show.progress():
        if direct:
            changes = run_reprocess(
                new_job(settings, "reprocess"), pages=pages, topics=topics, skipped=skipped
            )
        else:
            changes = under_prefect(settings, "reprocess", given)
    extracted, judged = counted(changes.pages, "page"), counted(changes.judged, "article")
    show.line(f"{extracted} extracted again, {judged} judged again")
    if changes.shortened:
        show.line(
            f"{counted(changes.shortened, 'article')} read again less lines that their sites repeat"
        )
    if changes.released:
        released = counted(changes.released, "entry", "entries")
        show.line(f"fetched {released} that the topic gate had passed over")
    if changes.unreadable:
        show.line(f"left alone {counted(changes.unreadable, 'page')} whose bytes could not be read")
    for topic, title in changes.newly_on:
        show.line(f"newly on {topic}: {show.clean(title)}")
    for topic, title in changes.newly_off:
        show.line(f"no longer on {topic}: {show.clean(title)}")


def retry(
    data: Data = None,
    reason: Annotated[str | None, typer.Option(help="Only what failed for this reason.")] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="Only what this run left.")] = None,
) -> None:
    """Put failed pages and feeds back to waiting, so that the next run tries them."""
    from flows.steps.forget import run_retry

    job = new_job(load_settings(data=data), "retry")
    found = run_retry(job, reason=reason, run_id=run_id)
    show.line(
        f"waiting for the next run: {counted(found.pages, 'page')}, {counted(found.feeds, 'feed')}"
    )
    if found.files:
        show.line(f"{counted(found.files, 'file')} failed: every run reads its folder again anyway")


def forget(
    url: Annotated[str, typer.Argument(help="The article's address.")], data: Data = None
) -> None:
    """Remove an article with its versions, tags, bytes and published rows, for good."""
    from flows.steps.forget import run_forget

    gone = run_forget(new_job(load_settings(data=data), "forget"), url)
    show.line(
        f"forgotten: {counted(gone.articles, 'article')}, {counted(gone.pages, 'page')}, "
        f"{counted(gone.records, 'archived record')}; a tombstone keeps them out"
    )


def print_report(report: RunReport, settings: Settings, seconds: float, *, as_json: bool) -> None:
    """What a run did, for a terminal, a pipe or a machine."""
    warehouse = warehouse_of(settings)
    if as_json:
        show.as_json(report_json(report, warehouse, settings.archive_root))
        return
    show.table(f"{report.run_id}, {seconds:.0f} s", ("what", "how many"), numbers(report))
    for feed in report.slowest:
        show.line(f"slow    {show.clean(feed_line(feed))}")
    for line in failure_lines(report):
        show.line(show.clean(line))
    show.line()
    what = " (read-only copy; open it with any DuckDB)" if warehouse.target is None else ""
    show.line(f"database  {warehouse.name}{what}")
    show.line("try")
    where = "" if settings.data == Path("data").absolute() else f"--data {settings.data} "
    for query in QUERIES_TO_TRY:
        show.line(f'  duckwire sql {where}"{query}"')
