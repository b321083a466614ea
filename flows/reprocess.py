"""The flow `reprocess`: derived rows made again from what is kept, without the network."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.prefect_report import publish_report
from flows.reports import changes_markdown
from flows.settings import load_settings
from flows.steps.job import new_job
from flows.steps.reprocess import Changes, run_reprocess
from flows.tasks import as_task, flow_run_id, trigger


@flow(name="reprocess", flow_run_name="reprocess")
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
    job = new_job(load_settings(), "reprocess")
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
