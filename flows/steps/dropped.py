"""Dropped files: a folder read, each file landed or given a reason, nothing stopped by one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from extractors.fingerprints import content_hash, stable_id
from extractors.records import (
    Extracted,
    FeedKind,
    Fetched,
    Listing,
    Reason,
    SeedItem,
    SourceKind,
    Stage,
    State,
)
from extractors.seeds import MAX_BYTES, read_jsonl, read_seed, read_warc
from extractors.urls import clean_url
from flows.settings import ROOT, SAMPLES
from flows.steps.job import Job
from flows.steps.pages import at_position
from flows.steps.progress import listener
from flows.steps.rows import bare_task, entry_id_of, entry_row, page_id_of
from flows.steps.texts import Place, at_place, content_type_of, land_text
from flows.steps.topics import Topics
from storage.archive import ArchiveWriter
from storage.feeds import sync_listings
from storage.landing import land_polls, settle_failures
from storage.packing import payload_digest
from storage.rows import (
    ArticleLanding,
    EntryRow,
    FailureRow,
    PageRow,
    PollLanding,
    PollRow,
)
from storage.work import forgotten_ids, known_bodies, known_hashes

BATCH = 200
_IGNORED = ("README.md", "README.txt", "LICENSE")


@dataclass
class _Group:
    """A group of a folder's items, and what they become before they land together.

    `stored` holds the body digests of the pages that are in the warehouse already, `seen` the
    hashes of the sightings, `forgotten` the ids of pages and articles with a tombstone.
    """

    job: Job
    topics: Topics
    listing: Listing
    kind: str
    archive: ArchiveWriter
    stored: dict[str, str]
    seen: dict[str, str]
    forgotten: set[str]
    entries: list[EntryRow] = field(default_factory=list)
    articles: list[ArticleLanding] = field(default_factory=list)
    pages: list[PageRow] = field(default_factory=list)
    failures: list[FailureRow] = field(default_factory=list)


def folder_listing(folder: Path) -> Listing:
    """The folder as a source. Its id follows its place, below the project's root if it is there."""
    whole = folder.resolve()
    name = whole.relative_to(ROOT) if whole.is_relative_to(ROOT) else whole
    return Listing(
        feed_id=stable_id("f", f"files:{name.as_posix()}"),
        url=f"files:{name.as_posix()}",
        kind=FeedKind.FILES,
        publisher=None,
    )


def read_folder(folder: Path, *, now: datetime, max_bytes: int) -> Iterator[SeedItem]:
    """Everything in a folder and below it, in name order; hidden files and READMEs are passed over.

    A file the system will not give is an item with a reason. Large kinds (.jsonl, .warc) stream.
    """
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if any(part.startswith(".") for part in inside.parts) or path.name in _IGNORED:
            continue
        # A name that is no UTF-8 is told apart by its bytes written out.
        name = os.fsencode(inside.as_posix()).decode("utf-8", "backslashreplace")
        try:
            if not path.is_symlink() and path.is_file():
                yield from _read_file(path, name, now, max_bytes)
        except OSError as error:
            yield SeedItem(name, reason=Reason.UNREADABLE, detail=str(error.strerror))


def _read_file(path: Path, name: str, now: datetime, max_bytes: int) -> Iterator[SeedItem]:
    kind = path.name.lower()
    with path.open("rb") as stream:
        if kind.endswith(".jsonl"):
            lines = _Lines(stream)
            for item in read_jsonl(name, lines):
                # Half a surrogate pair in an id is stored as '?', and so is what is derived of it.
                named = item.path.encode("utf-8", "replace").decode()
                yield replace(item, path=named, raw=lines.last)
        elif kind.endswith((".warc", ".warc.gz")):
            yield from read_warc(name, stream, max_bytes=max_bytes)
        else:
            data = stream.read(max_bytes + 1)
            for item in read_seed(name, data, fetched_at=now, max_bytes=max_bytes):
                yield replace(item, raw=data) if item.extracted else item


