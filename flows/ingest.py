"""The flow `ingest`: dropped files and feeds in, tagged articles published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from flows.announce import announce, report_condition
from flows.plain_flow import plain_flow
from flows.prefect_report import publish_failing_feeds, publish_report
from flows.reports import failing_feeds, report_markdown
from flows.settings import load_settings
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import new_job
from flows.steps.shares import Share
from flows.tasks import SHARD, SHARDS, as_task, flow_run_id, share_words, trigger
from storage.reports import RunReport


def _name() -> str:
    from prefect.runtime import flow_run

    given = flow_run.parameters
    words = [f"ingest{share_words(given)}"]
    words.append(f"files of {given['seeds']}" if given.get("seeds") else "due feeds")
    if given.get("all_feeds"):
        words[-1] = "all feeds"
    if not given.get("pages", True):
        words.append("no pages")
    return ", ".join(words)


@plain_flow(name="ingest", flow_run_name=_name, validate_parameters=True)
def ingest(
    seeds: Annotated[
        Path | None,
        Field(description="Load this folder of dropped files and poll no feed."),
    ] = None,
    all_feeds: Annotated[bool, Field(description="Poll feeds that are not due as well.")] = False,
    pages: Annotated[
        bool, Field(description="Fetch the pages; without it they are left waiting.")
    ] = True,
    shard: SHARD = 0,
    shards: SHARDS = 1,
) -> RunReport:
    """Load dropped files, poll the feeds that are due, fetch, clean, date, tag and land their
    pages, and publish the read-only copy. With `shards`, of some servers only: other runs of
    other shards may be at work meanwhile.
    """
    settings = load_settings()
    job = new_job(settings, "ingest", share=Share(shard, shards))
    options = IngestOptions(
        seeds=seeds or settings.seeds, poll=seeds is None, everything=all_feeds, pages=pages
    )
    report = run_ingest(job, options, call=as_task, trigger=trigger(), flow_run_id=flow_run_id())
    announce(job)
    report_condition(job, report)
    publish_report(report_markdown(report), key="ingest-report")
    publish_failing_feeds(failing_feeds(report))
    return report
