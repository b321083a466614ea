"""The rows that flows hand to the warehouse, named as the columns they become."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from typing import Any, TypeVar

from extractors.records import Evidence, FeedState

Row = TypeVar("Row", bound=type[Any])


def _handed_over(kind: Row) -> Row:
    """Pickle rows of this kind as their values: a page's go from process to process by the dozen,
    and by themselves frozen ones ask for each field by its name.
    """
    values = attrgetter(*(item.name for item in fields(kind)))

    def reduced(row: Any) -> tuple[Row, tuple[Any, ...]]:
        return kind, values(row)

    kind.__reduce__ = reduced  # type: ignore[assignment]
    return kind


@dataclass(frozen=True, slots=True)
class PollRow:
    """One attempt at one feed or one reading of one seed folder; times are UTC."""

    feed_id: str
    run_id: str
    polled_at: datetime
    url: str
    state: str
    final_url: str | None = None
    reason: str | None = None
    detail: str | None = None
    status: int | None = None
    elapsed_ms: int | None = None
    bytes: int | None = None
    entries: int = 0
    new_entries: int = 0
    known_entries: int = 0
    dropped: int = 0
    warning: str | None = None
    path: str | None = None
    possible_gap: bool = False
    change: str | None = None
    next_poll_at: datetime | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    warc_digest: str | None = None


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One sighting of an item in a source."""

    entry_id: str
    feed_id: str
    guid: str
    state: str
    content_hash: str
    source_kind: str
    first_seen_at: datetime
    run_id: str
    link: str | None = None
    url: str | None = None
    page_id: str | None = None
    article_id: str | None = None
    title: str | None = None
    summary: str | None = None
    content: str | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    image: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    published_raw: str | None = None
    published_precision: str = "none"
    modified_at: datetime | None = None
    reason: str | None = None

    @property
    def edition(self) -> tuple[float, str, str]:
        """What tells the later of two editions of an entry of the past, see finds_editions.sql."""
        return edition_of(self.modified_at, self.published_raw, self.content_hash)


def edition_of(
    modified_at: datetime | None, published_raw: str | None, content_hash: str
) -> tuple[float, str, str]:
    """See `EntryRow.edition`."""
    modified = modified_at.timestamp() if modified_at else float("-inf")
    return (modified, published_raw or "", content_hash)


@_handed_over
@dataclass(frozen=True, slots=True)
class PageRow:
    """What became of one page: the fetch's fate and the article's."""

    page_id: str
    url: str
    state: str
    run_id: str
    first_seen_at: datetime
    final_url: str | None = None
    host: str | None = None
    article_id: str | None = None
    reason: str | None = None
    detail: str | None = None
    article_state: str | None = None
    article_reason: str | None = None
    published_at: datetime | None = None
    kind: str | None = None
    path: str | None = None
    attempts: int = 0
    first_attempt_at: datetime | None = None
    next_at: datetime | None = None
    fetched_at: datetime | None = None
    status: int | None = None
    content_type: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    bytes: int | None = None
    elapsed_ms: int | None = None
    warc_file: str | None = None
    warc_offset: int | None = None
    warc_digest: str | None = None
    extractor_version: str | None = None


@_handed_over
@dataclass(frozen=True, slots=True)
class ArticleRow:
    """One article as it stands. `preference` orders the places it could come from (lowest wins);
    `row_hash` covers every extracted field, so that an unchanged article is recognised.
    """

    article_id: str
    text: str
    text_hash: str
    row_hash: str
    preference: str
    source_kind: str
    kind: str
    first_seen_at: datetime
    extractor_version: str
    run_id: str
    url: str | None = None
    canonical_url: str | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    agency: str | None = None
    publisher: str | None = None
    country: str | None = None
    language: str | None = None
    published_at: datetime | None = None
    published_precision: str = "none"
    published_reason: str = ""
    modified_at: datetime | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    lead: str | None = None
    image: str | None = None
    paywalled: bool = False
    word_count: int = 0
    path: str | None = None
    page_id: str | None = None


