"""Feeds that go back in time, page by page.

Followed are RFC 5005 (section 3: paged feeds and rel=next; section 4: archived feeds and
rel=prev-archive), JSON Feed 1.1 (`next_url`), and WordPress, whose feeds take the query variable
`paged` and answer 404 beyond their last page. The newest entries come first in all of them.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from extractors.feeds import parse_feed
from extractors.fingerprints import content_hash
from extractors.records import Entry, FeedKind, Fetched, Listing, ParsedFeed, Reason
from flows.net.door import Fetcher
from flows.sources.base import Event, Unit, UnitFailed, Window, failure, make_unit, sightings

NAME = "paged"
MAX_PAGES = 200

_BEYOND_THE_END = frozenset({Reason.NOT_FOUND, Reason.GONE})
_WORDPRESS = re.compile(rb"<generator[^<>]{0,200}>\s*https?://(?:www\.)?wordpress\.(?:org|com)/")
_HEAD = 20_000


@dataclass(frozen=True)
class PagedFeeds:
    """Reads listed feeds from their newest page back to the window's edge.

    A feed without pages gives its one document. A chain of more than `max_pages` documents ends
    with LIMIT.
    """

    door: Fetcher
    feeds: tuple[Listing, ...]
    max_pages: int = MAX_PAGES

    @property
    def name(self) -> str:
        """See `base.Source`."""
        return NAME

    def listings(self) -> tuple[Listing, ...]:
        """Finds belong to the feeds themselves."""
        return ()

    def plan(self, window: Window) -> list[Unit]:
        """One unit a feed: its first page."""
        return [
            make_unit(
                NAME, "page", feed.url, window, feed_id=feed.feed_id, level=1, detail="page 1"
            )
            for feed in self.feeds
            if feed.kind is FeedKind.FEED
        ]

    async def fetch(self, unit: Unit) -> AsyncGenerator[Event, None]:
        """Give the entries of one page, then the page after it if the window reaches that far."""
        fetched = await self.door.fetch(unit.url, accept="feed", robots=False)
        if unit.level > 1 and fetched.reason in _BEYOND_THE_END:
            return
        if (failed := failure(fetched)) is not None:
            yield failed
            return
        parsed = _read(fetched)
        if parsed.reason is not None:
            yield UnitFailed(parsed.reason, parsed.detail)
            return
        mark = page_mark(parsed.entries)
        if unit.level > 1 and mark == unit.mark:
            return  # a site that knows no pages gives the same one again
        for found in sightings(parsed.entries, unit.feed_id or "", unit.window):
            yield found
        follower = next_page(fetched, parsed, unit)
        if follower is None or not parsed.entries or behind(parsed.entries, unit.window):
            return
        if unit.level >= self.max_pages:
            yield UnitFailed(
                Reason.LIMIT, f"the window's start was not reached in {self.max_pages} pages"
            )
            return
        yield make_unit(
            NAME,
            "page",
            follower,
            unit.window,
            feed_id=unit.feed_id,
            level=unit.level + 1,
            mark=mark,
            detail=f"page {unit.level + 1}",
        )


def _read(fetched: Fetched) -> ParsedFeed:
    return parse_feed(
        fetched.body,
        fetched.final_url,
        content_type=fetched.header("content-type"),
        content_location=fetched.header("content-location"),
    )


def page_mark(entries: tuple[Entry, ...]) -> str:
    """Name a page by its oldest end, which stays while new entries come in at the other."""
    return content_hash(*(entry.guid for entry in entries[-2:]))


def behind(entries: tuple[Entry, ...], window: Window) -> bool:
    """Say whether a page lies wholly before the window: all that is dated, and something is.

    One entry inside or after it is enough to go on: sticky and reordered entries are common.
    """
    dated = [entry for entry in entries if entry.published_at is not None]
    return bool(dated) and all(
        window.follows(entry.published_at, entry.published_precision) for entry in dated
    )


def next_page(fetched: Fetched, parsed: ParsedFeed, unit: Unit) -> str | None:
    """Return the address of the page further back: prev-archive, else next, else `?paged=N`."""
    links = dict(reversed(parsed.links))
    stated = links.get("prev-archive") or links.get("next")
    if stated is not None:
        return stated if stated != fetched.final_url else None
    if _WORDPRESS.search(fetched.body[:_HEAD]) is None:
        return None
    return with_page(unit.url if unit.level > 1 else fetched.final_url, unit.level + 1)


def with_page(url: str, number: int) -> str:
    """Return a WordPress feed's address for page `number`, whatever page it named before."""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if pair and not pair.startswith("paged=")]
    return urlunsplit(parts._replace(query="&".join([*kept, f"paged={number}"]), fragment=""))
