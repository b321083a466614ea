"""The rows of `feeds`: the owner's list on one side, what polling learned on the other."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from extractors.records import FeedHints, FeedState, Listing
from storage.session import Session as Connection
from storage.staging import stage

# Moves, schedule and validators survive a sync; only what the list says is taken from it.
_SYNC = """
MERGE INTO feeds t
USING stage_feeds s
ON t.feed_id = s.feed_id
WHEN MATCHED THEN UPDATE SET
    kind = s.kind,
    url = CASE WHEN t.listed_url IS DISTINCT FROM s.listed_url THEN s.url ELSE t.url END,
    listed_url = s.listed_url, publisher = s.publisher, homepage = s.homepage,
    country = s.country, language = s.language, seen_in = s.seen_in, verified = s.verified,
    listed = s.listed, paused = s.paused, fetch_policy = s.fetch_policy,
    conditional = s.conditional, min_interval_s = s.min_interval_s,
    max_interval_s = s.max_interval_s
WHEN NOT MATCHED THEN INSERT BY NAME
"""

_COLUMNS = (
    "kind, listed_url, publisher, homepage, country, language, seen_in, verified, listed, paused, "
    "fetch_policy, conditional, min_interval_s, max_interval_s"
)
_CHANGED = (
    f"SELECT 1 FROM (SELECT feed_id, {_COLUMNS} FROM stage_feeds EXCEPT "  # noqa: S608
    f"SELECT feed_id, {_COLUMNS} FROM feeds) LIMIT 1"
)
_OFF = "kind = 'feed' AND listed AND feed_id NOT IN (SELECT feed_id FROM stage_feeds)"

_DUE = """
SELECT feed_id, url, etag, last_modified, body_hash,
       validators_off OR NOT conditional AS validators_off, interval_s, min_interval_s,
       max_interval_s, next_poll_at, last_polled_at, last_ok_at, last_new_at, failures,
       redirect_url, redirect_days, redirect_seen_at, gone_days, gone_seen_at, gone,
       fetch_policy, language, publisher, hints, shown
FROM feeds
WHERE kind = 'feed' AND listed AND NOT paused
  AND ($everything OR next_poll_at IS NULL OR next_poll_at <= $now)
ORDER BY next_poll_at NULLS FIRST, feed_id
"""


@dataclass(frozen=True, slots=True)
class _ListedRow:
    feed_id: str
    kind: str
    url: str
    listed_url: str
    publisher: str | None
    homepage: str | None
    country: str | None
    language: str | None
    seen_in: str | None
    verified: str | None
    listed: bool
    paused: bool
    fetch_policy: str
    conditional: bool
    min_interval_s: int
    max_interval_s: int
    interval_s: int
    failures: float
    validators_off: bool
    gone: bool
    gone_days: int
    redirect_days: int
    added_at: datetime


def sync_listings(
    connection: Connection,
    listings: Sequence[Listing],
    *,
    now: datetime,
    bounds: tuple[int, int, int],
    complete: bool,
) -> bool:
    """Bring `feeds` in line with the owner's list; returns whether anything changed.

    `bounds` are the default shortest, longest and first interval in seconds. With `complete`,
    a listed feed that `listings` lacks is kept but no longer listed, so nobody polls it.
    """
    shortest, longest, first = bounds
    rows = [_listed_row(item, shortest, longest, first, now) for item in listings]
    stage(connection, "feeds", rows)
    changed = _any(connection, _CHANGED)
    if changed:
        connection.execute(_SYNC)
    if complete and _any(connection, f"SELECT 1 FROM feeds WHERE {_OFF} LIMIT 1"):  # noqa: S608
        connection.execute(f"UPDATE feeds SET listed = false WHERE {_OFF}")  # noqa: S608
        changed = True
    return changed


def due_feeds(connection: Connection, *, now: datetime, everything: bool) -> list[FeedState]:
    """The feeds to poll now, most overdue first; with `everything`, those not due as well."""
    rows = connection.execute(_DUE, {"now": now, "everything": everything}).fetchall()
    columns = [item[0] for item in connection.description]
    return [_state(dict(zip(columns, row, strict=True))) for row in rows]


def hints_text(hints: FeedHints | None) -> str | None:
    """A feed's own timing words as they are stored: JSON, or None."""
    return None if hints is None else json.dumps(asdict(hints))


def hints_of(text: str | None) -> FeedHints | None:
    """A feed's own timing words out of what `hints_text` wrote."""
    if not text:
        return None
    words: dict[str, Any] = json.loads(text)
    lists = {name: tuple(words[name]) for name in ("skip_hours", "skip_days")}
    return FeedHints(**{**words, **lists})


def _state(row: dict[str, Any]) -> FeedState:
    hints = hints_of(row.pop("hints"))
    shown = tuple(row.pop("shown") or ())
    return FeedState(fetch=row.pop("fetch_policy"), hints=hints, shown=shown, **row)


def _listed_row(
    item: Listing, shortest: int, longest: int, first: int, now: datetime
) -> _ListedRow:
    low = item.min_interval_s or shortest
    high = max(item.max_interval_s or longest, low)
    return _ListedRow(
        feed_id=item.feed_id,
        kind=str(item.kind),
        url=item.url,
        listed_url=item.url,
        publisher=item.publisher,
        homepage=item.homepage,
        country=item.country,
        language=item.language,
        seen_in=item.seen_in,
        verified=item.verified,
        listed=True,
        paused=item.paused,
        fetch_policy=item.fetch,
        conditional=item.conditional,
        min_interval_s=low,
        max_interval_s=high,
        interval_s=min(max(first, low), high),
        failures=0.0,
        validators_off=False,
        gone=False,
        gone_days=0,
        redirect_days=0,
        added_at=now,
    )


def _any(connection: Connection, sql: str) -> bool:
    return connection.execute(sql).fetchone() is not None
