"""The notebook runs as a script against a desk's data, and its plots say what the views say."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from desks import Desk

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "deploy" / "notebooks" / "story.py"
PLOTS = ("1-timeline", "2-coverage", "3-first-reports", "4-syndication", "5-evidence")


def run(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(NOTEBOOK), *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DUCKWIRE_DATA": str(data), "PYTHONPATH": str(ROOT)},
    )


@pytest.fixture(scope="module")
def plots(landed: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """The rows behind each plot, as the notebook wrote them."""
    out = tmp_path_factory.mktemp("plots")
    done = run("--out", str(out), data=landed.settings.data)
    assert done.returncode == 0, done.stderr
    written = {path.stem: json.loads(path.read_text("utf-8")) for path in out.iterdir()}
    return {name: next(iter(plot["datasets"].values())) for name, plot in written.items()}


def test_it_makes_five_plots_and_none_is_empty(plots: dict[str, list[Any]]) -> None:
    assert sorted(plots) == list(PLOTS)
    assert all(plots.values())


def test_the_plots_count_every_article_on_the_topic(
    plots: dict[str, list[Any]], landed: Desk
) -> None:
    ((articles,),) = landed.ask("SELECT count(*) FROM summit_articles WHERE published_at NOTNULL")
    assert sum(row["articles"] for row in plots["1-timeline"]) == articles
    ((articles,),) = landed.ask("SELECT count(*) FROM summit_articles")
    assert sum(row["articles"] for row in plots["2-coverage"]) == articles


def test_days_and_times_say_that_they_are_utc(plots: dict[str, list[Any]]) -> None:
    assert all(row["day"].endswith("T00:00:00+0000") for row in plots["1-timeline"])
    assert all(row["first_at"].endswith("+0000") for row in plots["3-first-reports"])


def test_a_desk_without_a_published_copy_is_told_how_to_get_one(tmp_path: Path) -> None:
    done = run(data=tmp_path)
    assert done.returncode != 0
    assert "`duckwire run` makes it" in done.stderr
