"""`duckwire backfill`: a past window filled with one command."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import timedelta
from math import ceil
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from extractors.errors import UsageError
from flows.commands import show
from flows.commands.options import Data, Direct, Json, NoPages
from flows.commands.run import under_prefect
from flows.settings import load_settings
from flows.steps.backfill import BackfillReport, run_backfill
from flows.steps.backfill_asks import check_request
from flows.steps.backfill_plan import BackfillPlan, plan_backfill
from flows.steps.backfill_report import (
    SOURCE_COLUMNS,
    backfill_json,
    day_row,
    duration,
    failed_line,
    left_lines,
    plan_json,
    plan_rows,
    source_row,
    windows_line,
)
from flows.steps.backfill_request import DEFAULT, BackfillRequest, moment, window_of
from flows.steps.job import new_job
from flows.steps.summary import numbers


def backfill(
    *,
    start: Annotated[
        str | None, typer.Option("--from", help="The first day, or an instant; UTC.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="The day after the last; now when left out.")
    ] = None,
    feeds: Annotated[
        list[str] | None, typer.Option(help="Only these feeds, by id or address, with commas.")
    ] = None,
    publishers: Annotated[
        list[str] | None, typer.Option(help="Only publishers with these words in their name.")
    ] = None,
    topic: Annotated[
        str | None, typer.Option(help="Fetch only what could concern this topic.")
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option(
            help=f"By default {','.join(DEFAULT)}; also ccnews, .csv, .txt, .warc.gz, folders."
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Fetch at most so many pages.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")
    ] = False,
    no_pages: NoPages = False,
    again: Annotated[
        bool, typer.Option("--again", help="Do what is done already once more.")
    ] = False,
    gaps: Annotated[
        bool, typer.Option("--gaps", help="Fill the possible gaps that polls have noted.")
    ] = False,
    data: Data = None,
    direct: Direct = False,
    as_json: Json = False,
) -> None:
    """Fill a past window from every source that has it; does only what is not done yet."""
    settings = load_settings(data=data)
    job = new_job(settings, "backfill")
    window = window_of(
        moment(start) if start else None, moment(end) if end else None, now=job.clock()
    )
    if window is None and not gaps:
        raise UsageError("a backfill needs a window", remedy="give --from and --to, or --gaps")
    request = BackfillRequest(
        window=window,
        feeds=_words(feeds),
        publishers=_words(publishers),
        topic=topic,
        sources=_words(sources) or DEFAULT,
        limit=limit,
        pages=not no_pages,
        again=again,
        gaps=gaps,
    )
    check_request(job, request)
    if dry_run:
        print_plan(plan_backfill(job, request), as_json=as_json)
        return
    began = time.monotonic()
    with bars():
        if direct:
            report = run_backfill(job, request)
        else:
            report = under_prefect(settings, "backfill", _given(request))
    print_backfill(report, time.monotonic() - began, as_json=as_json)


def _words(given: list[str] | None) -> tuple[str, ...]:
    return tuple(word for item in given or () for part in item.split(",") if (word := part.strip()))


def _given(request: BackfillRequest) -> dict[str, Any]:
    """The request as the flow's parameters."""
    given = asdict(request)
    given.pop("window")
    given |= {name: list(given[name]) for name in ("feeds", "publishers", "sources")}
    window = request.window
    bounds = {"from_date": window.start, "to_date": window.end} if window else {}
    return {**given, **bounds}


def print_plan(plan: BackfillPlan, *, as_json: bool) -> None:
    """What would be done, for a terminal, a pipe or a machine."""
    if as_json:
        show.as_json(plan_json(plan))
        return
    columns = ("source", "feed", "units", "done already", "items expected", "")
    show.table(f"plan for {windows_line(plan.windows)}", columns, plan_rows(plan))
    units = sum(line.units for line in plan.lines)
    show.line(f"{units} units known by now (each may name more), {plan.done_units} done before")
    show.line(f"at least {duration(plan.seconds)} at the hosts' pace; depth: {plan.depth}")


def print_backfill(report: BackfillReport, seconds: float, *, as_json: bool) -> None:
    """What was done, for a terminal, a pipe or a machine."""
    if as_json:
        show.as_json(backfill_json(report))
        return
    title = f"{report.run.run_id}, {windows_line(report.windows)}, {duration(seconds)}"
    show.table(title, SOURCE_COLUMNS, map(source_row, report.sources))
    show.table("", ("what", "how many"), numbers(report.run)[3:])
    show.table(
        "landed by day of publication",
        ("day", "articles", "on topic"),
        map(day_row, report.days),
    )
    for unit in report.failed:
        show.line(f"failed  {show.clean(failed_line(unit))}")
    for text in left_lines(report):
        show.line(show.clean(text))


_NARROW = 72  # columns of a terminal below which the time so far is left out
_SPARE = 4  # columns that stay free: the ^C that a terminal shows must not break a line


def _pace(task: Task) -> float | None:
    """Items a second: lately, or since the task began when nothing came lately."""
    if speed := task.finished_speed or task.speed:
        return speed
    return task.completed / task.elapsed if task.completed and task.elapsed else None


class _RateColumn(ProgressColumn):
    """How fast it goes."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        pace = _pace(task)
        return Text(f"{pace:.1f}/s" if pace else "", style="progress.data.speed")


class _LeftColumn(ProgressColumn):
    """How long it will take from now."""

    max_refresh = 0.5

    def render(self, task: Task) -> Text:
        pace, left = _pace(task), "?"
        if pace and task.remaining is not None:
            left = str(timedelta(seconds=ceil(task.remaining / pace)))
        return Text("" if task.finished else f"{left} left", style="progress.remaining")


def bars() -> AbstractContextManager[None]:
    """Show how far a backfill is: a bar a source on a terminal, a few lines elsewhere."""
    wide = show.err.width >= _NARROW
    return show.progress(
        TextColumn("{task.description:>9}"),
        BarColumn(bar_width=max(5, min(40, show.err.width - (60 if wide else 50) - _SPARE))),
        MofNCompleteColumn(),
        _RateColumn(),
        *([TimeElapsedColumn()] if wide else []),
        _LeftColumn(),
    )