@_handed_over
@dataclass(frozen=True, slots=True)
class DateRow:
    """One thing somebody says about an article's dates."""

    article_id: str
    field: str
    origin: str
    raw: str
    instant: datetime | None
    precision: str
    zone: str | None
    chosen: bool
    run_id: str


@_handed_over
@dataclass(frozen=True, slots=True)
class CandidateRow:
    """One title, author, publisher or language somebody states, with who states it."""

    article_id: str
    field: str
    origin: str
    value: str
    chosen: bool
    run_id: str


@_handed_over
@dataclass(frozen=True, slots=True)
class TopicRow:
    """One topic's judgement of one article."""

    article_id: str
    topic_id: str
    topic_version: str
    score: float
    verdict: str
    rule: str
    evidence: tuple[Evidence, ...]
    text_hash: str
    judged_at: datetime
    run_id: str


@_handed_over
@dataclass(frozen=True, slots=True)
class SignatureRow:
    """An article's MinHash; `bands` are the keys near-duplicates are likely to share.

    `lines` are the hashes of its page's lines, `left_out` those that were the site's own; `settled`
    is None until the lines of its host have been counted with it. `shown_clock` is how many minutes
    east of UTC the page writes times without a zone, where its entry shows it; of a date that is
    such a time, `clock_month` and `clock` are its month and the minutes it was taken to lie east.
    """

    article_id: str
    text_hash: str
    signature: tuple[int, ...]
    bands: tuple[str, ...]
    run_id: str
    lines: tuple[int, ...] = ()
    left_out: tuple[int, ...] = ()
    settled: bool | None = None
    shown_clock: int | None = None
    clock_month: str | None = None
    clock: int | None = None


@dataclass(frozen=True, slots=True)
class FailureRow:
    """An item that failed or waits after a failure; kept until it lands."""

    run_id: str
    stage: str
    item: str
    reason: str
    detail: str
    first_at: datetime
    last_at: datetime
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class PollLanding:
    """Everything one poll of one feed leaves behind; lands whole or not at all.

    `state_after` is None for a seed folder, which has no schedule.
    """

    poll: PollRow
    entries: tuple[EntryRow, ...] = ()
    state_after: FeedState | None = None
    title: str | None = None


@_handed_over
@dataclass(frozen=True, slots=True)
class ArticleLanding:
    """An article with what was said, judged and measured of it."""

    article: ArticleRow
    dates: tuple[DateRow, ...] = ()
    candidates: tuple[CandidateRow, ...] = ()
    topics: tuple[TopicRow, ...] = ()
    signature: SignatureRow | None = None


@_handed_over
@dataclass(frozen=True, slots=True)
class PageTask:
    """A page that is due, with what its best entry says of it.

    `fetch_url` is where an archive's copy of it is, when that is to be fetched in its place.
    `asked` are the spans of publication (half-open, UTC) that backfills were asked for, when the
    page is there for their sake alone; None when it belongs to a live source.
    """

    page_id: str
    url: str
    attempts: int
    first_attempt_at: datetime | None
    first_seen_at: datetime
    body_hash: str | None
    entry_id: str | None
    guid: str | None
    link: str | None
    title: str | None
    summary: str | None
    content: str | None
    authors: tuple[str, ...]
    tags: tuple[str, ...]
    image: str | None
    language: str | None
    published_at: datetime | None
    published_raw: str | None
    published_precision: str
    modified_at: datetime | None
    source_kind: str
    feed_publisher: str | None
    feed_language: str | None
    feed_country: str | None
    feed_id: str | None = None
    fetch_url: str | None = None
    asked: tuple[tuple[datetime, datetime], ...] | None = None


@dataclass(frozen=True, slots=True)
class StageCount:
    """One stage's sums: `taken` is counted going in, the rest coming out."""

    stage: str
    taken: int = 0
    landed: int = 0
    known: int = 0
    duplicate: int = 0
    skipped: int = 0
    rejected: int = 0
    failed: int = 0
    waiting: int = 0
