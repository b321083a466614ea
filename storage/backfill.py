"""The ledger of past windows: units planned, claimed and done.

A unit is `planned`, then `running` (somebody works on it until `expires_at`), then `done`,
`failed`, or `skipped` (what it would read is not there); what is left undone goes back to
`planned`. `skipped` without an attempt is a unit that its parent named and left out, or one of a
feed that is off the list (`unlisted`), planned again once it is back. It is done, or skipped, for
the depth it was done at: 'entries' (pages were left waiting), 'gated:<topic>@<version>' or 'pages'.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from storage.columnar import arriving, arrow_of
from storage.landing import transaction
from storage.session import Session as Connection
from storage.session import count_of

Span = tuple[datetime, datetime]

_OF_GROUPS = (
    "FROM backfill_units u JOIN arriving_groups g USING (family, from_at, to_at) "
    "WHERE u.source IN (SELECT unnest($sources::VARCHAR[]))"
)
_FREE = (
    "(u.state = 'planned' AND (u.run_id <> $run_id OR u.ended_at IS NULL OR u.ended_at < $began)) "
    "OR (u.state = 'running' AND u.run_id <> $run_id AND (u.expires_at <= $now "
    "OR u.run_id NOT IN (SELECT unnest($alive::VARCHAR[]))))"
)
_UNLISTED = "(reason IS NOT DISTINCT FROM 'unlisted')"
_DEEP = "(depth = $depth OR depth = 'pages' OR $depth = 'entries')"


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as it is planned; `spec` is the whole of it, for the source that does it. `reason` and
    `detail` say why one is left out.
    """

    unit_id: str
    source: str
    feed_id: str | None
    url: str
    from_at: datetime
    to_at: datetime
    depth: str
    spec: str
    family: str
    parent_id: str | None = None
    reason: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """The units of one family and one window, which together cover it."""

    family: str
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """Who claims units, for how long, and which other runs are alive."""

    run_id: str
    alive: tuple[str, ...]
    now: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class UnitEnd:
    """How a unit ended, and what it held in all."""

    state: str
    reason: str | None = None
    detail: str | None = None
    found: int = 0
    new: int = 0
    outside: int = 0
    passed: int = 0


def ask_window(
    connection: Connection, feed_ids: Sequence[str], start: datetime, end: datetime
) -> None:
    """Remember that these sources were asked for a window; windows that touch become one."""
    table = pa.table({"feed_id": pa.array(list(feed_ids), type=pa.string())})
    with transaction(connection), arriving(connection, asked=table):
        bound = {"start": start, "end": end}
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE stage_windows AS SELECT a.feed_id, "
            "least($start, coalesce(min(w.from_at), $start)) AS from_at, "
            "greatest($end, coalesce(max(w.to_at), $end)) AS to_at "
            "FROM arriving_asked a LEFT JOIN backfill_windows w "
            "ON w.feed_id = a.feed_id AND w.from_at <= $end AND w.to_at >= $start GROUP BY 1",
            bound,
        )
        connection.execute(
            "DELETE FROM backfill_windows WHERE from_at <= $end AND to_at >= $start "
            "AND feed_id IN (SELECT feed_id FROM arriving_asked)",
            bound,
        )
        connection.execute("INSERT INTO backfill_windows BY NAME FROM stage_windows")


def covered_windows(
    connection: Connection, families: Sequence[str], depth: str
) -> dict[str, list[Span]]:
    """The windows that are wholly done for each family at this depth or a deeper one."""
    return _windows(
        connection,
        "SELECT family, from_at, to_at FROM backfill_units "  # noqa: S608
        "WHERE family IN (SELECT unnest($families::VARCHAR[])) GROUP BY ALL "
        f"HAVING bool_and(state IN ('done', 'skipped') AND NOT {_UNLISTED} AND {_DEEP})",
        {"families": list(families), "depth": depth},
    )


