"""What a run of this process under Prefect spares itself, and how it loses no record at its end.

Prefect is imported when a function is called, not before: it reads its settings only once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread

from flows.prefect_api import open_api

DRAIN_TIMEOUT_S = 20.0  # 200 task runs take 2 s
# Mostly all is there at once; if not, the server has up to a second before it writes again.
_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.1


@contextmanager
def without_heartbeats(environ: Mapping[str, str]) -> Iterator[None]:
    """Let flows send no signs of life, unless the user says how often.

    Whether a process of ours lives is told from its tag. A flow with heartbeats waits up to a
    second for their end, and at Prefect's usual three minutes between two, an Automation that
    misses them after 90 seconds would call it crashed.
    """
    if "PREFECT_FLOWS_HEARTBEAT_FREQUENCY" in environ:
        yield
        return
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings(updates={PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def send_all() -> None:
    """Send the events and logs that this process still holds."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    # Told to stop with events left, the worker sends them and warns of them in the terminal.
    sending = Thread(target=EventsWorker.instance().wait_until_empty, daemon=True)
    sending.start()
    sending.join(timeout=5)
    EventsWorker.drain_all(timeout=5)
    APILogWorker.drain_all(timeout=5)


def drain(tag: str, *, timeout: float = DRAIN_TIMEOUT_S, settle: float = 1.5) -> bool:
    """Wait until every task run of this process's flows is final, once all has been sent.

    `tag` is on the flow runs in question. Task runs reach the database by way of events that the
    server writes once a second. As many must be there as `flows.tasks` began in this
    process; where that does not know of all, their number must stand still for `settle` seconds.
    Returns False when `timeout` seconds were not enough.
    """
    from flows.tasks import begun

    of_tag = {"flow_runs": {"tags": {"all_": [tag]}}}
    final = {"state": {"type": {"any_": ["COMPLETED", "FAILED", "CANCELLED", "CRASHED"]}}}
    deadline = time.monotonic() + timeout
    seen, since, pause = -1, time.monotonic(), _FIRST_PAUSE_S
    with open_api() as api:
        while time.monotonic() < deadline:
            total = api.post("/task_runs/count", of_tag)
            done = api.post("/task_runs/count", {**of_tag, "task_runs": final})
            if 0 < begun() == total == done:
                return True
            if total != seen:
                seen, since = total, time.monotonic()
            elif done == total and time.monotonic() - since >= settle:
                return True
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE_S)
    return False
