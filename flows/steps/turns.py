"""Taking turns: one run at a time works on a warehouse, and says when it begins and ends.

Runs that each have a share of the servers work at once; each share is one run's at a time.
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flows.steps.job import Job
from flows.steps.progress import listener
from flows.steps.shares import WHOLE_LEASE
from flows.steps.sitting import in_thread
from flows.steps.telling import telling
from storage.errors import StorageError
from storage.landing import group_waiting
from storage.ledger import (
    LeaseHolder,
    acquire,
    end_run,
    mark_crashed,
    release,
    rivals,
    start_run,
)

_KEEP = timedelta(minutes=5)
_RENEW_S = 60.0
# A renewal waits for the file in short goes, so that the end of a run need not wait for it long.
_RENEW_WAIT_S = 2.0
_RENEW_AGAIN_S = 1.0
_ASK_S = 0.5
REST_S = 2 * _ASK_S


class Busy(StorageError):
    """Another run is at work and did not finish while we waited."""


@contextmanager
def at_work(
    job: Job,
    *,
    trigger: str,
    parameters: Mapping[str, Any],
    flow_run_id: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold the warehouse's turn around a run, with its row in `runs` opened and closed.

    Brings the schema up to date first. A holder whose process on this machine is gone gives way at
    once, one elsewhere when its lease runs out. Raises Busy when the wait is over.
    """
    job.warehouse.migrate(job.clock())
    with (
        telling(job.teller, job.clock),
        Turn(job, sleep=sleep),
        logged(job, trigger, parameters, flow_run_id),
    ):
        yield


@contextmanager
def logged(
    job: Job, trigger: str, parameters: Mapping[str, Any], flow_run_id: str | None
) -> Iterator[None]:
    """Open a run's row in `runs`, and close it as what stands around the block ends."""
    job.teller.event("run started", job.clock(), kind=job.kind, trigger=trigger)
    try:
        with job.warehouse.session() as session:
            start_run(
                session,
                job.worker,
                kind=job.kind,
                trigger=trigger,
                parameters=json.dumps(dict(parameters), default=str),
                version=version("duckwire"),
                flow_run_id=flow_run_id,
                now=job.clock(),
            )
            group_waiting(session)  # what a killed run left
        yield
        _close(job, "done", None)
    except BaseException as error:
        # What stopped the run is what is told, even when the file cannot be had to note it.
        with suppress(StorageError):
            _close(job, "failed", _told(error))
        raise


def _told(error: BaseException) -> str:
    if not isinstance(error, Exception):  # Ctrl-C, SIGTERM, or the end of what it was part of
        return "it was stopped; what it had landed is kept"
    return f"{type(error).__name__}: {str(error)[:500]}"


class Turn:
    """The warehouse's turn, held inside the block; `rest` lets whoever waits go first.

    Waits for it as long as the settings say, or with `patient` as long as it takes. Raises Busy.
    """

    def __init__(
        self, job: Job, *, sleep: Callable[[float], None] = time.sleep, patient: bool = False
    ) -> None:
        self._job, self._sleep = job, sleep
        self._patience_s = None if patient else job.settings.lease_wait_s
        self._stop = threading.Event()
        self._beat: threading.Thread | None = None

    def __enter__(self) -> Turn:
        _wait_for_turn(self._job, self._sleep, self._patience_s)
        self._keep()
        return self

    def _keep(self) -> None:
        self._stop = threading.Event()
        self._beat = threading.Thread(
            target=_renew, args=(self._job, self._stop), daemon=True, name="lease"
        )
        self._beat.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._beat is not None:
            # However long it waits for the file, which is not long: a renewal that came later would
            # outlive the run, and a thread that is in DuckDB when the interpreter ends takes the
            # process down.
            self._beat.join()
        # A lease that cannot be given back gives way by itself once this process is gone.
        with suppress(StorageError), self._job.warehouse.session() as session:
            release(session, self._job.share.lease, self._job.run_id)

    async def rest(self) -> None:
        """Give the turn back for long enough that a run that waits takes it, then wait for it.

        It waits as long as it takes; one that is cancelled meanwhile has no turn.
        """
        await in_thread(self.__exit__)
        await asyncio.sleep(REST_S)
        told = False
        while holder := await in_thread(_try, self._job):
            told = told or _said(holder)
            await asyncio.sleep(_ASK_S)
        self._keep()


def process_is_gone(pid: int) -> bool:
    """Whether no process of this id lives on this machine (a zombie counts as gone)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    try:
        status = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[:1] == ["Z"]


def _wait_for_turn(job: Job, sleep: Callable[[float], None], patience_s: float | None) -> None:
    waited, told = 0.0, False
    while True:
        holder = _try(job)
        if holder is None:
            return
        if patience_s is not None and waited >= patience_s:
            raise Busy(
                f"run {holder.run_id} (process {holder.pid} on {holder.host}) is at work and did "
                f"not finish in {waited:.0f} s: nothing was done, run again later."
            )
        told = told or _said(holder)
        sleep(_ASK_S)
        waited += _ASK_S


def _said(holder: LeaseHolder) -> bool:
    listener().say(f"waiting for run {holder.run_id} (process {holder.pid}) to finish")
    return True


def _try(job: Job) -> LeaseHolder | None:
    now = job.clock()
    name = job.share.lease
    with job.warehouse.session() as session:
        for other, holder in rivals(session, name, job.run_id, whole=WHOLE_LEASE, now=now):
            if not _is_gone(job, holder):
                return holder
            release(session, other, holder.run_id)
            mark_crashed(session, holder.run_id, now=now)
        holds = acquire(session, name, job.worker, now=now, keep=_KEEP)
        if holds and _is_gone(job, holds):
            holds = acquire(session, name, job.worker, now=now, keep=_KEEP, gone=True)
    return holds


def _is_gone(job: Job, holder: LeaseHolder) -> bool:
    return holder.host == job.worker.host and process_is_gone(holder.pid)


def _renew(job: Job, stop: threading.Event) -> None:
    """Keep the lease alive; a file that cannot be had is soon tried again."""
    pause = _RENEW_S
    while not stop.wait(pause):
        try:
            with job.warehouse.session(wait_s=_RENEW_WAIT_S) as session:
                acquire(session, job.share.lease, job.worker, now=job.clock(), keep=_KEEP)
            pause = _RENEW_S
        except StorageError:
            pause = _RENEW_AGAIN_S


def _close(job: Job, state: str, detail: str | None) -> None:
    job.times.keep(job.settings.data, job.kind)
    spent, counted = job.times.seconds, job.times.items
    job.teller.event(
        "run ended", job.clock(), state=state, detail=detail, seconds=spent, items=counted
    )
    with job.warehouse.session() as session:
        end_run(session, job.run_id, state=state, detail=detail, now=job.clock())
