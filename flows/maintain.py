"""The flow `maintain`: daily upkeep of the warehouse and the archive."""

from __future__ import annotations

from prefect import flow

from flows.prefect_report import publish_report
from flows.reports import upkeep_markdown
from flows.settings import load_settings
from flows.steps.job import new_job
from flows.steps.maintain import Upkeep, run_maintain
from flows.tasks import as_task, flow_run_id, trigger


@flow(name="maintain", flow_run_name="maintain")
def maintain() -> Upkeep:
    """Name crashed runs, clear what killed processes left, check the archive and the sums."""
    job = new_job(load_settings(), "maintain")
    upkeep = run_maintain(job, call=as_task, trigger=trigger(), flow_run_id=flow_run_id())
    publish_report(upkeep_markdown(upkeep), key="maintain-report")
    return upkeep
