"""The deployments of one machine: what runs when, and how Prefect is told."""

from __future__ import annotations

import importlib
import importlib.util
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.prefect_api import Api

if TYPE_CHECKING:
    from prefect import Flow

WORK_POOL = "duckwire"
# Intervals are counted from here, so that a restart does not move them: 15 minutes are :00, :15 …
ANCHOR = datetime(2020, 1, 1, tzinfo=UTC)


class DeploymentError(RuntimeError):
    """A deployment cannot be made; the message is one line for the user."""


@dataclass(frozen=True, slots=True)
class DeploymentSpec:
    """One deployment of a flow.

    `entrypoint` is `module:function`, imported from `path` (the folder its runs work in; None for
    the desk's own) or from what is installed. `schedule` is an interval, a cron line in UTC, or
    None for runs by hand. `at_first` asks for a run at once if there has never been one.
    """

    name: str
    entrypoint: str
    path: Path | None = None
    schedule: timedelta | str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    at_first: bool = False


def desk_deployments(
    *,
    ingest_every: timedelta = timedelta(minutes=15),
    maintain: timedelta | str = "20 3 * * *",
) -> tuple[DeploymentSpec, ...]:
    """Return the deployments that `duckwire up` looks after; only flows that are there count.

    `maintain` is an interval or a cron line in UTC.
    """
    specs = (
        DeploymentSpec("scheduled", "flows.ingest:ingest", schedule=ingest_every, at_first=True),
        DeploymentSpec("scheduled", "flows.maintain:maintain", schedule=maintain),
        DeploymentSpec("manual", "flows.backfill:backfill"),
        DeploymentSpec("manual", "flows.reprocess:reprocess"),
    )
    return tuple(s for s in specs if importlib.util.find_spec(s.entrypoint.partition(":")[0]))


def register(
    api: Api, specs: Sequence[DeploymentSpec], *, engine: Sequence[str] = ()
) -> dict[str, str]:
    """Make the work pool and the deployments, or bring them up to date; return {id: name}.

    `engine` is the command that a flow run's process starts with (default: Prefect's own). Each
    deployment has one slot, and a run that finds it taken is cancelled. One that the user has
    paused stays paused. Raises DeploymentError when a flow cannot be imported.
    """
    _make_pool(api)
    return dict(_register_one(api, spec, engine) for spec in specs)


def start_first_runs(
    api: Api, specs: Sequence[DeploymentSpec], deployments: Mapping[str, str]
) -> list[str]:
    """Start those that ask for it and have never run or waited to; return their names."""
    wanted = {
        deployment for deployment, spec in zip(deployments, specs, strict=True) if spec.at_first
    }
    started = []
    for deployment in wanted:
        runs = api.post(
            "/flow_runs/filter",
            {
                "flow_runs": {"deployment_id": {"any_": [deployment]}},
                "sort": "EXPECTED_START_TIME_ASC",
                "limit": 20,
            },
        )
        # Runs that the schedule has made ahead do not count.
        if all(run["auto_scheduled"] and run["state_type"] == "SCHEDULED" for run in runs):
            api.post(f"/deployments/{deployment}/create_flow_run", {"state": {"type": "SCHEDULED"}})
            started.append(deployments[deployment])
    return started


def _make_pool(api: Api) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
    from prefect.workers.process import ProcessWorker

    try:
        api.client.read_work_pool(WORK_POOL)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        pool = WorkPoolCreate(name=WORK_POOL, type="process", base_job_template=template)
        try:
            api.client.create_work_pool(pool)
        except ObjectAlreadyExists:  # another machine was quicker
            return


def _register_one(api: Api, spec: DeploymentSpec, engine: Sequence[str]) -> tuple[str, str]:
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy, ConcurrencyOptions
    from prefect.exceptions import ObjectNotFound
    from prefect.utilities.callables import parameter_schema

    flow = _load(spec)
    name = f"{flow.name}/{spec.name}"
    try:
        before = api.client.read_deployment_by_name(name)
    except ObjectNotFound:
        paused, active = False, True
    else:
        paused = before.paused
        active = not before.schedules or any(schedule.active for schedule in before.schedules)
    schedule = _schedule(spec.schedule)
    variables: dict[str, Any] = {"working_dir": str(spec.path or Path.cwd())}
    if engine:
        variables["command"] = shlex.join(engine)
    made = api.client.create_deployment(
        flow_id=api.client.create_flow_from_name(flow.name),
        name=spec.name,
        entrypoint=spec.entrypoint.replace(":", "."),  # a module path: nothing is copied about
        schedules=[DeploymentScheduleCreate(schedule=schedule, active=active)] if schedule else [],
        concurrency_limit=1,
        concurrency_options=ConcurrencyOptions(
            collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW
        ),
        parameters=dict(spec.parameters),
        description=flow.description,
        work_pool_name=WORK_POOL,
        tags=["duckwire"],
        paused=paused,
        pull_steps=[],
        enforce_parameter_schema=True,
        job_variables=variables,
        parameter_openapi_schema=parameter_schema(flow).model_dump(exclude_unset=True),
    )
    return str(made), name


def _load(spec: DeploymentSpec) -> Flow[..., Any]:
    """Import the flow, for its name and the form of its parameters."""
    module, _, function = spec.entrypoint.partition(":")
    if spec.path is not None and str(spec.path) not in sys.path:
        sys.path.append(str(spec.path))
    try:
        flow: Flow[..., Any] = getattr(importlib.import_module(module), function)
    except Exception as error:
        raise DeploymentError(f"cannot load the flow {spec.entrypoint}: {error}") from error
    return flow


def _schedule(when: timedelta | str | None) -> Any:
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

    if when is None:
        return None
    if isinstance(when, timedelta):
        return IntervalSchedule(interval=when, anchor_date=ANCHOR, timezone="UTC")
    return CronSchedule(cron=when, timezone="UTC")
