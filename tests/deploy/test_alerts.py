"""The alert rules, tried by Prometheus' own promtool where it is: each fires when it should.

Debian's package `prometheus` has it. Of the desks that are scraped, `ill` has the trouble and
`well` has what is nearest to it and no trouble.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from flows.settings import ROOT

RULES = ROOT / "deploy" / "prometheus" / "alerts.yaml"
PART = 'duckwire_last_run_part_{}{{kind="ingest",part="{}",instance="{}"}}'

needs_promtool = pytest.mark.skipif(
    not shutil.which("promtool"), reason="promtool is not on this machine"
)


@dataclass(frozen=True)
class Case:
    """What is scraped each minute, from when on it is to be told (minutes), and its labels.

    A series is written as promtool has it: "1x30" stays 1, "0+60x30" grows by 60 a minute.
    """

    series: dict[str, str]
    quiet_at: int
    told_at: int
    labels: dict[str, str]


def of(metric: str, ill: str, well: str, quiet_at: int, told_at: int) -> Case:
    """A metric of both desks that has no other label."""
    series = {f'{metric}{{instance="ill"}}': ill, f'{metric}{{instance="well"}}': well}
    return Case(series, quiet_at, told_at, {"instance": "ill"})


def of_part(part: str, seconds: str) -> Case:
    """What a part of a run took: slow for 30 items, as slow for too few to tell, and quick."""
    series = {
        PART.format("seconds", part, "ill"): f"{seconds}x90",
        PART.format("items", part, "ill"): "30x90",
        PART.format("seconds", part, "few"): f"{seconds}x90",
        PART.format("items", part, "few"): "3x90",
        PART.format("seconds", part, "well"): f"{seconds}x90",
        PART.format("items", part, "well"): "3000x90",
    }
    return Case(series, 59, 61, {"kind": "ingest", "part": part, "instance": "ill"})


CASES = {
    "DuckwireDown": Case(
        {'up{job="duckwire",instance="ill"}': "0x30", 'up{job="duckwire",instance="well"}': "1x30"},
        4, 6, {"job": "duckwire", "instance": "ill"},
    ),
    "DuckwireNothingLanded": of(
        "duckwire_last_article_timestamp_seconds", "0x100", "0+60x100", 74, 77
    ),
    "DuckwireHalfTheFeedsFail": Case(
        {
            'duckwire_feeds{health="failing",instance="ill"}': "6x40",
            'duckwire_feeds{health="good",instance="ill"}': "4x40",
            'duckwire_feeds{health="failing",instance="well"}': "4x40",
            'duckwire_feeds{health="good",instance="well"}': "6x40",
            'duckwire_feeds{health="gone",instance="well"}': "20x40",
        },
        29, 31, {"instance": "ill"},
    ),
    "DuckwirePublishedTooOld": of("duckwire_published_age_seconds", "7300x20", "7100x20", 9, 11),
    "DuckwireDiskNearlyFull": of("duckwire_disk_free_bytes", "4.9e9x20", "5.1e9x20", 9, 11),
    "DuckwirePagesWaitLong": of(
        "duckwire_oldest_waiting_timestamp_seconds", "0x500", "0+60x500", 389, 392
    ),
    "DuckwireNotWell": of("duckwire_well", "0x20", "1x20", 14, 16),
    "DuckwireRunsEndIll": Case(
        {
            'duckwire_runs_total{state="failed",instance="ill"}': "1x9 1+1x60",
            'duckwire_runs_total{state="done",instance="ill"}': "1+1x70",
            'duckwire_runs_total{state="failed",instance="well"}': "1x9 2x60",
            'duckwire_runs_total{state="done",instance="well"}': "1+1x70",
        },
        9, 30, {"instance": "ill"},
    ),
    "DuckwireReadingSlow": of_part("reading", "50"),
    "DuckwireLandingSlow": of_part("landing", "10"),
    "DuckwireLargeAnswersFillTheDisk": Case(
        {
            'duckwire_last_run_spooled_bytes{kind="ingest",instance="ill"}': "0x3 6e9x10",
            'duckwire_disk_free_bytes{instance="ill"}': "1e10x20",
            'duckwire_last_run_spooled_bytes{kind="ingest",instance="well"}': "6e9x20",
            'duckwire_disk_free_bytes{instance="well"}': "1e11x20",
        },
        3, 5, {"instance": "ill"},
    ),
}  # fmt: skip


def rules() -> dict[str, dict[str, Any]]:
    groups = YAML(typ="safe").load(RULES.read_text("utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"]}


def promtool(*words: str) -> None:
    done = subprocess.run(["promtool", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_a_case() -> None:
    assert set(CASES) == set(rules())


@needs_promtool
def test_prometheus_takes_the_rules() -> None:
    promtool("check", "rules", str(RULES))


@needs_promtool
@pytest.mark.parametrize("alert", sorted(CASES))
def test_an_alert_is_told_in_time_of_the_desk_that_has_the_trouble_alone(
    alert: str, tmp_path: Path
) -> None:
    case, rule = CASES[alert], rules()[alert]
    told = {
        "exp_labels": case.labels | rule["labels"],
        "exp_annotations": rule["annotations"],
    }
    tried = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": name, "values": values} for name, values in case.series.items()
                ],
                "alert_rule_test": [
                    {"eval_time": f"{case.quiet_at}m", "alertname": alert, "exp_alerts": []},
                    {"eval_time": f"{case.told_at}m", "alertname": alert, "exp_alerts": [told]},
                ],
            }
        ],
    }
    (tmp_path / "tried.yaml").write_text(json.dumps(tried), "utf-8")  # JSON is YAML
    promtool("test", "rules", str(tmp_path / "tried.yaml"))
