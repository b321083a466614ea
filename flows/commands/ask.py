"""`duckwire sql` and `duckwire status`: questions to the published copy."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from extractors.errors import UsageError
from flows.clock import utc_now
from flows.commands import show
from flows.commands.options import Data, Json
from flows.settings import load_settings
from flows.warehouses import warehouse_of
from storage.asking import Answer, Asker
from storage.errors import QueryError
from storage.publish import published_age
from storage.reports import Status, status_of
from storage.warehouse import Warehouse

_MOST = 1000


def sql(
    query: Annotated[
        str | None, typer.Argument(help="The question, or a file of one; none for a prompt.")
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Ask the published copy, or a shared warehouse, in SQL; without a question, a prompt."""
    warehouse = warehouse_of(load_settings(data=data))
    with Asker(warehouse) as asker:
        if query is not None:
            _print(asker.ask(_text(query)), as_json)
            return
        _prompt(asker, as_json)


def status(data: Data = None, as_json: Json = False) -> None:
    """Show the last runs, what is waiting and how the feeds are."""
    settings = load_settings(data=data)
    warehouse = warehouse_of(settings)
    age = published_age(warehouse, utc_now())
    with Asker(warehouse) as asker:
        found = status_of(asker.connection)
    if as_json:
        show.as_json(_status_json(found, warehouse, age))
        return
    if warehouse.target is None:
        minutes = age.total_seconds() / 60 if age else 0
        show.line(f"published copy  {warehouse.published}, {minutes:.0f} min old")
    else:
        show.line(f"warehouse       {warehouse.name}")
    on = ", ".join(f"{topic} {count}" for topic, count in found.on_topic.items()) or "none"
    show.line(f"articles        {found.articles}; on topic: {on}")
    health = ", ".join(f"{count} {word}" for word, count in found.feeds.items()) or "none"
    show.line(f"feeds           {health}")
    waiting = ", ".join(f"{count} {word}" for word, count in found.waiting.items()) or "none"
    show.line(f"pages waiting   {waiting}")
    for url, reason, detail in found.failing:
        show.line(f"  {show.clean(url)}: {show.clean(reason)}: {show.clean(detail)}")
    rows = [
        (r.run_id, r.state, _short(r.started_at), _lasted(r.started_at, r.ended_at), r.landed)
        for r in found.runs
    ]
    show.table("last runs", ("run", "state", "started (UTC)", "took", "articles"), rows)


def _text(query: str) -> str:
    """The question itself: what was typed, or what the file of that name holds."""
    if not query.endswith(".sql"):
        return query
    try:
        return Path(query).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{query} cannot be read", remedy=str(error)) from error


def _print(answer: Answer, as_json: bool) -> None:
    if as_json:
        show.as_json([dict(zip(answer.columns, row, strict=True)) for row in answer.rows])
        return
    if not show.out.is_terminal:
        show.line("\t".join(answer.columns))
    show.table("", answer.columns, answer.rows[:_MOST])
    left = len(answer.rows) - _MOST
    if left > 0:
        show.warn(f"{left} more rows: add a LIMIT, or use --json for all of them")


def _prompt(asker: Asker, as_json: bool) -> None:
    """Read statements up to their semicolon until the end of input; an error is one line."""
    interactive = sys.stdin.isatty()
    if interactive:
        show.line(
            "Questions end with a semicolon; Ctrl-D leaves. SHOW TABLES; lists what is there."
        )
    pending = ""
    while True:
        try:
            typed = input(("duckwire> " if not pending else "     ...> ") if interactive else "")
        except EOFError:
            break
        except KeyboardInterrupt:
            pending = ""
            show.line()
            continue
        pending = f"{pending}\n{typed}" if pending else typed
        if pending.rstrip().endswith(";"):
            _answer(asker, pending, as_json)
            pending = ""
    if pending.strip():
        _answer(asker, pending, as_json)


def _answer(asker: Asker, query: str, as_json: bool) -> None:
    try:
        _print(asker.ask(query), as_json)
    except QueryError as error:
        show.warn(str(error))


def _status_json(found: Status, warehouse: Warehouse, age: Any) -> dict[str, Any]:
    return {
        "published": warehouse.name,
        "age_s": age.total_seconds() if age else None,
        "articles": found.articles,
        "newest": found.newest,
        "on_topic": found.on_topic,
        "feeds": found.feeds,
        "waiting": found.waiting,
        "failing": [{"url": u, "reason": r, "detail": d} for u, r, d in found.failing],
        "runs": [
            {
                "run_id": r.run_id,
                "kind": r.kind,
                "state": r.state,
                "started_at": r.started_at,
                "ended_at": r.ended_at,
                "detail": r.detail,
                "articles_landed": r.landed,
            }
            for r in found.runs
        ],
    }


def _short(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _lasted(start: datetime, end: datetime | None) -> str:
    return f"{(end - start).total_seconds():.0f} s" if end else ""