class _Lines:
    """A file's lines; of one beyond the reader's bound, only enough to tell that it is."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.last = b""

    def __iter__(self) -> Iterator[bytes]:
        while line := self._stream.readline(MAX_BYTES + 1):
            self.last = line
            yield line
            while len(line) > MAX_BYTES and not line.endswith(b"\n"):
                line = self._stream.readline(MAX_BYTES + 1)


def land_folder(job: Job, topics: Topics, folder: Path) -> list[Listing]:
    """Land a folder of dropped files, a few hundred items a transaction.

    Returns the feeds its .opml files name, for the caller to put on the owner's list. Raises
    nothing for what is wrong with a file; StorageError when the disk is.
    """
    listing = folder_listing(folder)
    now = job.clock()
    with job.warehouse.session() as session:
        sync_listings(session, [listing], now=now, bounds=(900, 86400, 3600), complete=False)
    followed: list[Listing] = []
    items = read_folder(folder, now=now, max_bytes=job.settings.max_seed_bytes)
    kind = SourceKind.SAMPLE if listing == folder_listing(SAMPLES) else SourceKind.FILE
    stages: tuple[Stage, ...] = (Stage.POLL, Stage.ENTRY)
    with ArchiveWriter(job.settings.archive_root, f"{job.run_id}-files") as archive:
        while taken := list(islice(items, BATCH)):
            listener().expect("files", len(taken))
            followed.extend(item.listing for item in taken if item.listing)
            with job.warehouse.session() as session:
                saved = [item for item in taken if item.page or item.extracted]
                stored = known_bodies(session, [_page_of(listing, item)[0] for item in saved])
                ids = [entry_id_of(listing.feed_id, item.path) for item in saved]
                seen, forgotten = known_hashes(session, ids), forgotten_ids(session)
            group = _Group(job, topics, listing, str(kind), archive, stored, seen, forgotten)
            for item in sorted(taken, key=_newest_capture_first):
                _take(group, item)
            _land(group, stages)
            stages = (Stage.ENTRY,)
            listener().advance("files", len(taken))
    with job.warehouse.session() as session:
        settle_failures(session, f"{listing.url}/", run_id=job.run_id)
    return followed


def _newest_capture_first(item: SeedItem) -> float:
    """Of several captures of one page in a group the newest lands, else the first by name."""
    fetched_at = item.page.fetched_at if item.page else None
    return -fetched_at.timestamp() if fetched_at else 0.0


def _land(group: _Group, stages: tuple[Stage, ...]) -> None:
    job = group.job
    group.archive.sync()
    poll = PollRow(
        feed_id=group.listing.feed_id,
        run_id=job.run_id,
        polled_at=job.clock(),
        url=group.listing.url,
        state=str(State.LANDED),
        entries=len(group.entries),
    )
    with job.warehouse.session() as session:
        land_polls(
            session,
            [PollLanding(poll, tuple(group.entries))],
            run_id=job.run_id,
            now=job.clock(),
            articles=group.articles,
            pages=group.pages,
            failures=group.failures,
            stages=stages,
        )


def _take(group: _Group, item: SeedItem) -> None:
    if item.reason is not None:
        group.failures.append(_failure(group, item.path, item.reason, item.detail))
    elif item.extracted is not None:
        _take_text(group, item, item.extracted)
    elif item.page is not None:
        _take_page(group, item, item.page)
    elif item.feed is not None:
        _take_feed(group, item.path, item.feed)


def _take_text(group: _Group, item: SeedItem, extracted: Extracted) -> None:
    """A text lands as an article; its bytes go into the archive when it is new or has changed."""
    job, source = group.job, group.listing
    now = job.clock()
    place = _place(group, item)
    page = _saved_text(item, place.url, now)
    row = _page_row(job, page, page_id_of(place.url), place.url, now)
    judge = partial(job.readers.judged, group.topics)
    row, landing = land_text(judge, place, extracted, row)
    article = landing.article
    entry_id = entry_id_of(source.feed_id, item.path)
    if group.seen.get(entry_id) != article.row_hash:
        group.pages.append(_kept(group, row, page))
    fine = row.article_id is not None
    group.entries.append(
        EntryRow(
            entry_id=entry_id,
            feed_id=source.feed_id,
            guid=item.path,
            url=article.url,
            page_id=row.page_id,
            article_id=row.article_id,
            title=article.title,
            authors=article.authors,
            language=article.language,
            published_at=article.published_at,
            published_precision=article.published_precision,
            content_hash=article.row_hash,
            state=str(State.LANDED if fine else State.REJECTED),
            reason=row.article_reason,
            source_kind=group.kind,
            first_seen_at=now,
            run_id=job.run_id,
        )
    )
    if fine:
        group.articles.append(landing)


def _take_page(group: _Group, item: SeedItem, page: Fetched) -> None:
    """A saved page lands as if it had just been fetched; its bytes go into the archive once."""
    job, source = group.job, group.listing
    now = job.clock()
    page_id, url = _page_of(source, item)
    digest = payload_digest(page.body)
    hashed = content_hash(digest)
    landed = next((row for row in group.pages if row.page_id == page_id), None)
    if landed or group.seen.get(entry_id_of(source.feed_id, item.path)) == hashed:
        # What has not changed since it was read must not undo what was fetched since.
        _add_sighting(group, item, page_id, hashed, landed)
        return
    row = _page_row(job, page, page_id, url, now)
    row, article = job.readers.read(group.topics, bare_task(row, group.kind), row, page.body, now)
    if article and not page.url:
        article = at_place(article, _place(group, item))
    row = _kept(group, row, page)
    group.pages.append(row)
    if article:
        group.articles.append(article)
    _add_sighting(group, item, page_id, hashed, row)


def _page_row(job: Job, page: Fetched, page_id: str, url: str, now: datetime) -> PageRow:
    """A file as the page it would be had it just been fetched, before it is read."""
    return PageRow(
        page_id=page_id,
        url=url,
        final_url=url,
        state=str(State.LANDED),
        attempts=1,
        first_attempt_at=now,
        fetched_at=page.fetched_at or now,
        status=page.status,
        content_type=page.header("content-type"),
        last_modified=page.header("last-modified"),
        body_hash=payload_digest(page.body),
        bytes=len(page.body),
        first_seen_at=now,
        run_id=job.run_id,
    )


def _kept(group: _Group, row: PageRow, page: Fetched) -> PageRow:
    """The row naming where its bytes lie, archived unless they are already, or are forgotten."""
    known = group.stored.get(row.page_id) == row.body_hash
    if known or {row.page_id, row.article_id} & group.forgotten:
        return row
    # A name may hold line ends, which would break a record's head.
    named = row.url if row.url.startswith("http") else quote(row.url, safe=":/#", errors="replace")
    position = group.archive.add(replace(page, final_url=named), group.job.clock())
    return at_position(row, position)


def _place(group: _Group, item: SeedItem) -> Place:
    source = group.listing
    return Place(source.feed_id, item.path, f"{source.url}/{item.path}", group.kind)


def _saved_text(item: SeedItem, url: str, now: datetime) -> Fetched:
    headers = (("content-type", content_type_of(item.path)),)
    return Fetched(url, url, None, headers=headers, body=item.raw, fetched_at=now)


def _add_sighting(
    group: _Group, item: SeedItem, page_id: str, hashed: str, row: PageRow | None
) -> None:
    """A saved page as a sighting; without a `row` it is one that was seen before."""
    address = item.page.url if item.page else ""
    fine = row is None or row.article_id is not None
    group.entries.append(
        EntryRow(
            entry_id=entry_id_of(group.listing.feed_id, item.path),
            feed_id=group.listing.feed_id,
            guid=item.path,
            link=address or None,
            url=address or None,
            page_id=page_id,
            article_id=row.article_id if row else None,
            content_hash=hashed,
            state=str(State.LANDED if fine else State.REJECTED),
            reason=row.article_reason if row else None,
            source_kind=group.kind,
            first_seen_at=group.job.clock(),
            run_id=group.job.run_id,
        )
    )


def _take_feed(group: _Group, path: str, saved: Fetched) -> None:
    """A saved feed's entries are sightings in this folder; their pages are fetched like any."""
    from extractors.feeds import parse_feed  # hardly a folder holds one

    parsed = parse_feed(saved.body, saved.url, max_entries=group.job.settings.max_entries)
    if parsed.reason is not None:
        group.failures.append(_failure(group, path, parsed.reason, parsed.detail))
    for entry in parsed.entries:
        row = entry_row(
            replace(entry, guid=f"{path}#{entry.guid}"),
            group.listing.feed_id,
            parsed.link or saved.url,
            run_id=group.job.run_id,
            source_kind=group.kind,
            now=group.job.clock(),
        )
        group.entries.append(row)


def _page_of(listing: Listing, item: SeedItem) -> tuple[str, str]:
    """A saved page's id and address: its own URL if it names one, else its place in the folder."""
    named = clean_url(item.page.url) if item.page and item.page.url else None
    url = named or f"{listing.url}/{item.path}"
    return page_id_of(url), url


def _failure(group: _Group, path: str, reason: Reason, detail: str) -> FailureRow:
    now = group.job.clock()
    return FailureRow(
        run_id=group.job.run_id,
        stage=str(Stage.ENTRY),
        item=f"{group.listing.url}/{path}",
        reason=str(reason),
        detail=detail,
        first_at=now,
        last_at=now,
    )
