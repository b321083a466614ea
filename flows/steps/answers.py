"""From answers to pages: what became of each, and the article of one that has bytes to read."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from threading import Event
from typing import IO
from urllib.parse import urlsplit

from extractors.records import UNKNOWN_SITE, Fetched, Reason, State
from flows.policy import after_page
from flows.steps.job import Job
from flows.steps.readers import PageToRead
from flows.steps.spool import LARGE, unspooled
from flows.steps.telling import READING
from flows.steps.topics import Topics
from storage.host_lines import Habits
from storage.packing import PackedRecord, packed, payload_digest
from storage.rows import ArticleLanding, PageRow, PageTask

# Our own outage charges nobody a try; the next run asks again.
_OFFLINE_PAUSE = timedelta(minutes=5)
_HTML_TYPES = ("html", "xml", "text/plain")


@dataclass(frozen=True, slots=True)
class PackedPage:
    """An answer that waits to be read: its bytes as the archive will keep them, a quarter of it."""

    answer: Fetched  # without its body
    record: PackedRecord

    @classmethod
    def of(cls, fetched: Fetched, now: datetime) -> PackedPage:
        """Pack an answer as of now."""
        return cls(replace(fetched, body=b""), packed(fetched, now))

    @property
    def unpacked(self) -> Fetched:
        """The answer with its body."""
        return replace(self.answer, body=self.record.payload)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered for a page, and when (UTC): in memory, packed, or in a file (large)."""

    task: PageTask
    fetched: Fetched | PackedPage | IO[bytes]
    now: datetime

    @property
    def is_apart(self) -> bool:
        """Whether it is large: two of those are not taken into memory together."""
        if isinstance(self.fetched, PackedPage):
            return self.fetched.record.length > LARGE
        return not isinstance(self.fetched, Fetched)

    def taken(self) -> Fetched:
        """The answer with its body."""
        if isinstance(self.fetched, Fetched):
            return self.fetched
        if isinstance(self.fetched, PackedPage):
            return self.fetched.unpacked
        return unspooled(self.fetched)


@dataclass(frozen=True, slots=True)
class MadePage:
    """A page done: its row, its article if it is one, and the bytes to keep (large: in a file)."""

    row: PageRow
    article: ArticleLanding | None
    fetched: Fetched | PackedRecord | IO[bytes]
    feed_id: str | None = None

    @property
    def weight(self) -> int:
        """How many bytes of the page are held in memory."""
        return len(self.fetched.body) if isinstance(self.fetched, Fetched) else 0


def make_pages(
    job: Job,
    topics: Topics,
    stopped: Event,
    known: Habits,
    answers: Sequence[Answer],
) -> list[MadePage]:
    """Decide what became of pages, in order, and have what there is of them read, together.

    What is `known` of a page's host goes into reading it. Once `stopped`, what comes of them is to
    be thrown away.
    """
    made: list[MadePage] = []
    for _, together in groupby(answers, key=lambda answer: id(answer) * answer.is_apart):
        made += _made_together(job, topics, list(together), known, stopped)
    return made


def _made_together(
    job: Job, topics: Topics, answers: list[Answer], known: Habits, stopped: Event
) -> list[MadePage]:
    pages = [_page(job, answer, known) for answer in answers]
    asked = [page for page in pages if page.row.body_hash]
    took = partial(job.times.add, READING)
    read = iter(job.readers.read_all(topics, asked, took=took, stopped=stopped))
    done = [next(read) if page.row.body_hash else (page.row, None) for page in pages]
    return [
        MadePage(row, article, _kept(answer), answer.task.feed_id)
        for (row, article), answer in zip(done, answers, strict=True)
    ]


def _kept(answer: Answer) -> Fetched | PackedRecord | IO[bytes]:
    return answer.fetched.record if isinstance(answer.fetched, PackedPage) else answer.fetched


def _page(job: Job, answer: Answer, known: Habits) -> PageToRead:
    """What is to be read of an answer; of one that is no page, there is only the row."""
    task, now, fetched = answer.task, answer.now, answer.taken()
    refused = fetched.reason or _no_page(fetched)
    if refused:
        return PageToRead(task, _refused_row(job, task, fetched, refused, now), b"", now)
    kept = _kept(answer)
    digest = kept.digest if isinstance(kept, PackedRecord) else payload_digest(fetched.body)
    row = PageRow(
        page_id=task.page_id,
        url=task.url,
        final_url=fetched.final_url,
        host=urlsplit(fetched.final_url).hostname,
        state=str(State.KNOWN if digest == task.body_hash else State.LANDED),
        attempts=task.attempts + 1,
        first_attempt_at=task.first_attempt_at or now,
        fetched_at=fetched.fetched_at or now,
        status=fetched.status,
        content_type=fetched.header("content-type"),
        last_modified=fetched.header("last-modified"),
        body_hash=digest,
        bytes=len(fetched.body),
        elapsed_ms=fetched.elapsed_ms,
        first_seen_at=task.first_seen_at,
        run_id=job.run_id,
    )
    return PageToRead(task, row, fetched.body, now, known.get(row.host or "", UNKNOWN_SITE))


def _no_page(fetched: Fetched) -> Reason | None:
    kind = (fetched.header("content-type") or "text/html").lower()
    if not any(word in kind for word in _HTML_TYPES):
        return Reason.NOT_HTML
    return Reason.EMPTY if not fetched.body or fetched.body.isspace() else None


def _refused_row(
    job: Job, task: PageTask, fetched: Fetched, reason: Reason, now: datetime
) -> PageRow:
    first = task.first_attempt_at or now
    attempts = task.attempts + 1
    if reason == Reason.OFFLINE:
        attempts = task.attempts
        state, next_at = State.WAITING, now + _OFFLINE_PAUSE
    elif reason == Reason.ROBOTS:
        state, next_at = State.SKIPPED, None
    elif reason == Reason.NOT_HTML:
        state, next_at = State.REJECTED, None
    else:
        state, next_at = after_page(
            attempts, first, reason, now, random.random, retry_after_s=fetched.retry_after_s
        )
    return PageRow(
        page_id=task.page_id,
        url=task.url,
        host=urlsplit(task.url).hostname,
        state=str(state),
        reason=str(reason),
        detail=fetched.detail or None,
        attempts=attempts,
        first_attempt_at=first,
        next_at=next_at,
        status=fetched.status,
        elapsed_ms=fetched.elapsed_ms,
        first_seen_at=task.first_seen_at,
        run_id=job.run_id,
    )
