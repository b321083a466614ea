"""From the extractors' records to the warehouse's rows, and the ids that bind them. Pure."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from extractors.fingerprints import (
    content_hash,
    lsh_bands,
    minhash,
    stable_id,
    text_hash,
)
from extractors.records import Entry, Extracted, Judgement, Precision, Reason, State
from extractors.urls import clean_url, identity_url, is_redirector, without_login
from storage.rows import (
    ArticleLanding,
    ArticleRow,
    CandidateRow,
    DateRow,
    EntryRow,
    PageRow,
    PageTask,
    SignatureRow,
    TopicRow,
)

# What reading a page gives: its row completed, and the article if it is one.
Read = tuple[PageRow, ArticleLanding | None]

_DATE_FIELDS = ("published", "modified")


def page_id_of(url: str) -> str:
    """The id of the page at a cleaned URL."""
    return stable_id("p", url)


def entry_id_of(feed_id: str, guid: str) -> str:
    """The id of a sighting: the source and the item's guid in it."""
    return stable_id("e", feed_id, guid)


def article_id_of(identity: str) -> str:
    """The id of the article that lives at an identity URL (or a file's source and path)."""
    return stable_id("a", identity)


def entry_row(
    entry: Entry, feed_id: str, feed_url: str, *, run_id: str, source_kind: str, now: datetime
) -> EntryRow:
    """One entry of a feed as a sighting, with the page it points at.

    A link that is missing, cannot be fetched or hides its article is a state with a reason.
    """
    url = clean_url(entry.link, feed_url) if entry.link else None
    state, reason = State.LANDED, None
    if entry.link is None:
        state, reason = State.REJECTED, Reason.NO_LINK
    elif url is None:
        state, reason = State.REJECTED, Reason.BAD_URL
    elif is_redirector(url):
        state, reason = State.SKIPPED, Reason.REDIRECTOR
    guid = without_login(entry.guid)
    return EntryRow(
        entry_id=entry_id_of(feed_id, guid),
        feed_id=feed_id,
        guid=guid,
        link=entry.link and without_login(entry.link),
        url=url,
        page_id=page_id_of(url) if url and state == State.LANDED else None,
        title=entry.title,
        summary=entry.summary,
        content=entry.content,
        authors=entry.authors,
        tags=entry.tags,
        image=entry.image,
        language=entry.language,
        published_at=entry.published_at,
        published_raw=entry.published_raw,
        published_precision=str(entry.published_precision),
        modified_at=entry.modified_at,
        content_hash=entry.content_hash,
        state=str(state),
        reason=str(reason) if reason else None,
        source_kind=source_kind,
        first_seen_at=now,
        run_id=run_id,
    )


def entry_of(task: PageTask) -> Entry | None:
    """What the best sighting says of a page, as the page extractor wants it."""
    if task.entry_id is None:
        return None
    return Entry(
        guid=task.guid or "",
        link=task.link,
        title=task.title,
        published_at=task.published_at,
        published_raw=task.published_raw,
        published_precision=Precision(task.published_precision),
        modified_at=task.modified_at,
        summary=task.summary,
        content=task.content,
        authors=task.authors,
        language=task.language or task.feed_language,
        tags=task.tags,
        image=task.image,
    )


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


def page_identity(page_url: str, final_url: str | None, canonical: str | None) -> tuple[str, str]:
    """The identity URL of the article on a page, and how good a place for it this page is.

    A redirect is followed unless it ends at a front page; then rel=canonical, within its owner.
    Of several pages of one article the one at the identity URL is best, then the first by name.
    """
    here = clean_url(final_url) if final_url else None
    start = here if here and urlsplit(here).path.strip("/") else page_url
    identity = identity_url(start, canonical)
    return identity, f"{0 if page_url == identity else 1} {page_url}"


