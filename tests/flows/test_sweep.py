"""Which runs the sweep takes for orphaned, and what it does about them."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from flows.prefect_api import Api
from flows.processes import process_tag
from flows.sweep import (
    Host,
    RunFacts,
    alive_on_this_host,
    close_runs,
    run_facts,
    superfluous,
    sweep,
    why_crashed,
)

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HERE = Host("desk-1", frozenset())
SHARED = Host("desk-1", frozenset(), alone=False)
RUNNING = RunFacts(
    "run-1",
    "calm-fox",
    "RUNNING",
    NOW - timedelta(seconds=5),
    deployment="d1",
    pid="4711",
    worker="duckwire@desk-1",
)
PENDING = replace(RUNNING, state="PENDING", pid=None, worker=None)


def after(seconds: float) -> datetime:
    return RUNNING.since + timedelta(seconds=seconds)


@pytest.mark.parametrize("state", ["RUNNING", "PENDING", "CANCELLING"])
def test_a_run_whose_process_is_gone_is_crashed_and_says_which(state: str) -> None:
    why = why_crashed(replace(RUNNING, state=state), SHARED, NOW)
    assert why is not None
    assert "4711" in why
    assert "desk-1" in why
    assert state.lower() in why


@pytest.mark.parametrize("state", ["COMPLETED", "SCHEDULED", "CANCELLED", "PAUSED", "CRASHED"])
def test_a_run_that_needs_no_process_is_left(state: str) -> None:
    assert why_crashed(replace(RUNNING, state=state), HERE, NOW) is None


def test_a_run_with_a_live_process_is_left_however_long_it_takes() -> None:
    alive = Host("desk-1", frozenset({"run-1"}))
    assert why_crashed(RUNNING, alive, NOW + timedelta(days=3)) is None
    assert why_crashed(PENDING, alive, NOW + timedelta(days=3)) is None


def test_another_hosts_run_is_left() -> None:
    there = replace(RUNNING, worker="duckwire@desk-2")
    assert why_crashed(there, HERE, NOW) is None
    assert why_crashed(replace(there, pid=None), HERE, after(900)) is None
    assert why_crashed(replace(RUNNING, worker=None, pid="desk-2:4711"), HERE, NOW) is None


def test_a_run_of_an_unnamed_worker_is_left_unless_this_host_is_alone() -> None:
    unknown = replace(RUNNING, worker="ProcessWorker 17")
    assert why_crashed(unknown, SHARED, NOW) is None
    assert why_crashed(unknown, HERE, NOW) is not None


@pytest.mark.parametrize("pid", ["k8s-context:ns:job-x7", "container-0af3", "tcp://docker:c0ffee"])
def test_a_run_in_a_container_is_left(pid: str) -> None:
    assert why_crashed(replace(RUNNING, pid=pid, worker=None), HERE, after(900)) is None


def test_a_pid_with_this_hosts_name_is_ours() -> None:
    assert why_crashed(replace(RUNNING, worker=None, pid="desk-1:4711"), SHARED, NOW) is not None


def test_a_pending_run_that_no_process_took_is_crashed_after_a_minute() -> None:
    assert why_crashed(PENDING, SHARED, after(59)) is None
    why = why_crashed(PENDING, SHARED, after(61))
    assert why is not None
    assert "61 s" in why


def test_at_the_start_of_a_lone_desk_nobody_waits_a_minute() -> None:
    assert why_crashed(PENDING, replace(HERE, starting=True), after(1)) is not None
    assert why_crashed(PENDING, replace(SHARED, starting=True), after(1)) is None


def test_a_child_run_without_a_process_of_its_own_is_left() -> None:
    assert why_crashed(replace(PENDING, child=True), HERE, after(900)) is None


def test_a_run_without_a_worker_is_known_by_its_process_tag() -> None:
    tagged = replace(RUNNING, pid=None, worker=None, process="process:desk-1:99:1234")
    why = why_crashed(tagged, SHARED, NOW)
    assert why is not None
    assert " 99 " in why
    assert why_crashed(replace(tagged, process="process:desk-2:99:1234"), HERE, NOW) is None


def record(**changes: Any) -> dict[str, Any]:
    state = {"type": "RUNNING", "timestamp": "2026-11-23T11:59:55Z"}
    base = {"id": "run-1", "name": "calm-fox", "state": state, "deployment_id": "d1"}
    labels = {"prefect.worker.name": "duckwire@desk-1"}
    return {**base, "infrastructure_pid": "4711", "labels": labels, "tags": [], **changes}


def test_facts_are_read_from_the_answer_of_the_api() -> None:
    assert run_facts(record()) == RUNNING
    assert run_facts(record(infrastructure_pid="")).pid is None
    assert run_facts(record(parent_task_run_id="t")).child
    assert run_facts(record(tags=["a", "process:h:1:2"])).process == "process:h:1:2"


def test_a_recorded_pid_must_carry_the_run() -> None:
    assert alive_on_this_host([record()], {"run-1": {4711}}) == {"run-1"}
    assert alive_on_this_host([record()], {"run-1": {4712}}) == set()  # a child that outlived it
    assert alive_on_this_host([record(infrastructure_pid=None)], {"run-1": {4712}}) == {"run-1"}


def test_a_tagged_run_lives_as_long_as_that_very_process() -> None:
    mine = record(tags=[process_tag()])
    reused = record(id="run-2", tags=[f"process:{socket.gethostname()}:{os.getpid()}:1"])
    assert alive_on_this_host([mine, reused], {}) == {"run-1"}


def late(run_id: str, minutes: float, *, deployment: str = "d1", auto: bool = True) -> Any:
    due = (NOW - timedelta(minutes=minutes)).isoformat()
    scheduled = {"next_scheduled_start_time": due, "auto_scheduled": auto}
    return {"id": run_id, "deployment_id": deployment, **scheduled}


def test_of_late_runs_only_the_newest_of_each_deployment_is_kept() -> None:
    records = [late("a", 60), late("b", 30), late("c", 45), late("d", 90, deployment="d2")]
    assert sorted(superfluous(records, NOW)) == ["a", "c"]


def test_a_late_run_that_somebody_asked_for_is_kept() -> None:
    assert superfluous([late("a", 60, auto=False), late("b", 30)], NOW) == []


def test_a_run_that_is_hardly_late_is_kept() -> None:
    assert superfluous([late("a", 0.5), late("b", 0.2)], NOW) == []


class FakeApi:
    """Prefect's API with one deployment, as far as the sweep asks."""

    def __init__(self, current: Mapping[str, Any], slots: int, *, errors: float = 0) -> None:
        self.current, self.slots, self.errors = dict(current), slots, errors
        self.states: list[dict[str, Any]] = []

    def get(self, path: str) -> Any:
        if path.startswith("/deployments/"):
            return {"global_concurrency_limit": {"id": "l1", "active_slots": self.slots}}
        return self.current

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        if path.endswith("/set_state"):
            self.states.append(dict(body))
            self.current["state"] = {"type": body["state"]["type"], "timestamp": NOW.isoformat()}
            return None
        if path == "/flow_runs/filter":
            self.errors -= 1
            if self.errors >= 0:
                raise ConnectionError("503: the database is locked")
            return [self.current]
        assert path == "/flow_runs/count"
        return int(self.current["state"]["type"] in {"PENDING", "RUNNING", "CANCELLING"})

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        assert path == "/v2/concurrency_limits/l1"
        self.slots = body["active_slots"]


