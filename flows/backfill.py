"""The flow `backfill`: a past window filled from every source that has it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from prefect import flow
from pydantic import Field

from flows.prefect_report import escape_markdown, publish_report
from flows.settings import load_settings
from flows.steps.backfill import BackfillReport, run_backfill
from flows.steps.backfill_joined import joined
from flows.steps.backfill_report import (
    SOURCE_COLUMNS,
    day_row,
    failed_line,
    left_lines,
    source_row,
    windows_line,
)
from flows.steps.backfill_request import DEFAULT, NAMES, BackfillRequest, suits_a_cluster, window_of
from flows.steps.job import new_job
from flows.steps.shares import Share
from flows.tasks import SHARD, SHARDS, as_task, flow_run_id, share_words, trigger


def _name() -> str:
    from prefect.runtime import flow_run

    given = flow_run.parameters
    words = [str(given[key])[:10] for key in ("from_date", "to_date") if given.get(key)]
    return f"backfill{share_words(given)} " + (" to ".join(words) or "the gaps")


@flow(name="backfill", flow_run_name=_name, validate_parameters=True)
def backfill(
    *,
    from_date: Annotated[
        datetime | None, Field(description="Where the window begins, UTC; a day is its midnight.")
    ] = None,
    to_date: Annotated[
        datetime | None, Field(description="Where it ends, not included; now when left out.")
    ] = None,
    feeds: Annotated[
        list[str], Field(description="Only these feeds, by id or address; all when left out.")
    ] = [],  # noqa: B006  (Prefect shows it in its form)
    publishers: Annotated[
        list[str], Field(description="Only feeds of publishers with these words in their name.")
    ] = [],  # noqa: B006
    topic: Annotated[
        str | None,
        Field(description="Fetch only pages whose title or address could concern this topic."),
    ] = None,
    sources: Annotated[
        list[str],
        Field(description=f"Of {', '.join(NAMES)}; or .csv, .txt and .warc.gz files, folders."),
    ] = list(DEFAULT),  # noqa: B006
    limit: Annotated[
        int | None, Field(ge=1, description="Fetch at most so many pages; the rest waits.")
    ] = None,
    pages: Annotated[
        bool, Field(description="Fetch the pages; without it they are left waiting.")
    ] = True,
    again: Annotated[bool, Field(description="Do what is done already once more.")] = False,
    gaps: Annotated[
        bool, Field(description="Fill the possible gaps that polls have noted.")
    ] = False,
    shard: SHARD = 0,
    shards: SHARDS = 1,
) -> BackfillReport:
    """Fill a past window, published-at, half-open, in UTC; do only what is not done yet.

    It takes turns with the live runs, and a run that was stopped goes on when it is started again
    with the same parameters. With `shards`, pages of some servers only are fetched: other
    runs of other shards may do theirs meanwhile.
    """
    settings = load_settings()
    job = new_job(settings, "backfill", share=Share(shard, shards))
    request = BackfillRequest(
        window=window_of(from_date, to_date, now=job.clock()),
        feeds=tuple(feeds),
        publishers=tuple(publishers),
        topic=topic,
        sources=tuple(sources),
        limit=limit,
        pages=pages,
        again=again,
        gaps=gaps,
    )
    if settings.dask and job.share.whole and suits_a_cluster(request):
        from flows.dask import dask_runner

        on_cluster = backfill_on_cluster.with_options(task_runner=dask_runner(settings.dask))
        return _published(on_cluster(request, (trigger(), flow_run_id())))
    report = run_backfill(
        job,
        request,
        call=as_task,
        trigger=trigger(),
        flow_run_id=flow_run_id(),
        tell=_Progress().tell,
    )
    return _published(report)


@flow(
    name="backfill on a cluster", flow_run_name="backfill on a cluster", validate_parameters=False
)
def backfill_on_cluster(request: BackfillRequest, seen: tuple[str, str | None]) -> BackfillReport:
    """As `backfill`, which calls it for CC-NEWS when DUCKWIRE_DASK is set, in shares."""
    from flows.dask import fill_on_cluster

    return joined(fill_on_cluster(load_settings(), request, seen))


def _published(report: BackfillReport) -> BackfillReport:
    publish_report(backfill_markdown(report), key="backfill-report")
    return report


class _Progress:
    """A progress artifact for each part of the work, made when it is first heard of."""

    def __init__(self) -> None:
        self._made: dict[str, UUID] = {}

    def tell(self, part: str, done: int, left: int) -> None:
        """Show how much of a part is done, in percent."""
        from prefect.artifacts import create_progress_artifact, update_progress_artifact

        percent = 100.0 * done / (done + left) if done + left else 100.0
        description = f"{part}: {done} done, {left} left"
        if part in self._made:
            update_progress_artifact(self._made[part], percent, description=description)
            return
        made = create_progress_artifact(percent, key=f"backfill-{part}", description=description)
        if isinstance(made, UUID):
            self._made[part] = made


def backfill_markdown(report: BackfillReport) -> str:
    """What a backfill did, for Prefect's pages; foreign text is escaped."""
    lines = [f"# {report.run.run_id}", "", escape_markdown(windows_line(report.windows)), ""]
    lines += _table(SOURCE_COLUMNS, [source_row(line) for line in report.sources])
    if report.days:
        lines += ["", "## Landed by day of publication", ""]
        lines += _table(("day", "articles", "on topic"), [day_row(line) for line in report.days])
    if report.failed:
        lines += ["", "## Failed", ""]
        lines += [f"- {escape_markdown(failed_line(unit))}" for unit in report.failed]
    rest = left_lines(report)
    if rest:
        lines += ["", "## What is left", ""]
        lines += [f"- {escape_markdown(text)}" for text in rest]
    return "\n".join(lines)


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    head = f"| {' | '.join(columns)} |"
    rule = f"| --- |{' ---: |' * (len(columns) - 1)}"
    return [head, rule, *(f"| {' | '.join(map(escape_markdown, row))} |" for row in rows)]
