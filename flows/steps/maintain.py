"""Daily upkeep: crashed runs named, old rows dropped, the archive and the sums checked."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta

from extractors.text import counted
from flows.steps.ingest import Call, directly, publish_if_due
from flows.steps.job import Job
from flows.steps.turns import at_work, process_is_gone
from storage.archive import (
    BrokenRecord,
    TornTail,
    broken_records,
    cut_torn_tails,
    share_of_segments,
)
from storage.compaction import Compacted, compact
from storage.forgetting import finish_forgetting
from storage.ledger import mark_crashed
from storage.retention import Dropped, drop_pages, drop_polls, drop_segments, old_segments
from storage.targets.naming import LakeTarget
from storage.targets.tidying import Tidied, tidy_lake
from storage.upkeep import (
    checkpoint,
    drop_expired_leases,
    findings,
    last_landed,
    last_upkeep,
    note_broken,
    note_torn,
    running_runs,
)

_STRAY_AFTER = timedelta(hours=1)
_NOTHING = Dropped()
# A run that was at work during the last upkeep may have died since.
_TORN_SINCE = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What maintenance found and did."""

    crashed: tuple[str, ...]
    findings: tuple[str, ...]
    torn: tuple[TornTail, ...]
    stray_files: int
    dropped: Dropped = _NOTHING
    verified: int = 0
    broken: tuple[BrokenRecord, ...] = ()
    compacted: Compacted | None = None
    tidied: Tidied | None = None


def run_maintain(
    job: Job, *, call: Call = directly, trigger: str = "manual", flow_run_id: str | None = None
) -> Upkeep:
    """Do the daily upkeep and publish; raises Busy or StorageError when it cannot."""
    with at_work(job, trigger=trigger, parameters={}, flow_run_id=flow_run_id):
        crashed = call("name crashed runs", name_crashed, job)
        torn = call("check the archive", check_archive, job)
        dropped = call("drop what is old", drop_old, job)
        verified, broken = call("verify the archive", verify_archive, job)
        stray = call("clear stray files", clear_stray_files, job)
        found = call("check the sums", check_sums, job)
    # The lease's heartbeat has ended: nobody in this process holds the file while it is replaced.
    compacted = call("compact the file", compact_file, job)
    tidied = call("tidy the lake", tidy, job)
    call("publish", publish_if_due, job, True)
    return Upkeep(
        tuple(crashed),
        tuple(found),
        tuple(torn),
        stray,
        dropped=dropped,
        verified=verified,
        broken=tuple(broken),
        compacted=compacted,
        tidied=tidied,
    )


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
    """Cut off what a killed process left half-written, and end a removal that was killed.

    Looks at what was written since shortly before the last upkeep; the whole archive the first
    time. What was cut is said in the detail of the run that left it.
    """
    root = job.settings.archive_root
    with job.warehouse.session() as session:
        finish_forgetting(session, root)
        last, landed = last_upkeep(session), last_landed(session)
    torn = cut_torn_tails(root, last - _TORN_SINCE if last else None, landed)
    if torn:
        with job.warehouse.session() as session:
            note_torn(session, torn)
    return torn


def drop_old(job: Job) -> Dropped:
    """Drop polls, pages' rows and archive segments older than the settings keep them."""
    settings = job.settings
    now = job.clock()
    polls = pages = segments = 0
    with job.warehouse.session() as session:
        if settings.keep_polls_days:
            polls = drop_polls(session, now - timedelta(days=settings.keep_polls_days))
        if settings.keep_pages_days:
            pages = drop_pages(session, now - timedelta(days=settings.keep_pages_days))
        if settings.keep_archive_days:
            before = now - timedelta(days=settings.keep_archive_days)
            root = settings.archive_root
            segments = drop_segments(session, root, old_segments(root, before))
    return Dropped(polls, pages, segments)


def verify_archive(job: Job) -> tuple[int, list[BrokenRecord]]:
    """Read this upkeep's share of the segments; returns how many, and what does not hold."""
    root, turns = job.settings.archive_root, job.settings.verify_turns
    now = job.clock()
    names = share_of_segments(root, turn=now.toordinal(), turns=turns) if turns else []
    broken = [item for name in names for item in broken_records(root, name)]
    if names:
        with job.warehouse.session() as session:
            note_broken(session, names, broken, run_id=job.run_id, now=now)
    return len(names), broken


def compact_file(job: Job) -> Compacted | None:
    """Write the working file anew when much of it is free; a shared warehouse has none."""
    if job.warehouse.target is not None:
        return None
    return compact(job.warehouse, share=job.settings.compact_share)


def tidy(job: Job) -> Tidied | None:
    """Expire a DuckLake's old snapshots and compact its files; other warehouses have none."""
    keep = timedelta(days=job.settings.keep_snapshots_days)
    return tidy_lake(job.warehouse, now=job.clock(), keep=keep)


def clear_stray_files(job: Job) -> int:
    """Remove half-made copies, backups and rewritten files that a killed process left."""
    oldest = (job.clock() - _STRAY_AFTER).timestamp()
    data = job.settings.data
    half_made = [
        *data.glob(".*.duckdb.*.part*"),
        *(data / "backups").glob(".*.part"),
    ]
    stray = [path for path in half_made if path.stat().st_mtime < oldest]
    for path in stray:
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(stray)


def check_sums(job: Job) -> list[str]:
    """Run the queries that must find nothing, and fold the write-ahead log in."""
    with job.warehouse.session() as session:
        found = findings(session)
        if not isinstance(job.warehouse.target, LakeTarget):  # which is tidied instead
            checkpoint(session)
    return found


def upkeep_lines(upkeep: Upkeep) -> list[str]:
    """What was found and done, a line each, for people; empty when there was nothing."""
    lines = [f"run {run_id}: its process was gone, marked crashed" for run_id in upkeep.crashed]
    lines += [
        f"{torn.file}: cut off {torn.cut} bytes of a half-written record" for torn in upkeep.torn
    ]
    lines += [
        f"{item.file} at {item.offset}: {item.why}; restore the segment from a backup"
        for item in upkeep.broken
    ]
    lines += [f"wrong: {found}" for found in upkeep.findings]
    gone = upkeep.dropped
    if gone.polls or gone.pages or gone.segments:
        lines.append(
            f"dropped as old: {counted(gone.polls, 'poll')}, {counted(gone.pages, 'page')}, "
            f"{counted(gone.segments, 'archive segment')}"
        )
    if upkeep.stray_files:
        lines.append(f"removed {counted(upkeep.stray_files, 'half-made file')}")
    if upkeep.verified:
        lines.append(f"verified {counted(upkeep.verified, 'archive segment')}")
    if upkeep.compacted:
        before, after = upkeep.compacted.before / 1e6, upkeep.compacted.after / 1e6
        lines.append(f"compacted the working file from {before:.1f} to {after:.1f} MB")
    if upkeep.tidied and upkeep.tidied != Tidied(0, 0, 0, 0):
        done = upkeep.tidied
        lines.append(
            f"tidied the lake: {counted(done.expired, 'snapshot')} expired, "
            f"{counted(done.merged, 'file')} made into {done.made}, "
            f"{counted(done.removed, 'file')} removed"
        )
    return lines
