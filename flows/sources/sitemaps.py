"""Sitemaps: what a site itself lists of its past.

Followed are the protocol at sitemaps.org (0.9): files are found through the `Sitemap:` lines of
robots.txt, an index names further files, `lastmod` of a file says when it last changed; and
Google's news sitemaps. Where robots.txt names none, /sitemap.xml is tried, by widespread habit.
A whole file is passed over when it last changed before the window, or when its name states a day,
month or year outside of it. A sitemap may list only pages of its own site.

Hostile trees end: a file has at most 50 MB and 50,000 addresses (the protocol's own bounds),
indexes nest MAX_DEPTH deep, a file named twice is one unit, and all indexes of one site together
name at most MAX_FILES files: each hands an equal share of what is left on to those below it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import dataclass, field
from functools import partial

from extractors.feeds import parse_feed
from extractors.fingerprints import content_hash
from extractors.records import Entry, FeedKind, Fetched, Listing, Reason
from extractors.sitemap import (
    MAX_BYTES,
    Sitemap,
    SitemapItem,
    Span,
    named_spans,
    parse_sitemap,
    sitemaps_in_robots,
)
from extractors.urls import registrable_domain
from flows.net.door import Fetcher
from flows.sources.base import (
    Event,
    Found,
    PassedOver,
    Unit,
    UnitFailed,
    UnitSkipped,
    Window,
    failure,
    left_out,
    make_unit,
    outside_by_address,
    sightings,
)
from flows.sources.owners import Owners, derived, host_of, site_of

NAME = "sitemaps"
MAX_DEPTH = 3  # the protocol allows one index above the files; some sites stack two
MAX_FILES = 20_000  # of one site in one window
MAX_NOTED = 200  # files of one index that are noted as left out; the others are counted

_NOT_THERE = frozenset({Reason.NOT_FOUND, Reason.GONE})
# Answers that say there is no robots.txt (RFC 9309, 2.3.1.3), not that it cannot be had now.
_NO_ROBOTS = frozenset(
    {
        Reason.NOT_FOUND,
        Reason.GONE,
        Reason.UNAUTHORIZED,
        Reason.FORBIDDEN,
        Reason.CLIENT_ERROR,
        Reason.EMPTY,
    }
)


@dataclass(frozen=True)
class Sitemaps:
    """Reads the sitemaps of the sites that the feeds belong to, and those listed as such."""

    door: Fetcher
    feeds: tuple[Listing, ...]
    max_depth: int = MAX_DEPTH
    max_files: int = MAX_FILES
    _sites: dict[str, Listing] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        owners = Owners(feed for feed in self.feeds if feed.kind is FeedKind.FEED)
        sites: dict[str, Listing] = {}
        for feed in self.feeds:
            site = site_of(feed)
            if feed.kind is FeedKind.SITEMAP:
                sites[feed.feed_id] = feed
            elif feed.kind is FeedKind.FEED and site is not None:
                owner = owners.of(host_of(site)) or feed
                row = derived(owner, f"{site}/robots.txt", FeedKind.SITEMAP)
                sites[row.feed_id] = row
        object.__setattr__(self, "_sites", sites)

    @property
    def name(self) -> str:
        """See `base.Source`."""
        return NAME

    def listings(self) -> tuple[Listing, ...]:
        """One row for each site whose robots.txt is asked; its id comes from that address."""
        own = {feed.feed_id for feed in self.feeds}
        return tuple(row for row in self._sites.values() if row.feed_id not in own)

    def plan(self, window: Window) -> list[Unit]:
        """One unit a site, its robots.txt, and one for each sitemap listed by its owner."""
        return [
            make_unit(
                NAME,
                "robots" if row.url.endswith("/robots.txt") else "sitemap",
                row.url,
                window,
                feed_id=row.feed_id,
                lists=row.url.endswith("/robots.txt"),
                detail=row.url,
            )
            for row in self._sites.values()
        ]

    async def fetch(self, unit: Unit) -> AsyncGenerator[Event, None]:
        """Give the files that a robots.txt or an index names, or the pages that a file lists."""
        if unit.step == "robots":
            async for event in self._robots(unit):
                yield event
            return
        fetched = await self.door.fetch(unit.url, accept="feed", robots=False, max_bytes=MAX_BYTES)
        if unit.step == "guess" and fetched.reason in _NOT_THERE:
            yield UnitSkipped(Reason.NOT_FOUND, "the site names no sitemap, and none is here")
            return
        if (failed := failure(fetched)) is not None:
            yield failed
            return
        read = await asyncio.to_thread(parse_sitemap, fetched.body, fetched.final_url)
        index = read.kind == "index"
        events = self._files(read, unit) if index else self._pages(read, fetched, unit)
        failed = None
        for event in events:
            if isinstance(event, UnitFailed):
                failed = event
            else:
                yield event
        if read.reason is not None:
            failed = UnitFailed(read.reason, read.detail)
        if failed is not None:
            yield failed

    async def _robots(self, unit: Unit) -> AsyncIterator[Event]:
        fetched = await self.door.fetch(unit.url, accept="page", robots=False)
        if fetched.reason is not None and fetched.reason not in _NO_ROBOTS:
            yield UnitFailed(fetched.reason, fetched.detail, fetched.retry_after_s)
            return
        named = sitemaps_in_robots(fetched.body, fetched.final_url) if not fetched.reason else ()
        if not named:
            url = unit.url.removesuffix("/robots.txt") + "/sitemap.xml"
            yield _file(url, unit, "guess", level=1, share=self.max_files)
        for url in named:
            yield _file(url, unit, "sitemap", level=1, share=self.max_files // len(named))

    def _pages(self, read: Sitemap, fetched: Fetched, unit: Unit) -> Iterator[Event]:
        feed_id = unit.feed_id or ""
        if read.kind == "feed":
            parsed = parse_feed(
                read.body, fetched.final_url, content_type=fetched.header("content-type")
            )
            yield from sightings(parsed.entries, feed_id, unit.window)
            if parsed.reason is not None:
                yield UnitFailed(parsed.reason, parsed.detail)
            return
        owner = self._owner(unit)
        window, foreign = unit.window, 0
        for item in read.items:
            if registrable_domain(host_of(item.loc)) != owner:
                foreign += 1
                continue
            yield Found(feed_id, entry_of(item), outside=_outside(item, window))
        if foreign:
            detail = f"{foreign} addresses of other sites in {unit.url}"
            yield PassedOver(foreign, Reason.BAD_URL, detail)
        if read.dropped:
            yield PassedOver(read.dropped, Reason.BAD_URL, "addresses listed twice or unusable")

    def _files(self, read: Sitemap, unit: Unit) -> Iterator[Event]:
        """Give the files of an index that may hold something of the window."""
        if unit.level >= self.max_depth:
            yield UnitFailed(Reason.LIMIT, f"sitemap indexes nested deeper than {self.max_depth}")
            return
        spans = named_spans([item.loc for item in read.items])
        wanted, others = [], []
        for item, span in zip(read.items, spans, strict=True):
            why = _why_not(item, span, unit.window)
            if why is None:
                wanted.append(item.loc)
            else:
                others.append((item.loc, why))
        most = int(unit.mark) if unit.mark else self.max_files
        given = wanted[:most]
        for loc in given:
            share = (most - len(given)) // len(given)
            yield _file(loc, unit, "sitemap", level=unit.level + 1, share=share)
        unit_of = partial(_file, unit=unit, step="sitemap", level=unit.level + 1, share=0)
        yield from left_out(others, unit_of, MAX_NOTED, f"further files named by {unit.url}")
        if len(wanted) > most:
            yield UnitFailed(Reason.LIMIT, f"{len(wanted)} files named, and {most} may be")

    def _owner(self, unit: Unit) -> str:
        """Return the domain whose pages the unit may list: that of the site, not of the file."""
        row = self._sites.get(unit.feed_id or "")
        site = site_of(row) if row is not None else None
        return registrable_domain(host_of(site or unit.url))


def entry_of(item: SitemapItem) -> Entry:
    """Return a sitemap's line as a sighting; its lastmod is a change, never a publication."""
    return Entry(
        guid=item.loc,
        link=item.loc,
        title=item.title,
        published_at=item.published_at,
        published_raw=item.published_raw,
        published_precision=item.published_precision,
        modified_at=item.changed_at,
        language=item.language,
        content_hash=content_hash(item.title, item.loc, item.published_raw),
    )


def _outside(item: SitemapItem, window: Window) -> bool:
    if item.published_at is not None:
        return window.excludes(item.published_at, item.published_precision)
    if window.follows(item.changed_at, item.changed_precision):
        return True
    return outside_by_address(window, item.loc)


def _why_not(item: SitemapItem, span: Span | None, window: Window) -> str | None:
    """Say why a file holds nothing of the window; None for one that may."""
    if window.follows(item.changed_at, item.changed_precision):
        return f"last changed on {item.changed_at:%Y-%m-%d}, before the window"
    if span is not None and (span[1] <= window.start or span[0] >= window.end):
        return "its name states a time outside the window"
    return None


def _file(url: str, unit: Unit, step: str, *, level: int, share: int) -> Unit:
    """Make the unit of one file; `share` is how many files it may name in its turn."""
    return make_unit(
        NAME,
        step,
        url,
        unit.window,
        feed_id=unit.feed_id,
        level=level,
        mark=str(share),
        detail=url,
    )
