"""Dropped texts: made into articles the same way when they come and when they are read again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from extractors.records import Extracted, SeedItem, State
from extractors.urls import clean_url
from flows.steps.rows import article_id_of, article_landing
from flows.steps.topics import Topics, judged
from storage.rows import ArticleLanding, PageRow, PageTask
from storage.work import StoredPage

# What a text is archived as; a line of .jsonl is a record of its own.
_PLAIN, _MARKDOWN, _LINES = "text/plain", "text/markdown", "application/jsonl"

# An article and the time, to the article with its topics.
Judge = Callable[[ArticleLanding, datetime], ArticleLanding]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a dropped file's item lies: its source, its path in it, and both as one address."""

    feed_id: str
    path: str
    url: str
    source_kind: str

    @property
    def preference(self) -> str:
        """How good a place for an article this is: any page of the web is better."""
        return f"2 {self.feed_id}/{self.path}"


def content_type_of(path: str) -> str:
    """What the bytes of a text are, by its path: a file's, or a line's of one."""
    name = path.lower()
    if name.endswith(".txt"):
        return _PLAIN
    return _MARKDOWN if name.endswith(".md") else _LINES


def is_text(stored: StoredPage) -> bool:
    """Whether archived bytes are a dropped text, and no page."""
    texts = (_PLAIN, _MARKDOWN, _LINES)
    return stored.content_type in texts and place_of(stored.task) is not None


def place_of(task: PageTask) -> Place | None:
    """Where a stored file's item lies; None for a page of the web."""
    if not task.url.startswith("files:") or task.feed_id is None or task.guid is None:
        return None
    return Place(task.feed_id, task.guid, task.url, task.source_kind)


def at_place(article: ArticleLanding, place: Place) -> ArticleLanding:
    """The article of a page without an address, which stands where its file lies."""
    moved = replace(article.article, preference=place.preference, url=None)
    return replace(article, article=moved)


def land_text(
    judge: Judge, place: Place, extracted: Extracted, row: PageRow
) -> tuple[PageRow, ArticleLanding]:
    """A text's row completed, and its article with what the topics say of it, as `judge` finds.

    When `extracted` is no article the row says why, and the other is there for its hash alone.
    `row` says when it was read, and by which run.
    """
    now = row.fetched_at or row.first_seen_at
    url = clean_url(extracted.url) if extracted.url else None
    landing = article_landing(
        replace(extracted, url=url),
        article_id=article_id_of(url or place.url),
        preference=place.preference,
        source_kind=place.source_kind,
        run_id=row.run_id,
        now=now,
        page_id=row.page_id,
    )
    fine = extracted.state == State.LANDED
    row = replace(
        row,
        article_id=landing.article.article_id if fine else None,
        article_state=str(extracted.state),
        article_reason=str(extracted.reason) if extracted.reason else None,
        detail=extracted.detail or row.detail,
        kind=extracted.kind,
        path=extracted.path,
        extractor_version=extracted.extractor_version,
    )
    return row, judge(landing, now) if fine else landing


def read_text_again(
    topics: Topics, stored: StoredPage, row: PageRow, body: bytes
) -> tuple[PageRow, ArticleLanding | None] | str:
    """Make a text's article anew out of its archived bytes; a line when they cannot be read."""
    place = place_of(stored.task)
    item = _item(stored, body)
    if place is None or item is None or item.extracted is None:
        why = item.detail if item else "there is nothing in it"
        return f"{stored.task.url}: {why}"
    row, landing = land_text(partial(judged, topics), place, item.extracted, row)
    return row, landing if row.article_id else None


def _item(stored: StoredPage, body: bytes) -> SeedItem | None:
    from extractors.seeds import read_jsonl, read_seed  # a run reads hardly a text again

    url = stored.task.url
    if stored.content_type == _LINES:
        return next(read_jsonl(url, [body], max_line=len(body)), None)
    read = read_seed(url, body, fetched_at=stored.fetched_at, max_bytes=len(body))
    return next(read, None)
