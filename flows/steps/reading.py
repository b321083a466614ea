"""Reading one page's bytes: extract, fingerprint, judge. Pure, so that any process can do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from extractors.articles import extract
from extractors.records import UNKNOWN_SITE, Reason, SiteHabits, SourceKind, State
from flows.steps.rows import Read, article_id_of, article_landing, entry_of, page_identity
from flows.steps.topics import Topics, judged
from storage.rows import PageRow, PageTask


def read_page(
    topics: Topics,
    task: PageTask,
    row: PageRow,
    body: bytes,
    now: datetime,
    site: SiteHabits = UNKNOWN_SITE,
) -> Read:
    """Extract and judge a page's bytes; returns its row completed, and the article if it is one.

    `row` says what was fetched, when, and by which run; `site` is what is known of its host.
    """
    extracted = extract(
        body,
        task.url if urlsplit(task.url).scheme.startswith("http") else None,
        entry=entry_of(task),
        fetched_at=row.fetched_at or now,
        content_type=row.content_type,
        last_modified=row.last_modified,
        site=site,
    )
    row = replace(
        row,
        kind=extracted.kind,
        path=extracted.path,
        extractor_version=extracted.extractor_version,
        article_state=str(extracted.state),
        article_reason=str(extracted.reason) if extracted.reason else None,
        published_at=extracted.published_at,
        detail=extracted.detail or row.detail,
    )
    if extracted.state != State.LANDED:
        return row, None
    if _left_out(task, extracted.published_at):
        skipped, reason = str(State.SKIPPED), str(Reason.OUTSIDE_WINDOW)
        return replace(row, article_state=skipped, article_reason=reason), None
    identity, preference = page_identity(task.url, row.final_url, extracted.canonical_url)
    article_id = article_id_of(identity)
    landing = article_landing(
        extracted,
        article_id=article_id,
        preference=preference,
        source_kind=task.source_kind or str(SourceKind.FEED),
        run_id=row.run_id,
        now=now,
        page_id=task.page_id,
        publisher=task.feed_publisher,
        country=task.feed_country,
    )
    return replace(row, article_id=article_id), judged(topics, landing, now)


def _left_out(task: PageTask, published: datetime | None) -> bool:
    """Whether a page of the past lies outside every window asked; without a date it does not."""
    if task.asked is None or published is None:
        return False
    return not any(start <= published < end for start, end in task.asked)
