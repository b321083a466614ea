"""The doctor finds what keeps a desk from its work, and says what to do about it."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from desks import Desk
from pydantic import SecretStr
from shared_targets import free_port

from flows import doctor
from flows.doctor import Check, Finding, examine, examine_network
from flows.net.fake import FakeWeb
from flows.newsroom import Newsroom
from flows.steps.job import network


def now() -> datetime:
    return datetime.now(UTC)


def found(desk: Desk, what: str, **changed: object) -> Check:
    settings = desk.settings.model_copy(update=changed)
    return next(check for check in examine(settings, now()) if check.what == what)


def asked(desk: Desk, when: datetime) -> dict[str, Check]:
    async def ask() -> list[Check]:
        async with network(desk.job()) as door:
            return await examine_network(desk.settings, door, when)

    return {check.what: check for check in asyncio.run(ask())}


def test_a_working_desk_has_nothing_wrong(landed: Desk) -> None:
    ports = {"ui_port": free_port(), "health_port": free_port()}
    settings = landed.settings.model_copy(update=ports)
    assert [c for c in examine(settings, now()) if c.finding == Finding.WRONG] == []


def test_every_finding_that_is_wrong_says_what_to_do(make_desk, tmp_path: Path) -> None:
    desk = make_desk()
    desk.settings.feeds.write_text("feeds: [", "utf-8")
    desk.database.write_bytes(b"x" * 5000)
    (desk.settings.data / "duckwire.duckdb").write_bytes(b"x" * 5000)
    settings = desk.settings.model_copy(update={"ui_port": free_port(), "health_port": 0})
    checks = [c for c in examine(settings, now()) if c.finding == Finding.WRONG]
    assert {c.what for c in checks} == {"feeds", "database"}
    assert all(c.remedy for c in checks)


def test_a_disk_that_is_nearly_full_is_wrong(make_desk, monkeypatch) -> None:
    monkeypatch.setattr(doctor, "LEAST_FREE_BYTES", 1 << 60)
    assert found(make_desk(), "disk").finding == Finding.WRONG


def test_a_data_directory_that_cannot_be_written_is_wrong(make_desk, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    check = found(make_desk(), "data directory", data=tmp_path / "file" / "below")
    assert check.finding == Finding.WRONG


def test_a_port_that_another_program_has_is_wrong_and_named(make_desk) -> None:
    with ThreadingHTTPServer(("127.0.0.1", free_port()), BaseHTTPRequestHandler) as other:
        port = other.server_address[1]
        threading.Thread(target=other.serve_forever, daemon=True).start()
        for name in ("ui_port", "health_port"):
            ports = {"ui_port": free_port(), "health_port": 0, name: port}
            check = found(make_desk(name=name), "prefect", **ports)
            assert check.finding == Finding.WRONG
            assert f"DUCKWIRE_{name.upper()}" in check.remedy
        other.shutdown()
    assert found(make_desk(), "prefect", ui_port=port, health_port=0).finding == Finding.GOOD


def test_a_prefect_server_that_does_not_answer_is_wrong(make_desk, monkeypatch) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    check = found(make_desk(), "prefect")
    assert check.finding == Finding.WRONG
    assert "http://127.0.0.1:9/api" in check.detail


def test_a_shared_warehouse_that_does_not_answer_is_wrong_and_its_server_named(make_desk) -> None:
    served = {"warehouse": SecretStr("quack:127.0.0.1:9"), "quack_token": SecretStr("t" * 32)}
    check = found(make_desk(), "database", **served)
    assert check.finding == Finding.WRONG
    assert "127.0.0.1:9" in check.detail
    assert "DUCKWIRE_WAREHOUSE" in check.remedy


def test_a_missing_contact_is_a_note(make_desk) -> None:
    assert found(make_desk(), "contact").finding == Finding.NOTE
    told = found(make_desk(name="told"), "contact", contact="desk@harbour.example")
    assert told.finding == Finding.GOOD


def test_feeds_that_answer_show_the_network_and_the_clock(desk: Desk) -> None:
    checks = asked(desk, now())
    assert checks["network"].finding == Finding.GOOD


@pytest.mark.parametrize(
    ("off", "finding"), [(timedelta(hours=1), Finding.WRONG), (timedelta(0), Finding.GOOD)]
)
def test_the_clock_is_held_against_a_servers(
    make_desk, newsroom: Newsroom, off: timedelta, finding: Finding
) -> None:
    desk = make_desk(newsroom.feeds())
    web = FakeWeb(clock=now)
    for feed in newsroom.feeds():
        web.add(feed.url, b"<rss/>", headers=[("Date", format_datetime(now(), usegmt=True))])
    checks = asyncio.run(examine_network(desk.settings, web, now() + off))
    assert {check.what: check.finding for check in checks}["clock"] == finding


def test_no_answer_at_all_is_wrong(make_desk, newsroom: Newsroom) -> None:
    shut = make_desk(newsroom.feeds(), name="shut", allow_hosts=())
    assert asked(shut, now())["network"].finding == Finding.WRONG


def test_an_archive_that_lacks_the_last_page_is_wrong(landed: Desk, tmp_path: Path) -> None:
    assert found(landed, "archive").finding == Finding.GOOD
    check = found(landed, "archive", archive=tmp_path / "elsewhere")
    assert (check.finding, bool(check.remedy)) == (Finding.WRONG, True)


def test_the_extensions_that_a_warehouse_needs_are_tried(make_desk, monkeypatch) -> None:
    lake = {"warehouse": SecretStr("ducklake:sqlite:nowhere"), "lake_data": "files"}
    assert found(make_desk(), "extensions", **lake).detail == "sqlite_scanner, ducklake"
    monkeypatch.setattr("duckdb.__version__", "0.0.1")
    check = found(make_desk(name="other"), "extensions", **lake)
    assert check.finding == Finding.WRONG
    assert "duckdb-extension-ducklake" in check.detail
