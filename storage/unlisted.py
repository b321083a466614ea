"""Units of the past that wait for a feed which is no longer on the list."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from extractors.records import Reason
from storage.session import Session, count_of

_SKIP = """
UPDATE backfill_units
SET state = 'skipped', reason = $reason, detail = 'its feed is not on the list any more',
    run_id = $run_id
WHERE state = 'planned' AND source = $source AND from_at < $end AND to_at > $start
  AND feed_id IS NOT NULL AND feed_id NOT IN (SELECT unnest($feed_ids::VARCHAR[]))
  AND run_id NOT IN (SELECT unnest($alive::VARCHAR[]))
"""


def skip_unlisted(
    session: Session,
    source: str,
    feed_ids: Sequence[str],
    start: datetime,
    end: datetime,
    *,
    run_id: str,
    alive: Sequence[str],
) -> int:
    """Skip what a source has planned in a window (half-open, UTC) for none of these feeds.

    `feed_ids` are the rows of `feeds` that it has units for; what the `alive` runs have planned
    stays theirs. Returns how many units. `plan_units` takes them up again once it is asked to.
    """
    bound = {"source": source, "feed_ids": list(feed_ids), "start": start, "end": end}
    bound |= {"run_id": run_id, "alive": list(alive), "reason": str(Reason.UNLISTED)}
    return count_of(session, _SKIP, bound)
