"""Pages read in warm processes: no page can take the run down, and every core is used."""

from __future__ import annotations

import atexit
from dataclasses import replace
from datetime import datetime
from functools import cache

from extractors.articles import EXTRACTOR_VERSION
from extractors.records import UNKNOWN_SITE, Reason, SiteHabits, State
from flows.steps.children import Children, WorkFailed
from flows.steps.reading import Read, read_page
from flows.steps.topics import Topics
from storage.rows import PageRow, PageTask


class Readers:
    """As many reader processes as asked for, each started when it is first needed.

    A page that takes longer than `page_s` seconds, or more than `page_bytes` of memory, ends as a
    row with the reason `crashed`.
    """

    def __init__(self, workers: int, page_s: float, page_bytes: int) -> None:
        self.children = Children(
            f"{__name__}:read_here", workers, seconds=page_s, memory=page_bytes
        )

    def read(
        self,
        topics: Topics,
        task: PageTask,
        row: PageRow,
        body: bytes,
        now: datetime,
        site: SiteHabits = UNKNOWN_SITE,
    ) -> Read:
        """As `reading.read_page`, in another process; waits for one to be free. Thread-safe."""
        key = tuple(topics.versions.values())
        bare = Topics(topics.definitions, topics.texts)
        try:
            answer: Read = self.children.call((task, row, now, site), body, key, bare)
        except WorkFailed as failure:
            answer = _crashed(row, str(failure))
        return answer

    def close(self) -> None:
        """End every child; what one is reading is lost."""
        self.children.close()


def read_here(
    topics: Topics,
    task: PageTask,
    row: PageRow,
    now: datetime,
    site: SiteHabits,
    body: bytes,
) -> Read:
    """`reading.read_page`, as a child is asked for it."""
    return read_page(topics, task, row, body, now, site)


def _crashed(row: PageRow, detail: str) -> Read:
    failed = replace(
        row,
        article_state=str(State.FAILED),
        article_reason=str(Reason.CRASHED),
        detail=detail,
        extractor_version=EXTRACTOR_VERSION,
    )
    return failed, None


@cache
def readers(workers: int, page_s: float, page_bytes: int) -> Readers:
    """The readers of this process: warm from the first page on, ended with the process."""
    made = Readers(workers, page_s, page_bytes)
    atexit.register(made.close)
    return made
