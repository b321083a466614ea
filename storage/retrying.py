"""Failed items put back so that the next run tries them, whatever the plan was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.landing import transaction
from storage.session import Session as Connection
from storage.session import count_of

# Pages that failed or wait after a failure; those that were refused only when asked for by reason.
_PAGES = """
UPDATE pages SET state = 'waiting', attempts = 0, first_attempt_at = NULL, next_at = $now
WHERE (
    CASE WHEN $reason IS NULL THEN state = 'failed' OR (state = 'waiting' AND reason IS NOT NULL)
         ELSE reason = $reason OR article_reason = $reason END
) AND ($run_id IS NULL OR run_id = $run_id)
  AND coalesce(article_reason, '') <> 'forgotten' AND starts_with(url, 'http')
"""

_MATCHING = """
SELECT item FROM failures WHERE stage = $stage
  AND ($reason IS NULL OR reason = $reason) AND ($run_id IS NULL OR run_id = $run_id)
"""

_FEEDS = f"""
UPDATE feeds SET next_poll_at = $now
WHERE kind = 'feed' AND listed AND NOT paused AND feed_id IN ({_MATCHING})
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Retried:
    """How many items the next run tries; `files` are failed files, which every run reads anyway."""

    pages: int
    feeds: int
    files: int


def retry_failed(
    connection: Connection, *, reason: str | None, run_id: str | None, now: datetime
) -> Retried:
    """Put failed pages back to waiting with their tries renewed, and make failed feeds due.

    Only what failed for `reason`, and only what failed last in the run `run_id`, when given; a
    reason for which a page was refused or its article rejected counts as well. Feeds that are
    paused or off the list stay so, and what is forgotten stays forgotten.
    """
    bound = {"reason": reason, "run_id": run_id}
    with transaction(connection):
        pages = count_of(connection, _PAGES, {**bound, "now": now})
        feeds = count_of(connection, _FEEDS, {**bound, "now": now, "stage": "poll"})
        files = connection.execute(_MATCHING, {**bound, "stage": "entry"}).fetchall()
    return Retried(pages, feeds, len(files))
