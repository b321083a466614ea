"""Landing what units of the past find: sightings, their pages, and how the unit ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from extractors.records import Stage
from storage.backfill import Claim, UnitEnd, UnitRow, end_unit, insert_units, keep_units
from storage.columnar import arriving, arrow_of
from storage.editions import part_by_link
from storage.landing import (
    bind_run,
    counted_states,
    entry_states,
    first_of_each,
    record_counts,
    transaction,
)
from storage.migrate import sql_text
from storage.rows import EntryRow, StageCount
from storage.session import Session as Connection
from storage.staging import stage


@dataclass(frozen=True, slots=True)
class WantedPage:
    """A page that a find points at; `fetch_url` is an archive's copy to fetch in its place."""

    page_id: str
    fetch_url: str | None


@dataclass(frozen=True, slots=True)
class FindsLanded:
    """How many sightings were new, and which further units nobody had planned before."""

    new: int
    children: tuple[UnitRow, ...]


def land_finds(
    connection: Connection,
    unit_id: str,
    entries: Sequence[EntryRow],
    wanted: Sequence[WantedPage],
    *,
    claim: Claim,
    children: Sequence[UnitRow] = (),
    left_out: Sequence[UnitRow] = (),
    end: UnitEnd | None = None,
    again: bool = False,
) -> FindsLanded:
    """Land what a unit found, the units it names or leaves out and, at the end, how it ended.

    One transaction. No poll is written and no feed moves. A find that is stored already stays as
    it is, unless a window or the gate had passed it over and it is wanted now; with `again` it
    may change and its page waits anew. `end.new` is added to what was new here.
    """
    pages = arrow_of(WantedPage, first_of_each(list(wanted), lambda page: page.page_id))
    new = 0
    with transaction(connection):
        bind_run(connection, claim.run_id, claim.now)
        if entries:
            connection.execute("SET VARIABLE unit_id = ?", [unit_id])
            connection.execute(f"SET VARIABLE again = {'true' if again else 'false'}")
            count = _land_sightings(connection, entries, pages)
            record_counts(connection, claim.run_id, claim.now, [count])
            new = count.landed + count.duplicate
        fresh = set(
            insert_units(
                connection,
                first_of_each(list(children), lambda row: row.unit_id),
                state="running",
                run_id=claim.run_id,
                now=claim.now,
                until=claim.until,
            )
            if children
            else ()
        )
        if left_out:
            noted = first_of_each(list(left_out), lambda row: row.unit_id)
            insert_units(
                connection, noted, state="skipped", run_id=claim.run_id, now=claim.now, until=None
            )
        keep_units(connection, claim)
        if end is not None:
            end_unit(connection, unit_id, end, new, claim.now)
    return FindsLanded(new, tuple(row for row in children if row.unit_id in fresh))


def _land_sightings(
    connection: Connection, entries: Sequence[EntryRow], wanted: pa.Table
) -> StageCount:
    parted = part_by_link(connection, entries)
    latest = sorted(parted.entries, key=lambda row: row.edition, reverse=True)
    rows = first_of_each(sorted(latest, key=lambda row: row.state), lambda row: row.entry_id)
    stage(connection, "entries", rows)
    if parted.met_before:
        connection.execute(sql_text("landing", "finds_editions"))
    with arriving(connection, wanted=wanted):
        connection.execute(sql_text("landing", "finds_wanted"))
    connection.execute(sql_text("landing", "entries"))
    if parted.met_before:
        connection.execute(sql_text("landing", "finds_touched"), [list(parted.renamed)])
    connection.execute(sql_text("landing", "sightings"))
    connection.execute(sql_text("landing", "finds_after"))
    return counted_states(Stage.ENTRY, len(rows), entry_states(connection))
