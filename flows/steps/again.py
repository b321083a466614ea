"""Archived pages read again, without the network: by another extractor, or less a site's lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urlsplit

from extractors.records import UNKNOWN_SITE, WarcPosition
from flows.steps.job import Job
from flows.steps.progress import listener
from flows.steps.rows import Read
from flows.steps.texts import at_place, is_text, place_of, read_text_again
from flows.steps.topics import Topics, load_topics
from storage.archive import read_record
from storage.errors import StorageError
from storage.host_lines import Habits
from storage.rows import PageRow
from storage.work import StoredPage

Found = Read | str


def read_again(job: Job, found: Sequence[StoredPage], known: Habits) -> list[Read]:
    """Read these archived pages anew, by what is `known` of their hosts by now.

    In this machine's processes, or where the job's `spread` does it. What cannot be read any more
    is told to the listener and left out.
    """
    read = job.spread or read_here
    return [item for item in map(_told, read(job, found, known)) if item]


def read_here(job: Job, found: Sequence[StoredPage], known: Habits) -> Iterator[Found]:
    """Read these pages in this machine's processes; a line for each that cannot be read."""
    again = partial(_read_again, job, load_topics(job.settings.topics), known)
    with ThreadPoolExecutor(job.settings.workers, thread_name_prefix="read") as pool:
        yield from pool.map(again, found)


def _read_again(job: Job, topics: Topics, known: Habits, stored: StoredPage) -> Read | str:
    """Read one archived page anew; a line for one whose bytes are not to be had any more."""
    position = WarcPosition(stored.warc_file, stored.warc_offset, stored.warc_digest)
    try:
        body = read_record(job.settings.archive_root, position).body
    except StorageError as error:
        return f"{stored.task.url}: {error}"
    row = _row(job, stored)
    if is_text(stored):
        return read_text_again(topics, stored, row, body)
    site = known.get(row.host or "", UNKNOWN_SITE)
    row, article = job.readers.read(topics, stored.task, row, body, job.clock(), site)
    place = place_of(stored.task)
    return row, at_place(article, place) if article and place else article


def _told(read: Read | str) -> Read | None:
    """Tell the listener, who hears this thread alone."""
    listener().advance("pages")
    if isinstance(read, str):
        listener().say(read)
        return None
    return read


def _row(job: Job, stored: StoredPage) -> PageRow:
    task = stored.task
    return PageRow(
        page_id=task.page_id,
        url=task.url,
        final_url=stored.final_url,
        host=urlsplit(stored.final_url or task.url).hostname,
        # A page that waits to be fetched again still does.
        state=stored.state,
        reason=stored.reason,
        detail=stored.detail,
        next_at=stored.next_at,
        attempts=task.attempts,
        first_attempt_at=task.first_attempt_at,
        fetched_at=stored.fetched_at,
        content_type=stored.content_type,
        last_modified=stored.last_modified,
        first_seen_at=task.first_seen_at,
        run_id=job.run_id,
    )
