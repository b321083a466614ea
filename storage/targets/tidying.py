"""The upkeep of a DuckLake: old snapshots expire, small files become large ones, unused ones go.

Every transaction writes Parquet files of its own and nothing is ever overwritten, so that without
this a lake that is written every quarter of an hour has tens of thousands of files after a month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from storage.targets.naming import LakeTarget
from storage.warehouse import Warehouse

# A file is rewritten when this share of its rows is gone; one that has lost any is not merged.
_REWRITE_FROM = 0.05
# What a killed writer left. Younger ones may belong to a transaction that is still at work.
_ORPHANED_AFTER = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Tidied:
    """What was done to a lake: snapshots that expired, files merged into fewer, files removed."""

    expired: int
    merged: int
    made: int
    removed: int


def tidy_lake(warehouse: Warehouse, *, now: datetime, keep: timedelta) -> Tidied | None:
    """Keep the snapshots of the time `keep`, compact files, remove what nobody needs.

    Files go once `keep` has passed since they were replaced: until then a reader may be at them.
    Other writers come to their turn between the steps. None when the warehouse is no lake.
    """
    if not isinstance(warehouse.target, LakeTarget):
        return None
    old, orphaned = now - keep, now - max(keep, _ORPHANED_AFTER)
    _call(warehouse, "ducklake_flush_inlined_data('lake')")
    rewritten = _call(
        warehouse, "ducklake_rewrite_data_files('lake', delete_threshold => ?)", _REWRITE_FROM
    )
    expired = _call(warehouse, "ducklake_expire_snapshots('lake', older_than => ?)", old)
    merged = _call(warehouse, "ducklake_merge_adjacent_files('lake')")
    removed = _call(warehouse, "ducklake_cleanup_old_files('lake', older_than => ?)", old)
    lost = _call(warehouse, "ducklake_delete_orphaned_files('lake', older_than => ?)", orphaned)
    both = [*rewritten, *merged]
    return Tidied(
        expired=len(expired),
        merged=sum(row[2] for row in both),
        made=sum(row[3] for row in both),
        removed=len(removed) + len(lost),
    )


def _call(warehouse: Warehouse, function: str, *bound: object) -> list[tuple[Any, ...]]:
    with warehouse.session() as session:
        return session.execute(f"CALL {function}", list(bound)).fetchall()