def windows_at_work(
    connection: Connection, families: Sequence[str], depth: str, alive: Sequence[str]
) -> dict[str, list[Span]]:
    """The windows that other living runs are doing at this depth or a deeper one."""
    return _windows(
        connection,
        "SELECT DISTINCT family, from_at, to_at FROM backfill_units "  # noqa: S608
        "WHERE family IN (SELECT unnest($families::VARCHAR[])) "
        "AND state IN ('planned', 'running') "
        f"AND run_id IN (SELECT unnest($alive::VARCHAR[])) AND {_DEEP}",
        {"families": list(families), "depth": depth, "alive": list(alive)},
    )


def _windows(connection: Connection, sql: str, bound: dict[str, object]) -> dict[str, list[Span]]:
    found: dict[str, list[Span]] = {}
    for family, start, end in connection.execute(sql, bound).fetchall():
        found.setdefault(family, []).append((start, end))
    return found


def plan_units(
    connection: Connection,
    rows: Sequence[UnitRow],
    groups: Sequence[Group],
    *,
    depth: str,
    again: bool,
    run_id: str,
    now: datetime,
) -> None:
    """Write the units to begin with into the ledger, and plan anew what is not done in `groups`.

    Not done is what failed, what was done less deep, and with `again` everything. What a living
    run is doing stays with it. What a unit had left out is for that unit to judge anew.
    """
    bound = {"depth": depth, "again": again, "run_id": run_id}
    with transaction(connection), arriving(connection, groups=arrow_of(Group, list(groups))):
        connection.execute(
            "UPDATE backfill_units SET state = 'planned', depth = $depth, reason = NULL, "  # noqa: S608
            "detail = NULL, run_id = $run_id FROM arriving_groups g "
            "WHERE backfill_units.family = g.family AND backfill_units.from_at = g.from_at "
            "AND backfill_units.to_at = g.to_at AND state <> 'running' "
            f"AND NOT (state = 'skipped' AND attempts = 0 AND NOT {_UNLISTED}) "
            f"AND ($again OR state IN ('failed', 'planned') OR {_UNLISTED} OR NOT {_DEEP})",
            bound,
        )
        connection.execute(
            "DELETE FROM backfill_units WHERE state = 'skipped' AND attempts = 0 "
            "AND parent_id IN (SELECT unit_id FROM backfill_units WHERE state = 'planned')"
        )
        insert_units(connection, rows, state="planned", run_id=run_id, now=now, until=None)


def insert_units(
    connection: Connection,
    rows: Sequence[UnitRow],
    *,
    state: str,
    run_id: str,
    now: datetime,
    until: datetime | None,
) -> list[str]:
    """Insert units that are not in the ledger; returns their ids. The caller's transaction."""
    with arriving(connection, units=arrow_of(UnitRow, list(rows))):
        known = connection.execute(
            "SELECT unit_id FROM arriving_units "
            "WHERE unit_id IN (SELECT unit_id FROM backfill_units)"
        ).fetchall()
        connection.execute(
            "INSERT INTO backfill_units BY NAME SELECT *, $state AS state, $run_id AS run_id, "
            "0 AS attempts, $now::TIMESTAMPTZ AS planned_at, $until::TIMESTAMPTZ AS expires_at, "
            "CASE WHEN $state = 'running' THEN $now::TIMESTAMPTZ END AS started_at "
            "FROM arriving_units "
            "WHERE unit_id NOT IN (SELECT unit_id FROM backfill_units)",
            {"state": state, "run_id": run_id, "now": now, "until": until},
        )
    before = {row[0] for row in known}
    return [row.unit_id for row in rows if row.unit_id not in before]


