"""Pages read in warm processes: no page can take the run down, and every core is used.

Of many feeds that are polled before their pages, the answers are read there as well.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from threading import Event, Thread
from typing import Any

from extractors.errors import DuckwireError
from extractors.records import UNKNOWN_SITE, Fetched, ParsedFeed, Reason, SiteHabits, State
from extractors.versions import EXTRACTOR_VERSION
from flows.steps.children import Children, Item, WorkFailed
from flows.steps.rows import Read
from flows.steps.topics import Topics, judged
from storage.rows import ArticleLanding, PageRow, PageTask


@dataclass(frozen=True, slots=True)
class PageToRead:
    """What `reading.read_page` needs to know of a page, beside the topics."""

    task: PageTask
    row: PageRow
    body: bytes
    now: datetime
    site: SiteHabits = UNKNOWN_SITE


class Readers:
    """As many reader processes as asked for, each started when it is first needed.

    A page that takes longer than `page_s` seconds, or more than `page_bytes` of memory, ends as a
    row with the reason `crashed`.
    """

    def __init__(self, workers: int, page_s: float, page_bytes: int) -> None:
        self.children = Children(
            "flows.steps.reader:work_here", workers, seconds=page_s, memory=page_bytes
        )
        self._workers, self._early = workers, False

    def warm(self) -> None:
        """Start every process now, beside what the caller does next; one that fails is no loss."""
        self._early = True
        self.children.warm()

    def rehearse(self, topics: Topics) -> None:
        """Have what was started early read a sample by these topics, beside the caller.

        A process's first page takes as long as twenty later ones, and there is none yet. It counts
        for nothing whether that goes well.
        """
        if not self._early:
            return
        for _ in range(self._workers):
            Thread(target=self._rehearse_one, args=[topics], name="rehearse", daemon=True).start()

    def _rehearse_one(self, topics: Topics) -> None:
        with suppress(DuckwireError, OSError):
            self._call([(("sample",), b"")], topics)

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
        (done,) = self.read_all(topics, [PageToRead(task, row, body, now, site)])
        return done

    def read_all(
        self,
        topics: Topics,
        pages: Sequence[PageToRead],
        *,
        took: Callable[[int, float], None] | None = None,
        stopped: Event | None = None,
    ) -> list[Read]:
        """As `read` for each of some pages, which go to a process together.

        `took` and `stopped` as for `Children.call_all`.
        """
        items = [(("page", page.task, page.row, page.now, page.site), page.body) for page in pages]
        answers = self._call(items, topics, took=took, stopped=stopped)
        return [
            _crashed(page.row, str(answer)) if isinstance(answer, WorkFailed) else answer
            for page, answer in zip(pages, answers, strict=True)
        ]

    def judged(self, topics: Topics, landing: ArticleLanding, now: datetime) -> ArticleLanding:
        """As `topics.judged`; in another process where those were started early, which spares this
        one making the topics ready.
        """
        if self._early:
            (answer,) = self._call([(("text", landing, now), b"")], topics)
            if isinstance(answer, ArticleLanding):
                return answer
        return judged(topics, landing, now)

    def read_feeds(
        self,
        answers: Sequence[Fetched],
        max_entries: int,
        max_depth: int,
        stopped: Event | None = None,
    ) -> list[ParsedFeed | None]:
        """As `aside.read_all_cheaply`, in another process; None too for one that it failed at."""
        items = [
            (("feed", replace(fetched, body=b""), max_entries, max_depth), fetched.body)
            for fetched in answers
        ]
        found = self.children.call_all(items, stopped=stopped)
        return [None if isinstance(parsed, WorkFailed) else parsed for parsed in found]

    def _call(self, items: Sequence[Item], topics: Topics, **more: Any) -> list[Any]:
        bare = Topics(topics.definitions, topics.texts)
        return self.children.call_all(items, tuple(topics.versions.values()), bare, **more)

    def close(self) -> None:
        """End every child; what one is reading is lost."""
        self.children.close()


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
