"""Steps as Prefect tasks: the same plain functions, seen and retried by Prefect.

Prefect's retries are for a warehouse somebody else holds; a step may always be repeated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from prefect import Task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.context import FlowRunContext
from prefect.runtime import flow_run
from pydantic import Field

from storage.errors import LockedError

Answer = TypeVar("Answer")


@dataclass
class _Begun:
    """How many task runs this process began."""

    count: int = 0


_begun = _Begun()

# The parameters of a flow that can be split into shares of the servers.
SHARD = Annotated[int, Field(description="Which share of the servers, counted from 0.", ge=0)]
SHARDS = Annotated[int, Field(description="Into how many shares the servers are split.", ge=1)]


async def _held(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    found = await state.aresult(raise_on_failure=False)
    return isinstance(found, LockedError)


# How a task is tried again.
RETRIED: dict[str, Any] = {
    "retries": 2,
    "retry_delay_seconds": 15,
    "retry_condition_fn": _held,
}


def as_task(name: str, step: Callable[..., Answer], *given: Any) -> Answer:
    """Call one step as a task of that name inside the running flow."""
    begin()
    made: Task[..., Answer] = Task(
        step,
        name=name,
        task_run_name=name,
        cache_policy=NO_CACHE,
        persist_result=False,
        **RETRIED,
    )
    return made(*given)


def begin() -> None:
    """Note that this process begins a task run."""
    _begun.count += 1


def begun() -> int:
    """How many task runs this process began: so many records are to be awaited at its end."""
    return _begun.count


def trigger() -> str:
    """How the running flow came to run: 'schedule', 'deployment' or 'manual'."""
    context = FlowRunContext.get()
    if context is None or context.flow_run is None or not context.flow_run.deployment_id:
        return "manual"
    return "schedule" if "auto-scheduled" in (flow_run.tags or []) else "deployment"


def share_words(parameters: Mapping[str, Any]) -> str:
    """' 1/3' for the name of a run of one share, nothing for the whole."""
    shards = parameters.get("shards", 1)
    return f" {parameters.get('shard', 0)}/{shards}" if shards > 1 else ""


def flow_run_id() -> str | None:
    """The running flow's id in Prefect."""
    return str(flow_run.id) if flow_run.id else None
