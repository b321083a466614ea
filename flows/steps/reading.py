"""Reading one page's bytes: extract, fingerprint, judge. Pure, so that any process can do it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from extractors.articles import extract
from extractors.records import UNKNOWN_SITE, Reason, SiteHabits, SourceKind, State
from flows.steps.rows import (
    article_id_of,
    article_landing,
    entry_of,
    page_identity,
    topic_rows,
)
from flows.steps.topics import Topics
from storage.rows import ArticleLanding, PageRow, PageTask

Read = tuple[PageRow, ArticleLanding | None]


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


def judged(topics: Topics, landing: ArticleLanding, now: datetime) -> ArticleLanding:
    """The landing with what every installed topic says of its article."""
    article = landing.article
    found = topics.judge(article.title, article.text, article.language, article.published_at)
    rows = topic_rows(
        found,
        article_id=article.article_id,
        hashed=article.text_hash,
        run_id=article.run_id,
        now=now,
    )
    return replace(landing, topics=rows)


def bare_task(row: PageRow, kind: str) -> PageTask:
    """A page that no entry named: what there is to say of it before it is read."""
    return PageTask(
        page_id=row.page_id,
        url=row.url,
        attempts=0,
        first_attempt_at=None,
        first_seen_at=row.first_seen_at,
        body_hash=None,
        entry_id=None,
        guid=None,
        link=None,
        title=None,
        summary=None,
        content=None,
        authors=(),
        tags=(),
        image=None,
        language=None,
        published_at=None,
        published_raw=None,
        published_precision="none",
        modified_at=None,
        source_kind=kind,
        feed_publisher=None,
        feed_language=None,
        feed_country=None,
    )
