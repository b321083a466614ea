"""The Automations, as far as they can be checked without somebody to be told."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from desks import Desk
from prefect.events.schemas.automations import AutomationCore, EventTrigger
from ruamel.yaml import YAML

from flows import announce
from flows.settings import ROOT

TEXT = (ROOT / "deploy" / "automations.yaml").read_text("utf-8")


def automations() -> list[AutomationCore]:
    """As `prefect automation create --from-file` reads them, with a block's id put in."""
    read: dict[str, Any] = YAML(typ="safe").load(TEXT.replace("BLOCK_ID", str(uuid4())))
    return [AutomationCore.model_validate(item) for item in read["automations"]]


def waited_for() -> set[tuple[str, str]]:
    """Our own events that an Automation waits for, with the resource that they are of."""
    triggers = [made.trigger for made in automations()]
    return {
        (event, resource)
        for trigger in triggers
        if isinstance(trigger, EventTrigger)
        for event in trigger.expect
        if event.startswith("duckwire.")
        for resource in trigger.match.get("prefect.resource.id")
    }


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    monkeypatch.setattr(
        announce, "emit_condition", lambda event, what, _: out.append((event, f"duckwire.{what}"))
    )
    return out


def test_every_automation_is_one_and_somebody_is_told() -> None:
    made = automations()
    assert len({item.name for item in made}) == len(made) == 6
    # What is set CRASHED is told by the one that waits for that.
    told = [item for item in made if item.name != "duckwire-run-is-gone"]
    assert {action.type for item in told for action in item.actions} == {"send-notification"}


def test_a_run_that_landed_articles_says_so_and_one_that_did_not_does_not(
    desk: Desk, emitted: list[tuple[str, str]]
) -> None:
    announce.report_condition(desk.job(), desk.run())
    landed = ("duckwire.articles.landed", "duckwire.articles")
    assert landed in emitted
    assert landed in waited_for()
    emitted.clear()
    announce.report_condition(desk.job(), desk.run())
    assert emitted == []


def test_what_the_automations_wait_for_is_emitted_when_it_is_so(
    desk: Desk, emitted: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    report = desk.run()
    monkeypatch.setattr("flows.doctor.LEAST_FREE_BYTES", 1 << 60)
    desk.database.write_bytes(b"no database" * 1000)
    announce.report_condition(desk.job(), report)
    waiting = {of for event, of in waited_for() if event == "duckwire.trouble"}
    assert waiting == {"duckwire.disk", "duckwire.database", "duckwire.feed-health"}
    told = {of for event, of in emitted if event == "duckwire.trouble"}
    assert told == {"duckwire.disk", "duckwire.database"}
