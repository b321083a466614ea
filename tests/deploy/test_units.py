"""What is deployed is checked by the tools that will read it, as far as they are here."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from desks import Desk
from ruamel.yaml import YAML

from flows.health import metrics_text
from flows.settings import ROOT
from flows.steps.job import utc_now

DEPLOY = ROOT / "deploy"
METRIC = re.compile(r"\bduckwire_[a-z_]+")


def known_metrics(desk: Desk) -> set[str]:
    text = metrics_text(desk.settings, utc_now).decode()
    return {name.removesuffix("_total") for name in re.findall(r"^# TYPE (\S+)", text, re.M)}


def test_systemd_accepts_the_unit(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not on this machine")
    # Only the program's place is changed: /opt/duckwire is not there where this runs.
    unit = (DEPLOY / "systemd" / "duckwire.service").read_text("utf-8")
    unit = unit.replace("/opt/duckwire/.venv/bin/duckwire up", "/bin/true")
    unit = unit.replace("User=duckwire\nGroup=duckwire", "User=daemon\nGroup=daemon")
    (tmp_path / "duckwire.service").write_text(unit, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / "duckwire.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if "duckwire.service" in line]
    assert complaints == []


def test_the_unit_is_locked_down(tmp_path: Path) -> None:
    unit = (DEPLOY / "systemd" / "duckwire.service").read_text("utf-8")
    for line in ("NoNewPrivileges=yes", "ProtectSystem=strict", "User=duckwire", "MemoryMax="):
        assert line in unit


def test_every_alert_asks_for_a_metric_that_is_there(landed: Desk) -> None:
    rules = YAML(typ="safe").load(DEPLOY / "prometheus" / "alerts.yaml")["groups"][0]["rules"]
    assert len(rules) >= 5
    for rule in rules:
        asked = {name.removesuffix("_total") for name in METRIC.findall(rule["expr"])}
        assert asked <= known_metrics(landed) | waiting_only
        assert rule["annotations"]["do"]


def test_the_board_shows_every_metric_that_is_there_and_no_other(landed: Desk) -> None:
    board = json.loads((DEPLOY / "grafana" / "duckwire.json").read_text("utf-8"))
    known, shown = known_metrics(landed) | waiting_only, set()
    for panel in board["panels"]:
        for target in panel["targets"]:
            asked = {name.removesuffix("_total") for name in METRIC.findall(target["expr"])}
            assert asked <= known, panel["title"]
            shown |= asked
    assert shown == known


# No page waits when everything has landed.
waiting_only = {"duckwire_oldest_waiting_timestamp_seconds"}
