"""What a run tells machines: lines of JSON that name run and feed, and times for /metrics."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from desks import Desk

from flows.commands import show
from flows.health import metrics_text
from flows.newsroom import Newsroom, generate
from flows.steps.telling import Times, kept_times

MakeDesk = Callable[..., Desk]


@pytest.fixture(scope="module")
def small() -> Any:
    with Newsroom.start(generate(3, feeds=2, pages=4)) as room:
        yield room


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_every_line_names_its_run_and_polls_and_pages_their_feed(
    make_desk: MakeDesk, small: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    report = make_desk(small.feeds(), log="json").run()
    lines = told(capsys)
    assert {line["run"] for line in lines} == {report.run_id}
    feeds = {listing.feed_id for listing in small.feeds()}
    for event, count in (("poll", 2), ("page", 4)):
        found = [line for line in lines if line["event"] == event]
        assert len(found) == count
        assert {line["feed"] for line in found} == feeds
        assert {line["state"] for line in found} == {"landed"}
    *_, ended, published = lines
    assert [lines[0]["event"], ended["event"]] == ["run started", "run ended"]
    assert published["text"].startswith("published ")
    assert all(datetime.fromisoformat(line["at"]).tzinfo for line in lines)


def test_whoever_listens_to_a_run_finds_nothing_but_lines_of_json(
    make_desk: MakeDesk, small: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    with show.progress():
        make_desk(small.feeds(), log="json").run()
    assert {line["event"] for line in told(capsys)} >= {"run started", "note", "run ended"}


def test_without_being_asked_nothing_is_told(
    make_desk: MakeDesk, small: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    make_desk(small.feeds()).run()
    assert told(capsys) == []


def test_a_failed_feed_is_told_with_its_reason(
    make_desk: MakeDesk, small: Newsroom, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = small.feeds()[0]
    small.fail(bad.url, 500)
    make_desk(small.feeds(), log="json").run()
    failed = [line for line in told(capsys) if line.get("reason")]
    assert [(line["feed"], line["reason"]) for line in failed] == [(bad.feed_id, "server_error")]


def test_how_long_reading_and_landing_took_is_measured(
    make_desk: MakeDesk, small: Newsroom
) -> None:
    desk = make_desk(small.feeds())
    desk.run()
    text = metrics_text(desk.settings, lambda: datetime.now(UTC)).decode()
    lines = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    part = 'duckwire_last_run_part_{}{{kind="ingest",part="{}"}}'
    assert float(lines[part.format("items", "reading")]) == 4
    assert float(lines[part.format("items", "landing")]) == 6
    assert float(lines[part.format("seconds", "reading")]) > 0
    assert float(lines[part.format("seconds", "landing")]) > 0
    assert float(lines['duckwire_last_run_spooled_bytes{kind="ingest"}']) == 0


def test_times_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    times = Times()
    times.add("reading", 3, 1.5)
    times.keep(tmp_path, "ingest")
    (tmp_path / ".times.maintain.json").write_text("{")
    assert list(kept_times(tmp_path)) == [("ingest", {"reading": 1.5}, {"reading": 3})]
