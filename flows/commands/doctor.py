"""`duckwire doctor`: check everything, say what to do about each finding."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer

from flows.clock import utc_now
from flows.commands import show
from flows.commands.options import Data, Json
from flows.doctor import Check, Finding, examine, examine_network
from flows.net.client import Client
from flows.settings import Settings, load_settings


def doctor(
    data: Data = None,
    as_json: Json = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask no feed.")] = False,
) -> None:
    """Check settings, disk, database, lists, Prefect, network and clock; exit 1 if one is wrong."""
    settings = load_settings(data=data)
    checks = list(examine(settings, utc_now()))
    lists_fine = all(c.finding != Finding.WRONG for c in checks if c.what == "feeds")
    if not offline and lists_fine:
        checks += asyncio.run(_ask(settings))
    if as_json:
        show.as_json([asdict(check) for check in checks])
    else:
        for check in checks:
            show.line(f"{check.finding:6}{check.what:16}{show.clean(check.detail)}")
            if check.remedy:
                show.line(f"{'':22}→ {check.remedy}")
    raise typer.Exit(1 if any(check.finding == Finding.WRONG for check in checks) else 0)


async def _ask(settings: Settings) -> list[Check]:
    async with Client(settings.net, clock=utc_now) as door:
        return await examine_network(settings, door, utc_now())