def claim_units(
    connection: Connection,
    groups: Sequence[Group],
    sources: Sequence[str],
    claim: Claim,
    *,
    began: datetime,
    limit: int,
) -> list[tuple[str, str]]:
    """Take up to `limit` units of these groups and sources; returns each one's spec and family.

    Free are the planned ones that this run (begun at `began`) has not ended already, and running
    ones whose run is not alive or whose time is over.
    """
    bound = _free_bound(sources, claim, began) | {"limit": limit}
    with transaction(connection), arriving(connection, groups=arrow_of(Group, list(groups))):
        rows = connection.execute(
            f"SELECT u.unit_id, u.spec, u.family {_OF_GROUPS} AND ({_FREE}) "
            "ORDER BY u.planned_at, u.unit_id LIMIT $limit",
            bound,
        ).fetchall()
        connection.execute(
            "UPDATE backfill_units SET state = 'running', run_id = $run_id, started_at = $now, "
            "expires_at = $until WHERE unit_id IN (SELECT unnest($ids::VARCHAR[]))",
            {
                "run_id": claim.run_id,
                "now": claim.now,
                "until": claim.until,
                "ids": [row[0] for row in rows],
            },
        )
    return [(row[1], row[2]) for row in rows]


def units_are_open(
    connection: Connection,
    groups: Sequence[Group],
    sources: Sequence[str],
    claim: Claim,
    *,
    began: datetime,
) -> bool:
    """Whether units of these groups and sources could be claimed, or another run is doing some."""
    bound = _free_bound(sources, claim, began)
    with arriving(connection, groups=arrow_of(Group, list(groups))):
        row = connection.execute(
            f"SELECT count(*) {_OF_GROUPS} "
            f"AND ({_FREE} OR (u.state = 'running' AND u.run_id <> $run_id))",
            bound,
        ).fetchone()
    return bool(row and row[0])


def _free_bound(sources: Sequence[str], claim: Claim, began: datetime) -> dict[str, object]:
    return {
        "sources": list(sources),
        "run_id": claim.run_id,
        "alive": list(claim.alive),
        "now": claim.now,
        "began": began,
    }


def release_units(
    connection: Connection, run_id: str, unit_ids: Sequence[str] | None = None
) -> int:
    """Give back the units that a run holds and has not done, or these of them; returns how many."""
    return count_of(
        connection,
        "UPDATE backfill_units SET state = 'planned', expires_at = NULL "
        "WHERE state = 'running' AND run_id = $run_id "
        "AND ($all OR unit_id IN (SELECT unnest($ids::VARCHAR[])))",
        {"run_id": run_id, "all": unit_ids is None, "ids": list(unit_ids or ())},
    )


def keep_units(connection: Connection, claim: Claim) -> None:
    """Hold on to the units that a run is at, until the end of the claim."""
    connection.execute(
        "UPDATE backfill_units SET expires_at = ? WHERE state = 'running' AND run_id = ?",
        [claim.until, claim.run_id],
    )


def end_unit(connection: Connection, unit_id: str, end: UnitEnd, new: int, now: datetime) -> None:
    """Note how a unit ended; `new` is added to what was new before. The caller's transaction."""
    connection.execute(
        "UPDATE backfill_units SET state = ?, reason = ?, detail = ?, found = ?, new = ?, "
        "outside = ?, passed = ?, attempts = attempts + 1, ended_at = ?, expires_at = NULL "
        "WHERE unit_id = ?",
        [
            end.state,
            end.reason,
            end.detail,
            end.found,
            end.new + new,
            end.outside,
            end.passed,
            now,
            unit_id,
        ],
    )


def count_on_topic(connection: Connection, run_id: str) -> None:
    """Count anew, for the units that a run did or whose pages it landed, what is on a topic."""
    connection.execute(
        "UPDATE backfill_units SET on_topic = c.on_topic FROM ("
        "SELECT u.unit_id, count(DISTINCT t.article_id) AS on_topic FROM backfill_units u "
        "LEFT JOIN pages p USING (unit_id) LEFT JOIN article_topics t "
        "ON t.article_id = p.article_id AND t.verdict = 'on' "
        "WHERE u.state = 'done' AND (u.run_id = $run_id OR u.unit_id IN "
        "(SELECT unit_id FROM pages WHERE run_id = $run_id AND unit_id IS NOT NULL)) "
        "GROUP BY u.unit_id) c WHERE backfill_units.unit_id = c.unit_id "
        "AND backfill_units.on_topic IS DISTINCT FROM c.on_topic",
        {"run_id": run_id},
    )
