"""Runs and leases: who is at work, and whose turn it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.landing import transaction
from storage.session import Session as Connection


@dataclass(frozen=True, slots=True)
class Worker:
    """The process at work: a run's id, and where it runs."""

    run_id: str
    host: str
    pid: int


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """Who holds a lease, and until when (UTC)."""

    run_id: str
    host: str
    pid: int
    expires_at: datetime


def start_run(
    connection: Connection,
    worker: Worker,
    *,
    kind: str,
    trigger: str,
    parameters: str,
    version: str,
    flow_run_id: str | None,
    now: datetime,
) -> None:
    """Open a run's row; repeating it changes nothing."""
    connection.execute(
        "INSERT INTO runs BY NAME SELECT ? AS run_id, ? AS kind, 'running' AS state, "
        "? AS trigger, ? AS parameters, ?::TIMESTAMPTZ AS started_at, ? AS host, ? AS pid, "
        "? AS version, ? AS flow_run_id "
        "WHERE NOT EXISTS (SELECT 1 FROM runs WHERE run_id = ?)",
        [
            worker.run_id,
            kind,
            trigger,
            parameters,
            now,
            worker.host,
            worker.pid,
            version,
            flow_run_id,
            worker.run_id,
        ],
    )


def end_run(
    connection: Connection, run_id: str, *, state: str, detail: str | None, now: datetime
) -> None:
    """Close a run's row as done, failed or cancelled."""
    connection.execute(
        "UPDATE runs SET state = ?, detail = ?, ended_at = ? WHERE run_id = ?",
        [state, detail, now, run_id],
    )


def acquire(
    connection: Connection,
    name: str,
    worker: Worker,
    *,
    now: datetime,
    keep: timedelta,
    gone: bool = False,
) -> LeaseHolder | None:
    """Take a lease, or renew one's own. Returns None when it is ours, else who holds it.

    A lease that ran out is free; `gone` says that the caller knows its holder's process is dead,
    and the dead holder's run is then marked crashed.
    """
    row = connection.execute(
        "SELECT holder, host, pid, expires_at FROM leases WHERE name = ?", [name]
    ).fetchone()
    if row and row[0] != worker.run_id:
        if row[3] > now and not gone:
            return LeaseHolder(*row)
        mark_crashed(connection, row[0], now=now)
    with transaction(connection):
        connection.execute("DELETE FROM leases WHERE name = ?", [name])
        connection.execute(
            "INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?)",
            [name, worker.run_id, worker.host, worker.pid, now, now + keep],
        )
    return None


def rivals(
    connection: Connection, name: str, run_id: str, *, whole: str, now: datetime
) -> list[tuple[str, LeaseHolder]]:
    """Living leases of other runs under other names that exclude the lease `name`.

    A lease is on everything (`whole`) or on a share of it ('<whole> 1/3'); shares of one division
    exclude only everything, and shares of another division, which might hold the same servers.
    """
    rows = connection.execute(
        "SELECT name, holder, host, pid, expires_at FROM leases "
        "WHERE name <> $name AND holder <> $run_id AND expires_at > $now "
        "AND (name = $whole OR starts_with(name, $whole || ' ')) "
        "AND ($name = $whole OR name = $whole "
        "OR split_part(name, '/', 2) <> split_part($name, '/', 2)) ORDER BY expires_at",
        {"name": name, "run_id": run_id, "now": now, "whole": whole},
    ).fetchall()
    return [(row[0], LeaseHolder(*row[1:])) for row in rows]


def release(connection: Connection, name: str, run_id: str) -> None:
    """Give a lease back; one that somebody else holds stays theirs."""
    connection.execute("DELETE FROM leases WHERE name = ? AND holder = ?", [name, run_id])


def mark_crashed(connection: Connection, run_id: str, *, now: datetime) -> None:
    """Say of a run whose process is gone that it crashed; a finished one is left alone."""
    connection.execute(
        "UPDATE runs SET state = 'crashed', ended_at = ?, "
        "detail = 'its process ended without finishing; what it had landed is kept' "
        "WHERE run_id = ? AND state = 'running'",
        [now, run_id],
    )
