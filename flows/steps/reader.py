"""What a reader process does, with all that it imports; `readers` asks for it by name."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import extractors.topics  # noqa: F401  (what judges is not to be imported on the first page's time)
from extractors.records import Fetched, ParsedFeed, SiteHabits
from flows.steps.reading import read_page
from flows.steps.rows import Read
from flows.steps.topics import Topics, judged
from storage.rows import ArticleLanding, PageRow, PageTask


def work_here(topics: Topics, kind: str, *given: Any) -> Read | ArticleLanding | ParsedFeed | None:
    """Read a page, a feed or the sample, or judge a text, as a child is asked for it."""
    if kind == "page":
        return _page_here(topics, *given)
    if kind == "feed":
        return _feed_here(*given)
    return _text_here(topics, *given) if kind == "text" else _sample_here(topics)


def _page_here(
    topics: Topics, task: PageTask, row: PageRow, now: datetime, site: SiteHabits, body: bytes
) -> Read:
    return read_page(topics, task, row, body, now, site)


def _text_here(topics: Topics, landing: ArticleLanding, now: datetime, _: bytes) -> ArticleLanding:
    return judged(topics, landing, now)


def _sample_here(topics: Topics) -> Read:
    from flows.steps.sample import read_sample  # only where nothing has come yet

    return read_sample(topics)


def _feed_here(head: Fetched, max_entries: int, max_depth: int, body: bytes) -> ParsedFeed | None:
    from flows.steps.aside import read_cheaply  # most readers never read a feed

    return read_cheaply(replace(head, body=body), max_entries, max_depth)
