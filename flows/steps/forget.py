"""What publishers ask for: one article gone, everywhere, for good; and failed items tried again."""

from __future__ import annotations

from extractors.errors import UsageError
from extractors.urls import clean_url
from flows.steps.ingest import publish_if_due
from flows.steps.job import Job
from flows.steps.rows import article_id_of, page_id_of
from flows.steps.turns import at_work
from storage.forgetting import Forgotten, forget
from storage.work import retry_failed, retry_feeds


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


def run_retry(job: Job, *, reason: str | None, run_id: str | None) -> tuple[int, int]:
    """Put failed items back to waiting; returns how many pages and feeds the next run will try.

    Dropped files need none of this: every run reads the folder again.
    """
    parameters = {"reason": reason, "run": run_id}
    with (
        at_work(job, trigger="manual", parameters=parameters),
        job.warehouse.session() as session,
    ):
        now = job.clock()
        pages = retry_failed(session, reason=reason, run_id=run_id, now=now)
        feeds = retry_feeds(session, reason=reason, run_id=run_id, now=now)
    publish_if_due(job, True)
    return pages, feeds
