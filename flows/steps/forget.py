"""What publishers ask for: one article gone, everywhere, for good; and failed items tried again."""

from __future__ import annotations

from difflib import get_close_matches

from extractors.errors import UsageError
from extractors.records import Reason
from extractors.urls import clean_url
from flows.steps.ingest import publish_if_due
from flows.steps.job import Job
from flows.steps.rows import article_id_of, page_id_of
from flows.steps.turns import at_work
from storage.forgetting import Forgotten, forget
from storage.retrying import Retried, retry_failed


def run_forget(job: Job, url: str) -> Forgotten:
    """Remove the article at `url` with its versions, tags and archived bytes, and publish.

    A tombstone stays, so that no run or backfill lands it again. Raises UsageError when `url` is
    no web address.
    """
    cleaned = clean_url(url)
    if cleaned is None:
        raise UsageError(f"{url!r} is no web address: give the article's, with https://.")
    with (
        at_work(job, trigger="manual", parameters={"url": cleaned}),
        job.warehouse.session() as session,
    ):
        gone = forget(
            session,
            job.settings.archive_root,
            url=cleaned,
            page_id=page_id_of(cleaned),
            article_id=article_id_of(cleaned),
            now=job.clock(),
        )
    publish_if_due(job, True)
    return gone


def run_retry(job: Job, *, reason: str | None, run_id: str | None) -> Retried:
    """Put failed items back so that the next run tries them; returns how many, by kind.

    `reason` is a word of the list of reasons; None takes all. Raises UsageError for another word.
    """
    if reason is not None and reason not in {str(known) for known in Reason}:
        close = get_close_matches(reason, [str(known) for known in Reason], 1)
        raise UsageError(
            f"{reason!r} is no reason that anything fails for",
            remedy=f"did you mean {close[0]}?" if close else "the view failures_by_reason has them",
        )
    parameters = {"reason": reason, "run": run_id}
    with (
        at_work(job, trigger="manual", parameters=parameters),
        job.warehouse.session() as session,
    ):
        found = retry_failed(session, reason=reason, run_id=run_id, now=job.clock())
    publish_if_due(job, True)
    return found
