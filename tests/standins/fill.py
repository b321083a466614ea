"""A desk whose past can be filled: what a backfill is asked, and what it landed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from desks import Desk, new_desk

from flows.sources.base import Window
from flows.steps.backfill import BackfillReport, run_backfill
from flows.steps.backfill_request import NAMES, BackfillRequest
from flows.steps.job import Clock, utc_now
from standins.past import Past


def day(number: int, month: int = 9) -> datetime:
    """Midnight of a day of 2023, in UTC."""
    return datetime(2023, month, number, tzinfo=UTC)


def past_desk(past: Past, data: Path, **settings: Any) -> Desk:
    """A desk that follows every feed of a past, has a few saved issues, and asks its services."""
    past.save_issues(data.with_name(data.name + "-saved"))
    given = {
        "seeds": data.with_name(data.name + "-saved"),
        **past.settings,
        **settings,
    }
    return new_desk(data, past.feeds, **given)


def fill(
    desk: Desk, start: datetime, end: datetime, clock: Clock = utc_now, **asked: Any
) -> BackfillReport:
    """Run one backfill from every source, or as asked."""
    request = BackfillRequest(Window(start, end), **{"sources": NAMES, **asked})
    return run_backfill(desk.job("backfill", clock=clock), request)


def articles(desk: Desk) -> dict[str, str]:
    """Every article that landed: address to title."""
    rows = desk.ask("SELECT url, title FROM articles")
    assert len(dict(rows)) == len(rows), "an address has two articles"
    return dict(rows)


def command(desk: Desk, words: Sequence[str], **more: str) -> tuple[list[str], dict[str, str]]:
    """The command line and environment of `duckwire …` on this desk."""
    settings = desk.settings
    environment = {
        **os.environ,
        "DUCKWIRE_DATA": str(settings.data),
        "DUCKWIRE_FEEDS": str(settings.feeds),
        "DUCKWIRE_SEEDS": str(settings.seeds),
        "DUCKWIRE_CDX_URL": settings.cdx_url,
        "DUCKWIRE_CDX_PACE_S": "0",
        "DUCKWIRE_CCNEWS_URL": settings.ccnews_url,
        "DUCKWIRE_ALLOW_HOSTS": ",".join(settings.allow_hosts),
        "DUCKWIRE_PACE_ALLOWED": "false",
        "DUCKWIRE_BATCH": str(settings.batch),
        "DUCKWIRE_PAGE_S": str(settings.page_s),
        **more,
    }
    return [sys.executable, "-c", "from flows.cli import main; main()", *words], environment


def said(desk: Desk, *words: str) -> dict[str, Any]:
    """What `duckwire … --json` said."""
    line, environment = command(desk, (*words, "--json"))
    done = subprocess.run(
        line, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found
