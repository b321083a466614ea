"""What `maintain` does to the working file: checks that must find nothing, a checkpoint."""

from __future__ import annotations

from datetime import datetime

import duckdb

Connection = duckdb.DuckDBPyConnection


def findings(connection: Connection) -> list[str]:
    """Run the queries that must return no row; one plain line for each that does."""
    lines = [
        f"{what}: {count} (for example {example})"
        for what, count, example in connection.execute(
            "SELECT what, count(*), any_value(id) FROM orphans GROUP BY what ORDER BY what"
        ).fetchall()
    ]
    lines += [
        f"run {run_id}, stage {stage}: the sums do not hold"
        for run_id, stage in connection.execute(
            "SELECT run_id, stage FROM run_balance WHERE NOT balanced ORDER BY ALL"
        ).fetchall()
    ]
    return lines


def drop_expired_leases(connection: Connection, *, now: datetime) -> int:
    """Remove leases that ran out; returns how many."""
    rows = connection.execute(
        "DELETE FROM leases WHERE expires_at <= ? RETURNING name", [now]
    ).fetchall()
    return len(rows)


def running_runs(connection: Connection) -> list[tuple[str, str, int]]:
    """The runs that say they are at work: (run id, host, process id)."""
    return connection.execute(
        "SELECT run_id, host, pid FROM runs WHERE state = 'running' ORDER BY started_at"
    ).fetchall()


def checkpoint(connection: Connection) -> None:
    """Fold the write-ahead log into the file."""
    connection.execute("CHECKPOINT")
