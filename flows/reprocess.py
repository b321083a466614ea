"""The flow `reprocess`: derived rows made again from what is kept, without the network."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.plain_flow import plain_flow
from flows.prefect_report import publish_report
from flows.reports import changes_markdown
from flows.settings import load_settings
from flows.steps.job import Job, new_job
from flows.steps.reprocess import Changes, run_reprocess
from flows.tasks import as_task, flow_run_id, trigger


@plain_flow(name="reprocess", flow_run_name="reprocess")
def reprocess(
    pages: Annotated[
        bool, Field(description="Extract again what another extractor version read.")
    ] = True,
    topics: Annotated[
        bool, Field(description="Judge again what another topic definition judged.")
    ] = True,
    skipped: Annotated[
        bool, Field(description="Fetch the pages that the topic gate passed over.")
    ] = False,
) -> Changes:
    """Make derived rows again: articles out of archived pages, judgements out of stored texts."""
    settings = load_settings()
    if not settings.dask:
        return _reprocess(new_job(settings, "reprocess"), pages, topics, skipped)
    from flows.dask import dask_runner

    return reprocess_on_cluster.with_options(task_runner=dask_runner(settings.dask))(
        pages=pages, topics=topics, skipped=skipped
    )


@flow(name="reprocess on a cluster", flow_run_name="reprocess on a cluster")
def reprocess_on_cluster(pages: bool, topics: bool, skipped: bool) -> Changes:
    """As `reprocess`, which calls it when DUCKWIRE_DASK is set: pages are read by the cluster."""
    from flows.dask import read_on_cluster

    job = replace(new_job(load_settings(), "reprocess"), spread=read_on_cluster)
    return _reprocess(job, pages, topics, skipped)


def _reprocess(job: Job, pages: bool, topics: bool, skipped: bool) -> Changes:
    changes = run_reprocess(
        job,
        pages=pages,
        topics=topics,
        skipped=skipped,
        call=as_task,
        trigger=trigger(),
        flow_run_id=flow_run_id(),
    )
    publish_report(changes_markdown(changes), key="reprocess-report")
    return changes
