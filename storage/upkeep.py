"""What `maintain` does to the working file: checks that must find nothing, a checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage.archive import BrokenRecord, TornTail
from storage.landing import transaction
from storage.session import Session as Connection
from storage.session import count_of


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
    return count_of(connection, "DELETE FROM leases WHERE expires_at <= ?", [now])


def running_runs(connection: Connection) -> list[tuple[str, str, int]]:
    """The runs that say they are at work: (run id, host, process id)."""
    return connection.execute(
        "SELECT run_id, host, pid FROM runs WHERE state = 'running' ORDER BY started_at"
    ).fetchall()


def checkpoint(connection: Connection) -> None:
    """Fold the write-ahead log into the file.

    By force: a served file always has the session that asks for it, which counts as one at work.
    """
    connection.execute("FORCE CHECKPOINT")


def last_landed(connection: Connection) -> dict[str, int]:
    """The offset of the last record of each archive segment that a row points to."""
    return dict(
        connection.execute(
            "SELECT warc_file, max(warc_offset) FROM "
            "(SELECT warc_file, warc_offset FROM pages UNION ALL "
            "SELECT warc_file, warc_offset FROM polls) "
            "WHERE warc_file IS NOT NULL GROUP BY warc_file"
        ).fetchall()
    )


def note_torn(connection: Connection, torn: Sequence[TornTail]) -> None:
    """Say in the detail of the run whose segment was torn what was cut off."""
    for tail in torn:
        connection.execute(
            "UPDATE runs SET detail = concat_ws('; ', detail, ?) "
            "WHERE contains(?, concat('duckwire-', run_id, '-'))",
            [f"{tail.file}: {tail.cut} bytes of a half-written record were cut off", tail.file],
        )


def note_broken(
    connection: Connection,
    checked: Sequence[str],
    broken: Sequence[BrokenRecord],
    *,
    run_id: str,
    now: datetime,
) -> None:
    """Make failures of broken records, and end those of segments that hold again.

    A record that a page points to is the failure of that page, another one of its own place.
    """
    with transaction(connection):
        connection.execute(
            "DELETE FROM failures WHERE stage = 'page' AND reason = 'no_bytes' "
            "AND split_part(detail, ' at ', 1) IN (SELECT unnest(?::VARCHAR[]))",
            [list(checked)],
        )
        for record in broken:
            pages = connection.execute(
                "SELECT page_id FROM pages WHERE warc_file = ? AND warc_offset = ?",
                [record.file, record.offset],
            ).fetchall()
            for item in [row[0] for row in pages] or [f"{record.file} at {record.offset}"]:
                connection.execute(
                    "INSERT INTO failures BY NAME SELECT ? AS run_id, 'page' AS stage, ? AS item, "
                    "'no_bytes' AS reason, ? AS detail, 1 AS attempts, "
                    "?::TIMESTAMPTZ AS first_at, ?::TIMESTAMPTZ AS last_at",
                    [run_id, item, f"{record.file} at {record.offset}: {record.why}", now, now],
                )


def last_upkeep(connection: Connection) -> datetime | None:
    """When the last upkeep that was done began (UTC), or None."""
    row = connection.execute(
        "SELECT max(started_at) FROM runs WHERE kind = 'maintain' AND state = 'done'"
    ).fetchone()
    return row[0] if row else None
