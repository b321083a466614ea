"""Daily upkeep: crashed runs named, leases and stray files cleared, the sums checked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flows.steps.ingest import Call, directly, publish_if_due
from flows.steps.job import Job
from flows.steps.turns import at_work, process_is_gone
from storage.archive import TornTail, cut_torn_tails
from storage.forgetting import finish_forgetting
from storage.ledger import mark_crashed
from storage.upkeep import checkpoint, drop_expired_leases, findings, running_runs

_STRAY_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What maintenance found and did."""

    crashed: tuple[str, ...]
    findings: tuple[str, ...]
    torn: tuple[TornTail, ...]
    stray_files: int


def run_maintain(
    job: Job, *, call: Call = directly, trigger: str = "manual", flow_run_id: str | None = None
) -> Upkeep:
    """Do the daily upkeep and publish; raises Busy or StorageError when it cannot."""
    with at_work(job, trigger=trigger, parameters={}, flow_run_id=flow_run_id):
        crashed = call("name crashed runs", name_crashed, job)
        torn = call("check the archive", check_archive, job)
        stray = call("clear stray files", clear_stray_files, job)
        found = call("check the sums", check_sums, job)
    call("publish", publish_if_due, job, True)
    return Upkeep(tuple(crashed), tuple(found), tuple(torn), stray)


def name_crashed(job: Job) -> list[str]:
    """Mark runs crashed that say they are running and whose process on this machine is gone."""
    now = job.clock()
    crashed = []
    with job.warehouse.session() as session:
        for run_id, host, pid in running_runs(session):
            ours = run_id == job.run_id
            if not ours and host == job.worker.host and process_is_gone(pid):
                mark_crashed(session, run_id, now=now)
                crashed.append(run_id)
        drop_expired_leases(session, now=now)
    return crashed


def check_archive(job: Job) -> list[TornTail]:
    """Cut off what a killed process left half-written, and end a removal that was killed."""
    root = job.settings.archive_root
    with job.warehouse.session() as session:
        finish_forgetting(session, root)
    return cut_torn_tails(root)


def clear_stray_files(job: Job) -> int:
    """Remove half-made published copies that a killed process left."""
    oldest = (job.clock() - _STRAY_AFTER).timestamp()
    stray = [p for p in job.settings.data.glob(".news.duckdb.*.part") if p.stat().st_mtime < oldest]
    for path in stray:
        path.unlink(missing_ok=True)
    return len(stray)


def check_sums(job: Job) -> list[str]:
    """Run the queries that must find nothing, and fold the write-ahead log in."""
    with job.warehouse.session() as session:
        found = findings(session)
        checkpoint(session)
    return found
