"""What keeps many processors busy, on a Dask cluster, through Prefect's own task runner.

An optional extra (`prefect-dask`). On one machine it gains nothing over our own processes; it is
for a `reprocess` of millions of pages, or a backfill from CC-NEWS, on many machines. The archive
has to lie where all workers see it.

Pages are read again a few at a task, and only this process writes to the warehouse. A backfill's
workers take files out of the ledger, two at a time, and land what is in them: each works as a run
of one share does, with leases of its own, so that what a dead one had begun is taken over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.context import FlowRunContext

from extractors.errors import SettingsError
from flows.settings import Settings
from flows.steps.again import Found, read_here
from flows.steps.backfill import BackfillReport, run_backfill
from flows.steps.backfill_request import BackfillRequest
from flows.steps.job import Job, new_job
from flows.steps.shares import Share
from flows.tasks import RETRIED, begin
from storage.host_lines import Habits
from storage.ledger import Worker
from storage.work import StoredPage

PAGES_A_TASK = 25
_LOCAL = "local:"
_SCHEMES = ("tcp", "tls", "ws", "wss", "ucx")  # of a Dask scheduler


def dask_runner(where: str) -> Any:
    """The task runner for `DUCKWIRE_DASK`: a scheduler's address, or local:<processes>.

    Raises SettingsError when that is neither, or when the extra is not installed.
    """
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise SettingsError(
            "DUCKWIRE_DASK is set and prefect-dask is not installed",
            remedy="install Duckwire with its extra: pip install -e '.[dask]'",
        ) from error
    if where.partition("://")[0] in _SCHEMES:
        return DaskTaskRunner(address=where)
    count = where.removeprefix(_LOCAL)
    if not (where.startswith(_LOCAL) and count.isdigit() and int(count)):
        raise SettingsError(
            "DUCKWIRE_DASK is no Dask cluster",
            remedy="give local:2 or a scheduler's tcp://host:8786",
        )
    return DaskTaskRunner(
        cluster_kwargs={
            "n_workers": int(count),
            "threads_per_worker": 1,
            "dashboard_address": None,
        }
    )


def read_some(
    settings: Settings, worker: Worker, found: Sequence[StoredPage], known: Habits
) -> list[Found]:
    """Read some archived pages, as a worker of the cluster is asked to."""
    return list(read_here(Job(settings, worker, "reprocess"), found, known))


def _read_name() -> str:
    """Called where the task runs, so that Prefect's pages show who did it."""
    from distributed import get_worker

    return f"read pages again, worker {get_worker().name}"


# Not as a decorator: the function has to be found by its name in the worker.
_READ_SOME = Task(
    read_some,
    name="read pages again",
    task_run_name=_read_name,
    cache_policy=NO_CACHE,
    persist_result=False,
)


def read_on_cluster(job: Job, found: Sequence[StoredPage], known: Habits) -> Iterator[Found]:
    """As `again.read_here`, spread over the cluster of the flow that this is called in."""
    # The cluster has a worker for each core: each needs one reader.
    settings = job.settings.model_copy(update={"workers": 1})
    parts = [found[at : at + PAGES_A_TASK] for at in range(0, len(found), PAGES_A_TASK)]
    for _ in parts:
        begin()
    reading = [_READ_SOME.submit(settings, job.worker, part, known) for part in parts]
    for future in reading:
        yield from future.result()


def fill_share(
    settings: Settings, request: BackfillRequest, share: Share, seen: tuple[str, str | None]
) -> BackfillReport:
    """Fill a share of a window, as a worker of the cluster is asked to: a run of its own.

    `seen` is what started the flow, and its id in Prefect.
    """
    job = new_job(settings, "backfill", share=share)
    trigger, flow_run = seen
    return run_backfill(job, request, trigger=trigger, flow_run_id=flow_run)


_FILL_SHARE = Task(
    fill_share,
    name="fill a share",
    cache_policy=NO_CACHE,
    persist_result=False,
    **RETRIED,
)


def fill_on_cluster(
    settings: Settings, request: BackfillRequest, seen: tuple[str, str | None]
) -> list[BackfillReport]:
    """Fill a window in as many shares as the cluster of the calling flow does at once.

    `seen` is what started the flow, and its id in Prefect. The report of each share comes back.
    """
    count = max(1, sum(_threads().values()))
    settings = settings.model_copy(update={"workers": 1})
    for _ in range(count):
        begin()
    filling = [
        _FILL_SHARE.submit(settings, request, Share(shard, count), seen) for shard in range(count)
    ]
    return [future.result() for future in filling]


def _threads() -> dict[str, int]:
    """How many tasks each worker of the running flow's cluster does at once."""
    context = FlowRunContext.get()
    if context is None:
        raise RuntimeError("no flow is running here")
    runner: Any = context.task_runner
    threads: dict[str, int] = runner.client.nthreads()
    return threads