def article_landing(
    extracted: Extracted,
    *,
    article_id: str,
    preference: str,
    source_kind: str,
    run_id: str,
    now: datetime,
    page_id: str | None = None,
    publisher: str | None = None,
    country: str | None = None,
) -> ArticleLanding:
    """An extracted article as the rows it lands as, without its topics."""
    hashed = text_hash(extracted.text)
    named = extracted.publisher or publisher
    article = ArticleRow(
        article_id=article_id,
        url=extracted.url,
        canonical_url=extracted.canonical_url,
        title=extracted.title,
        text=extracted.text,
        authors=extracted.authors,
        agency=extracted.agency,
        publisher=named,
        country=country,
        language=extracted.language,
        published_at=extracted.published_at,
        published_precision=str(extracted.published_precision),
        published_reason=extracted.published_reason,
        modified_at=extracted.modified_at,
        first_seen_at=now,
        source_kind=source_kind,
        kind=extracted.kind,
        section=extracted.section,
        tags=extracted.tags,
        lead=extracted.lead,
        image=extracted.image,
        paywalled=extracted.paywalled,
        word_count=extracted.word_count,
        text_hash=hashed,
        row_hash=_row_hash(extracted, named, country),
        path=extracted.path,
        page_id=page_id,
        preference=preference,
        extractor_version=extracted.extractor_version,
        run_id=run_id,
    )
    month, clock = extracted.clock or (None, None)
    # Of the whole text, so that groups do not depend on what is known of the site by now.
    signature = minhash(extracted.whole or extracted.text, extracted.language)
    return ArticleLanding(
        article=article,
        dates=_dates(extracted, article_id, run_id),
        candidates=_candidates(extracted, article_id, run_id),
        signature=SignatureRow(
            article_id=article_id,
            text_hash=hashed,
            signature=signature,
            bands=lsh_bands(signature),
            lines=extracted.lines,
            left_out=extracted.left_out,
            shown_clock=extracted.shown_clock,
            clock_month=month,
            clock=clock,
            run_id=run_id,
        ),
    )


def topic_rows(
    judgements: list[Judgement], *, article_id: str, hashed: str, run_id: str, now: datetime
) -> tuple[TopicRow, ...]:
    """What the topics say of one article, as rows."""
    return tuple(
        TopicRow(
            article_id=article_id,
            topic_id=item.topic_id,
            topic_version=item.topic_version,
            score=item.score,
            verdict=str(item.verdict),
            rule=item.rule,
            evidence=item.evidence,
            text_hash=hashed,
            judged_at=now,
            run_id=run_id,
        )
        for item in judgements
    )


def _dates(extracted: Extracted, article_id: str, run_id: str) -> tuple[DateRow, ...]:
    return tuple(
        DateRow(
            article_id=article_id,
            field=item.field,
            origin=item.origin,
            raw=item.value,
            instant=item.instant,
            precision=str(item.precision),
            zone=item.zone,
            chosen=item.chosen,
            run_id=run_id,
        )
        for item in dict.fromkeys(extracted.candidates)
        if item.field in _DATE_FIELDS
    )


def _candidates(extracted: Extracted, article_id: str, run_id: str) -> tuple[CandidateRow, ...]:
    return tuple(
        CandidateRow(article_id, item.field, item.origin, item.value, item.chosen, run_id)
        for item in dict.fromkeys(extracted.candidates)
        if item.field not in _DATE_FIELDS
    )


def _row_hash(extracted: Extracted, publisher: str | None, country: str | None) -> str:
    """A hash of every extracted field, so that landing recognises what is unchanged."""
    return content_hash(
        extracted.url,
        extracted.canonical_url,
        extracted.title,
        extracted.text,
        repr(extracted.authors),
        extracted.agency,
        publisher,
        country,
        str(extracted.published_at),
        str(extracted.published_precision),
        extracted.published_reason,
        str(extracted.modified_at),
        extracted.language,
        extracted.kind,
        extracted.section,
        repr(extracted.tags),
        extracted.lead,
        extracted.image,
        str(extracted.paywalled),
        extracted.path,
        extracted.extractor_version,
        *(str(part) for part in extracted.clock or ()),
    )
