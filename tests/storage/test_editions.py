"""Two editions of one entry out of the past: what is stored does not depend on the order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from storage.backfill import Claim, WantedPage, land_finds
from storage.rows import EntryRow
from storage.warehouse import Warehouse

NOW = datetime(2023, 9, 20, tzinfo=UTC)


def sighting(title: str, **changes: Any) -> EntryRow:
    given = {
        "entry_id": "e_1",
        "feed_id": "f_1",
        "guid": "g",
        "state": "landed",
        "content_hash": f"1:{title}",
        "source_kind": "backfill",
        "first_seen_at": NOW,
        "run_id": "backfill-1",
        "link": "https://paper.example/a",
        "url": "https://paper.example/a",
        "page_id": "p_1",
        "title": title,
    }
    return EntryRow(**{**given, **changes})


DAY = timedelta(days=1)
PAIRS = {
    "modified later": (sighting("One", modified_at=NOW - DAY), sighting("Two", modified_at=NOW)),
    "modified or not": (sighting("Two"), sighting("One", modified_at=NOW)),
    "the date in other words": (
        sighting("One", published_raw="Sat, 09 Sep 2023 00:52:00 GMT"),
        sighting("One", published_raw="2023-09-09T00:52:00Z"),
    ),
    "another title": (sighting("One"), sighting("Two")),
    "one outside the window": (
        sighting("One"),
        sighting("Two", modified_at=NOW, state="skipped", reason="outside_window"),
    ),
}


def landed(data: Path, batches: list[list[EntryRow]]) -> list[tuple[Any, ...]]:
    """The entries after these batches, without when they were seen."""
    warehouse = Warehouse(data)
    warehouse.migrate(NOW)
    claim = Claim("backfill-1", (), NOW, NOW + DAY)
    wanted = [WantedPage("p_1", None)]
    with warehouse.session() as session:
        for rows in batches:
            land_finds(session, "u_1", rows, wanted, claim=claim)
        return session.execute("SELECT * EXCLUDE (changed_at) FROM entries").fetchall()


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_the_later_edition_stays_whichever_was_met_first(
    pair: tuple[EntryRow, EntryRow], tmp_path: Path
) -> None:
    one, other = pair
    stored = [
        landed(tmp_path / str(place), batches)
        for place, batches in enumerate(
            ([[one], [other]], [[other], [one]], [[one, other]], [[other, one]])
        )
    ]
    assert stored == [stored[0]] * len(stored)


def test_what_a_live_run_landed_stays_as_it_is(tmp_path: Path) -> None:
    live = sighting("One", source_kind="feed")
    assert landed(tmp_path / "a", [[live]]) == landed(
        tmp_path / "b", [[live], [sighting("Two", modified_at=NOW)]]
    )
