"""Sightings of the past that share a guid and not a link: each link is a sighting of its own.

A feed gives an item's guid to another address when it moves or renames it, and a bad one gives the
same guid to every item. Nobody can tell which, so every page is kept. The id that feed and guid
make belongs to the link of the latest edition that was taken; each other link has an id beside it.
That is decided by the rows alone, so the order in which editions are met leaves no trace.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa

from extractors.records import SourceKind, State
from storage.columnar import arriving
from storage.rows import EntryRow, edition_of
from storage.session import Session

Rank = tuple[bool, tuple[float, str, str], str]

_STORED = """
SELECT entry_id, page_id, state, source_kind, modified_at, published_raw, content_hash
FROM entries WHERE entry_id IN (SELECT unnest(?::VARCHAR[]))
"""
_RENAME = """
UPDATE entries SET entry_id = r.new_id FROM arriving_renamed r WHERE entries.entry_id = r.entry_id
"""


@dataclass(frozen=True, slots=True)
class _Stored:
    """What tells the rank of a sighting that is stored."""

    entry_id: str
    page_id: str | None
    state: str
    source_kind: str
    modified_at: datetime | None
    published_raw: str | None
    content_hash: str


@dataclass(frozen=True, slots=True)
class Parted:
    """Entries with the ids that are due to them; the ids in use now of stored ones that had others;
    whether any of the entries is stored.
    """

    entries: list[EntryRow]
    renamed: tuple[str, ...]
    met_before: bool


def part_by_link(connection: Session, entries: Sequence[EntryRow]) -> Parted:
    """Give each link of an entry the id that is due to it, here and in what is stored.

    What a live run landed keeps its id. The caller holds the transaction.
    """
    groups: dict[str, list[EntryRow]] = defaultdict(list)
    for row in entries:
        groups[row.entry_id].append(row)
    stored = _stored(connection, [*groups, *(_beside(row) for row in entries)])
    first: dict[str, str] = {}
    renamed: dict[str, str] = {}
    for entry_id, rows in groups.items():
        known, linked = stored.get(entry_id), [row for row in rows if row.page_id]
        if not linked or (known and not known.page_id):
            continue  # it points at no page, or is forgotten
        first[entry_id] = link = _first(linked, known)
        if known and known.page_id != link:
            renamed[entry_id] = _beside(known)
            if (beside := f"{entry_id}_{link}") in stored:
                renamed[beside] = entry_id
    _rename(connection, renamed)
    parted = [_with_id(row, first) for row in entries]
    return Parted(parted, tuple(renamed.values()), bool(stored))


def _first(rows: Sequence[EntryRow], known: _Stored | None) -> str:
    """The page that the entry's own id belongs to: that of the latest edition."""
    if known and known.page_id and known.source_kind != SourceKind.BACKFILL:
        return known.page_id
    ranks = [_rank(row) for row in (*rows, *([known] if known else ()))]
    return max(ranks)[-1]


def _rank(row: EntryRow | _Stored) -> Rank:
    """What was taken comes before what was passed over, of which no edition is kept apart."""
    taken = row.state != State.SKIPPED
    edition = edition_of(row.modified_at, row.published_raw, row.content_hash)
    return taken, edition if taken else (0.0, "", ""), row.page_id or ""


def _beside(row: EntryRow | _Stored) -> str:
    """The id of an entry's sighting with a link that is not the latest."""
    return f"{row.entry_id}_{row.page_id}"


def _with_id(row: EntryRow, first: dict[str, str]) -> EntryRow:
    if not row.page_id or first.get(row.entry_id, row.page_id) == row.page_id:
        return row
    return replace(row, entry_id=_beside(row))


def _stored(connection: Session, ids: Sequence[str]) -> dict[str, _Stored]:
    rows = connection.execute(_STORED, [list(ids)]).fetchall()
    return {row[0]: _Stored(*row) for row in rows}


def _rename(connection: Session, renamed: dict[str, str]) -> None:
    if not renamed:
        return
    columns = {"entry_id": list(renamed), "new_id": list(renamed.values())}
    with arriving(connection, renamed=pa.table(columns)):
        connection.execute(_RENAME)
