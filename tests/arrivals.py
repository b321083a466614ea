"""What arrives at a small invented warehouse: three feeds, and what stands at each address."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from extractors.records import Extracted, FeedState
from flows.steps.rows import article_id_of, article_landing, entry_id_of, page_id_of
from storage.landing import land_pages, land_polls
from storage.rows import (
    ArticleLanding,
    EntryRow,
    PageRow,
    PollLanding,
    PollRow,
    TopicRow,
)
from storage.warehouse import Session, Warehouse

NOW = datetime(2023, 9, 13, 12, tzinfo=UTC)
RUN = "run-1"
SITE = "https://paper.example"

_dice = random.Random(20230913)
_WORDS = [
    f"{a}{b}" for a in ("har", "pi", "tow", "quay", "tide") for b in ("bour", "er", "ed", "s")
]
STORY = " ".join(_dice.choice(_WORDS) + str(_dice.randrange(40)) for _ in range(400))


def altered(text: str, *places: int) -> str:
    """The text with a word or two replaced: still nearly the same."""
    words = text.split()
    for place in places:
        words[place] = "otherwise"
    return " ".join(words)


OTHER = " ".join(reversed(STORY.split()))

# What stands at each address: (address its article lives at, title, text), or why there is none.
PAGES: dict[str, tuple[str, str, str] | str] = {
    # One article in two places: its own address, and a copy that gives another text.
    f"{SITE}/bridge": (f"{SITE}/bridge", "Bridge to be mended", OTHER),
    f"{SITE}/amp/bridge": (f"{SITE}/bridge", "Bridge to be mended (amp)", STORY),
    # A wire story under three addresses, each a little different from the one before.
    f"{SITE}/ferry": (f"{SITE}/ferry", "Ferry aground", STORY),
    f"{SITE}/wire/ferry": (f"{SITE}/wire/ferry", "Ferry runs aground", altered(STORY, 3)),
    f"{SITE}/late/ferry": (f"{SITE}/late/ferry", "Ferry ran aground", altered(STORY, 3, 390)),
    f"{SITE}/list": "index_page",
    f"{SITE}/lost": "not_found",
    f"{SITE}/regatta": (f"{SITE}/regatta", "Regatta", "Sails and wind. " * 30),
    f"{SITE}/forgotten": (f"{SITE}/forgotten", "Nobody may know", "A secret. " * 40),
    f"{SITE}/m/forgotten": (f"{SITE}/forgotten", "Nobody may know", "A secret. " * 40),
}

# What each feed lists: (guid, address, hours after noon or None).
FEEDS: dict[str, list[tuple[str, str, int | None]]] = {
    "one": [
        ("1", f"{SITE}/bridge", 2),
        ("1-again", f"{SITE}/bridge", 1),
        ("2", f"{SITE}/ferry", 3),
        ("3", f"{SITE}/list", None),
        ("4", f"{SITE}/forgotten", 1),
    ],
    "two": [
        ("a", f"{SITE}/bridge", 0),
        ("b", f"{SITE}/wire/ferry", 1),
        ("c", f"{SITE}/lost", 1),
        ("d", f"{SITE}/m/forgotten", 4),
    ],
    "three": [
        ("x", f"{SITE}/amp/bridge", None),
        ("y", f"{SITE}/late/ferry", None),
        ("z", f"{SITE}/regatta", 5),
    ],
}


def entry(feed: str, guid: str, url: str, hours: int | None, **other: Any) -> EntryRow:
    return EntryRow(
        **{
            "entry_id": entry_id_of(feed, guid),
            "feed_id": feed,
            "guid": guid,
            "link": url,
            "url": url,
            "page_id": page_id_of(url),
            "title": f"{feed} says {guid}",
            "summary": f"What {feed} says of {guid}.",
            "published_at": None if hours is None else NOW + timedelta(hours=hours),
            "content_hash": f"{feed}-{guid}",
            "state": "landed",
            "source_kind": "feed",
            "first_seen_at": NOW,
            "run_id": RUN,
            **other,
        }
    )


def poll(feed: str, entries: Iterable[EntryRow] = (), **other: Any) -> PollLanding:
    row = PollRow(feed, RUN, NOW, f"{SITE}/{feed}.xml", "landed")
    return PollLanding(replace(row, **other), tuple(entries), FeedState(feed, row.url))


def whole_poll(feed: str) -> PollLanding:
    return poll(feed, [entry(feed, *item) for item in FEEDS[feed]])


def article(
    place: str, lives_at: str, title: str, text: str, *, version: str = "1"
) -> ArticleLanding:
    made = article_landing(
        Extracted(url=lives_at, title=title, text=text, language="en", extractor_version=version),
        article_id=article_id_of(lives_at),
        preference=f"{0 if place == lives_at else 1} {place}",
        source_kind="feed",
        run_id=RUN,
        now=NOW,
        page_id=page_id_of(place),
    )
    row = made.article
    verdict = TopicRow(row.article_id, "t", "v", 0.5, "on", "rule", (), row.text_hash, NOW, RUN)
    return replace(made, topics=(verdict,))


def page(url: str, **other: Any) -> PageRow:
    row = PageRow(page_id_of(url), url, "landed", RUN, NOW, attempts=1, fetched_at=NOW)
    return replace(row, **other)


def fetched(url: str) -> tuple[PageRow, ArticleLanding | None]:
    """What a run makes of an address."""
    found = PAGES[url]
    if found == "not_found":
        return page(url, state="failed", reason="not_found", fetched_at=None), None
    if isinstance(found, str):
        return page(url, article_state="rejected", article_reason=found), None
    made = article(url, *found)
    return page(url, article_state="landed", article_id=made.article.article_id), made


def land(
    session: Session, pages: Sequence[tuple[PageRow, ArticleLanding | None]], **other: Any
) -> Any:
    articles = [made for _, made in pages if made]
    rows = [row for row, _ in pages]
    return land_pages(session, rows, articles, run_id=RUN, now=NOW, **other)


def land_all(session: Session, polls: Sequence[PollLanding], **other: Any) -> Any:
    return land_polls(session, polls, run_id=RUN, now=NOW, **other)


def waiting(session: Session) -> list[str]:
    rows = session.execute("SELECT url FROM pages WHERE state = 'waiting' ORDER BY url").fetchall()
    return [row[0] for row in rows]


def nothing_is_wrong(session: Session) -> None:
    assert session.execute("FROM orphans").fetchall() == []
    assert session.execute("FROM run_balance WHERE NOT balanced").fetchall() == []


@contextmanager
def opened(empty: Path, folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A copy of the empty warehouse in a folder, open."""
    warehouse = Warehouse(folder)
    warehouse.path.unlink(missing_ok=True)
    shutil.copy(empty, warehouse.path)
    with warehouse.session() as session:
        yield session


def land_in_order(session: Session) -> None:
    """Land everything one after the other, in name order."""
    for feed in FEEDS:
        land_all(session, [whole_poll(feed)])
    for url in waiting(session):
        land(session, [fetched(url)])