def test_an_orphan_is_crashed_by_force_when_it_is_seen_twice() -> None:
    fake = FakeApi(record(), slots=0)
    api = cast(Api, fake)
    first = sweep(api, [record()], {"d1": "ingest/scheduled"}, HERE, NOW)
    assert (first.lines, first.suspects, fake.states) == ((), {"run-1"}, [])
    second = sweep(api, [record()], {"d1": "ingest/scheduled"}, HERE, NOW, first.suspects)
    assert second.lines[0].startswith("ingest/scheduled calm-fox: Its process 4711")
    assert fake.states[0]["force"]
    assert fake.states[0]["state"]["type"] == "CRASHED"
    assert second.suspects == set()


def test_a_run_that_ended_since_it_was_read_is_left() -> None:
    ended = record(state={"type": "COMPLETED", "timestamp": NOW.isoformat()})
    fake = FakeApi(ended, slots=0)
    starting = replace(HERE, starting=True)
    assert sweep(cast(Api, fake), [record()], {"d1": "x"}, starting, NOW).lines == ()
    assert fake.states == []


def test_a_run_of_somebody_elses_deployment_is_left() -> None:
    fake = FakeApi(record(), slots=0)
    starting = replace(HERE, starting=True)
    assert sweep(cast(Api, fake), [record()], {"d2": "x"}, starting, NOW).lines == ()
    assert fake.states == []


def test_a_slot_that_no_run_holds_is_freed_when_it_is_seen_twice() -> None:
    fake = FakeApi(record(state={"type": "CRASHED", "timestamp": NOW.isoformat()}), slots=1)
    api = cast(Api, fake)
    first = sweep(api, [], {"d1": "ingest/scheduled"}, HERE, NOW)
    assert (first.lines, fake.slots) == ((), 1)
    second = sweep(api, [], {"d1": "ingest/scheduled"}, HERE, NOW, first.suspects)
    assert (len(second.lines), fake.slots) == (1, 0)


def test_a_slot_that_a_run_holds_is_kept() -> None:
    fake = FakeApi(record(), slots=1)
    starting = replace(HERE, starting=True)
    assert sweep(cast(Api, fake), [], {"d1": "x"}, starting, NOW).lines == ()
    assert fake.slots == 1


@pytest.mark.parametrize(("errors", "told"), [(0, True), (3, True), (float("inf"), False)])
def test_what_is_stopped_with_the_desk_is_told_as_soon_as_prefect_gives_no_error(
    errors: float, told: bool
) -> None:
    fake = FakeApi(record(), slots=1, errors=errors)
    patience_s = 3.0 if told else 0.01
    api = cast(Api, fake)
    assert close_runs(api, {"d1"}, "desk-1", alone=True, patience_s=patience_s) is told
    assert [state["state"]["type"] for state in fake.states] == ["CRASHED"] * told


def test_what_runs_on_another_host_goes_on_when_the_desk_is_stopped() -> None:
    fake = FakeApi(record(), slots=1)
    assert close_runs(cast(Api, fake), {"d1"}, "desk-2", alone=True)
    assert fake.states == []
