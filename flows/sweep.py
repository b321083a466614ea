"""Runs whose process is gone, and slots that nobody holds: found and set right.

A flow run is Prefect's record of a process. When that process is killed together with the worker
that watched it, the record stays RUNNING or PENDING for ever, keeps the one slot of its
deployment, and every later run is cancelled. The sweep looks at this host's processes instead.
"""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flows.prefect_api import Api
from flows.processes import flow_run_processes, process_start

OPEN_STATES = ("PENDING", "RUNNING", "CANCELLING")
UNCLAIMED = timedelta(seconds=60)  # a worker names its process within seconds of PENDING
MISSED = timedelta(seconds=60)
WORKER_NAME = "duckwire@"  # followed by the host's name
PROCESS_TAG = "process:"  # process:HOST:PID:START, see flows.processes.process_tag


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What Prefect's API says of one flow run, as far as the sweep needs it. Times are UTC."""

    run_id: str
    name: str
    state: str  # Prefect's state type: PENDING, RUNNING …
    since: datetime  # when it entered that state
    deployment: str | None = None
    pid: str | None = None  # as its worker wrote it: PID, HOST:PID, or a container's id
    worker: str | None = None  # the name of the worker that took it
    process: str | None = None  # the tag of the process it runs in, without a worker
    child: bool = False  # it runs within another flow run's process


@dataclass(frozen=True, slots=True)
class Host:
    """The host we are on: its name, and the flow runs that have a live process on it.

    `alone` means that no other host works for this Prefect server, so that a run of unknown
    place must be here. `starting` means that no worker of ours is up yet.
    """

    name: str
    alive: frozenset[str]
    alone: bool = True
    starting: bool = False


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did (one line each) and what it will act on if the next one sees it again."""

    lines: tuple[str, ...] = ()
    suspects: frozenset[str] = frozenset()


def run_facts(record: Mapping[str, Any]) -> RunFacts:
    """Read a flow run as the API's JSON gives it."""
    state = record["state"]
    tags = [tag for tag in record.get("tags") or () if tag.startswith(PROCESS_TAG)]
    return RunFacts(
        run_id=record["id"],
        name=record["name"],
        state=state["type"],
        since=datetime.fromisoformat(state["timestamp"]),
        deployment=record.get("deployment_id"),
        pid=record.get("infrastructure_pid") or None,
        worker=(record.get("labels") or {}).get("prefect.worker.name"),
        process=tags[0] if tags else None,
        child=record.get("parent_task_run_id") is not None,
    )


def why_crashed(run: RunFacts, host: Host, now: datetime) -> str | None:
    """Say why a run is to be set CRASHED, or None to leave it alone. `now` is UTC."""
    if run.state not in OPEN_STATES or run.run_id in host.alive:
        return None
    if not _is_here(run, host):
        return None
    doing = run.state.lower()
    if run.process is not None:
        pid = run.process.split(":")[-2]
        return f"Its process {pid} on {host.name} is gone; it was still {doing}."
    if run.pid is not None:
        pid = run.pid.rpartition(":")[2]
        return f"Its process {pid} on {host.name} is gone; it was still {doing}."
    waited = now - run.since
    if run.child or (waited < UNCLAIMED and not (host.starting and host.alone)):
        return None
    return (
        f"It was {doing} for {waited.total_seconds():.0f} s and no process on {host.name} had it."
    )


def superfluous(records: Iterable[Mapping[str, Any]], now: datetime) -> list[str]:
    """Return the ids of late scheduled runs to cancel: all but the newest of each deployment.

    Only runs that a schedule made and that are over a minute late; what somebody asked for by
    hand is kept. `records` are flow runs as the API's JSON gives them; `now` is UTC.
    """
    late: dict[str, list[tuple[datetime, str]]] = {}
    for record in records:
        due = datetime.fromisoformat(record["next_scheduled_start_time"])
        if record["auto_scheduled"] and now - due > MISSED:
            late.setdefault(record["deployment_id"], []).append((due, record["id"]))
    return [run_id for runs in late.values() for _due, run_id in sorted(runs)[:-1]]


def sweep(
    api: Api,
    records: Iterable[Mapping[str, Any]],
    deployments: Mapping[str, str],
    host: Host,
    now: datetime,
    suspects: frozenset[str] = frozenset(),
) -> Swept:
    """Set orphaned runs CRASHED and free slots that no run holds.

    `records` are the open runs, read before the host's processes; `deployments` maps our
    deployments' ids to their names. Runs of theirs are judged, and runs that carry a process tag.
    Unless the host is starting, only what the last sweep suspected too is acted on (`suspects` is
    that sweep's result), since a process ends a moment before its last state is written.
    """
    doubtful: set[str] = set()
    lines: list[str] = []
    for record in records:
        run = run_facts(record)
        if run.deployment not in deployments and run.process is None:
            continue
        why = why_crashed(run, host, now)
        if why is None:
            continue
        if host.starting or run.run_id in suspects:
            if _crash(api, run, why):
                lines.append(f"{deployments.get(run.deployment or '', 'run')} {run.name}: {why}")
        else:
            doubtful.add(run.run_id)
    for deployment, name in deployments.items():
        if not _slots_without_run(api, deployment):
            continue
        if host.starting or deployment in suspects:
            _free_slots(api, deployment)
            lines.append(f"{name}: freed a slot that no run held")
        else:
            doubtful.add(deployment)
    return Swept(tuple(lines), frozenset(doubtful))


