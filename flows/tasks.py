"""Steps as Prefect tasks: the same plain functions, seen and retried by Prefect.

Prefect's retries are for a warehouse somebody else holds; a step may always be repeated.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import deployment, flow_run

from storage.errors import LockedError

Answer = TypeVar("Answer")

_RETRIES = 2
_RETRY_DELAY_S = 15


def as_task(name: str, step: Callable[..., Answer], *given: Any) -> Answer:
    """Call one step as a task of that name inside the running flow."""
    made: Task[..., Answer] = Task(
        step,
        name=name,
        task_run_name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=_RETRIES,
        retry_delay_seconds=_RETRY_DELAY_S,
        retry_condition_fn=_held,
    )
    return made(*given)


def trigger() -> str:
    """How the running flow came to run: 'schedule', 'deployment' or 'manual'."""
    if not deployment.id:
        return "manual"
    return "schedule" if "auto-scheduled" in (flow_run.tags or []) else "deployment"


def flow_run_id() -> str | None:
    """The running flow's id in Prefect."""
    return str(flow_run.id) if flow_run.id else None


async def _held(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    found = await state.aresult(raise_on_failure=False)
    return isinstance(found, LockedError)
