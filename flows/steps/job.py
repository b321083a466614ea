"""What every step of one run is given: settings, who runs, the warehouse, and the clock."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flows.clock import utc_now
from flows.net.client import Client
from flows.net.door import Fetcher
from flows.settings import Settings
from flows.steps.readers import Readers, readers
from flows.steps.shares import WHOLE, Share
from flows.steps.telling import Teller, Times
from flows.warehouses import warehouse_of
from storage.ledger import Worker
from storage.warehouse import Warehouse

Clock = Callable[[], datetime]
# How a run opens its door to the network; tests hand in a fake.
Door = Callable[["Job"], AbstractAsyncContextManager[Fetcher]]


def network(job: Job) -> AbstractAsyncContextManager[Fetcher]:
    """The real network, within the settings' bounds."""
    return Client(job.settings.net, clock=job.clock)


@dataclass(frozen=True)
class Job:
    """One run at work. `kind` is the flow's name; nothing here is a connection."""

    settings: Settings
    worker: Worker
    kind: str
    clock: Clock = utc_now
    door: Door = network
    share: Share = WHOLE
    # How archived pages are read when not in this machine's processes; see `flows.steps.again`.
    spread: Callable[..., Iterator[Any]] | None = None
    times: Times = field(default_factory=Times, compare=False)

    @property
    def run_id(self) -> str:
        """The run's id, on every row it lands."""
        return self.worker.run_id

    @property
    def warehouse(self) -> Warehouse:
        """The warehouse this run works on."""
        return warehouse_of(self.settings)

    @property
    def teller(self) -> Teller:
        """Where this run tells of its events."""
        return Teller(self.run_id, self.settings.log == "json")

    @property
    def readers(self) -> Readers:
        """The warm processes that read pages, shared by all runs of this process."""
        return readers_of(self.settings)


def readers_of(settings: Settings) -> Readers:
    """The processes that read pages within these settings' bounds."""
    return readers(settings.workers, settings.page_s, settings.page_mb * 1_000_000)


def new_job(
    settings: Settings,
    kind: str,
    *,
    clock: Clock = utc_now,
    door: Door = network,
    share: Share = WHOLE,
) -> Job:
    """Name a new run: its kind, the time it starts and a few random letters."""
    run_id = f"{kind}-{clock():%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
    worker = Worker(run_id, socket.gethostname(), os.getpid())
    return Job(settings, worker, kind, clock, door, share)