def cancel_missed(api: Api, deployments: Mapping[str, str], now: datetime) -> list[str]:
    """Cancel what piled up while nobody was here, but for one run each; return a line for each."""
    records = api.post(
        "/flow_runs/filter",
        {
            "flow_runs": {
                "deployment_id": {"any_": list(deployments)},
                "state": {"type": {"any_": ["SCHEDULED"]}},
                "next_scheduled_start_time": {"before_": now.isoformat()},
            },
            "limit": 200,
        },
    )
    named = {record["id"]: deployments[record["deployment_id"]] for record in records}
    missed = superfluous(records, now)
    for run_id in missed:
        set_state(api, run_id, "CANCELLED", "Missed: one late run is enough to catch up.")
    return [f"{named[run_id]}: cancelled a run that was missed" for run_id in missed]


def alive_on_this_host(
    records: Iterable[Mapping[str, Any]], carried: Mapping[str, Container[int]]
) -> frozenset[str]:
    """Return the ids of the runs that have a live process here.

    `carried` is what flows.processes.flow_run_processes found: by run id, the processes that
    carry it. Where a pid is on record it must be among them; a run in a process without a worker
    is known by its process tag.
    """
    alive = set()
    for record in records:
        run = run_facts(record)
        if run.process is not None:
            pid, start = run.process.split(":")[-2:]
            living = process_start(int(pid)) == int(start)
        elif run.pid is not None and run.pid.rpartition(":")[2].isdigit():
            living = int(run.pid.rpartition(":")[2]) in carried.get(run.run_id, ())
        else:
            living = run.run_id in carried
        if living:
            alive.add(run.run_id)
    return frozenset(alive)


def open_runs(api: Api) -> list[Mapping[str, Any]]:
    """Return the flow runs in a state that a process must stand behind, as the API's JSON."""
    asked = {"flow_runs": {"state": {"type": {"any_": list(OPEN_STATES)}}}, "limit": 200}
    found: list[Mapping[str, Any]] = api.post("/flow_runs/filter", asked)
    return found


def set_state(api: Api, run_id: str, state: str, message: str) -> None:
    """Set a flow run's state by force, past the rules that a live process would have to keep."""
    body = {"type": state, "name": state.capitalize(), "message": message}
    api.post(f"/flow_runs/{run_id}/set_state", {"state": body, "force": True})


def close_runs(
    api: Api, deployments: Container[str], host: str, *, alone: bool, patience_s: float = 3.0
) -> bool:
    """Set CRASHED what is open of these deployments and has no process; the worker is gone.

    `host` is this host's name; `alone` as in Host. An API that gives an error is asked again for
    so many seconds, since its database may be locked for a moment; returns whether it was told.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            _close(api, deployments, host, alone=alone)
        except Exception:  # of the server or the way to it: all the same here
            if time.monotonic() > deadline:
                return False
            time.sleep(patience_s / 10)
        else:
            return True


def _close(api: Api, deployments: Container[str], host: str, *, alone: bool) -> None:
    records = open_runs(api)
    alive = alive_on_this_host(records, flow_run_processes())
    for run in map(run_facts, records):
        ours = run.worker == WORKER_NAME + host or (alone and run.worker is None)
        if ours and run.deployment in deployments and run.run_id not in alive:
            set_state(api, run.run_id, "CRASHED", "It was stopped together with the desk.")


def _is_here(run: RunFacts, host: Host) -> bool:
    """Whether the run's process, if it has one, would be on this host."""
    if run.process is not None:
        return run.process.removeprefix(PROCESS_TAG).rsplit(":", 2)[0] == host.name
    if run.pid is not None:
        place, _, number = run.pid.rpartition(":")
        if not number.isdigit():
            return False  # a container, a pod
        if place:
            return place == host.name
    if run.worker is not None and run.worker.startswith(WORKER_NAME):
        return run.worker.removeprefix(WORKER_NAME) == host.name
    # A worker of another name, or none yet: PENDING without a worker is nobody's, wherever.
    unclaimed = run.worker is None and run.pid is None and run.state == "PENDING"
    return host.alone or unclaimed


def _crash(api: Api, run: RunFacts, why: str) -> bool:
    """Set the run CRASHED unless it has moved on since it was read."""
    now = run_facts(api.get(f"/flow_runs/{run.run_id}"))
    if (now.state, now.since) != (run.state, run.since):
        return False
    set_state(api, run.run_id, "CRASHED", why)
    return True


def _slots_without_run(api: Api, deployment: str) -> bool:
    """Whether more of the deployment's slots are taken than it has open runs.

    The slots are read first: a run that starts in between then counts too many, never too few.
    """
    limit = _limit(api, deployment)
    if limit is None or not limit["active_slots"]:
        return False
    return int(limit["active_slots"]) > _count_open(api, deployment)


def _free_slots(api: Api, deployment: str) -> None:
    limit = _limit(api, deployment)
    if limit is not None:
        slots = {"active_slots": _count_open(api, deployment)}
        api.patch(f"/v2/concurrency_limits/{limit['id']}", slots)


def _limit(api: Api, deployment: str) -> Mapping[str, Any] | None:
    found = api.get(f"/deployments/{deployment}")
    limit: Mapping[str, Any] | None = found.get("global_concurrency_limit")
    return limit


def _count_open(api: Api, deployment: str) -> int:
    asked = {
        "flow_runs": {
            "state": {"type": {"any_": list(OPEN_STATES)}},
            "deployment_id": {"any_": [deployment]},
        }
    }
    return int(api.post("/flow_runs/count", asked))
