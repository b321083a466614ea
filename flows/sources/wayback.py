"""The Internet Archive: old issues of feeds, and pages as they were.

Followed is the description of the Wayback CDX Server API (internetarchive/wayback,
wayback-cdx-server/README): `url`, `matchType`, `from` and `to` (inclusive, 1 to 14 digits),
`filter=field:regex`, `collapse=field:N`, `fl`, `output=json` (the first row names the fields),
`limit` with `showResumeKey` and `resumeKey` (after an empty row, already percent-encoded; the rest
of the query stays the same). A raw capture is `/web/<timestamp>id_/<url>`: the bytes as the site
sent them; a timestamp without a capture redirects to the nearest one, and the site's own headers
come back as `X-Archive-Orig-…`. Captures whose bytes had been seen before (`warc/revisit`, without
a status) are left out by the status filter: what they would show is in the capture before.

The index answers 429 to those who ask more often than some 24 times a minute, and locks out those
who go on, so that PACE_S lies between two queries of one source; the rest that an answer asks for
(429 and 503 with Retry-After) is kept by the door and told in the failure.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode, urlsplit

from extractors.fingerprints import content_hash
from extractors.records import Entry, FeedKind, Fetched, Listing, Reason
from extractors.urls import clean_url
from flows.net.door import Fetcher
from flows.sources.base import (
    Event,
    Found,
    PassedOver,
    Unit,
    UnitFailed,
    Window,
    failure,
    make_unit,
    outside_by_address,
    sightings,
)
from flows.sources.owners import Owners, derived, host_of, site_of

NAME = "wayback"
BASE_URL = "https://web.archive.org"
MAX_QUERIES = 100  # of one chain of resumption keys
ROWS = 2_000  # a query; a page of its index holds up to 3,000
PACE_S = 2.5

_FIELDS = ("timestamp", "original", "mimetype", "statuscode", "digest")
_REPLAY = re.compile(r"/web/(?P<stamp>\d{4,14})[a-z]{2}_/(?P<url>.+)$", re.DOTALL)
_ORIGINAL = "x-archive-orig-"
_RESUME = "&resumeKey="


@dataclass(frozen=True, slots=True)
class Capture:
    """One row of the index: `stamp` is the moment of the capture, 14 digits in UTC."""

    stamp: str
    url: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class CdxPage:
    """What a query gave: captures, and the key to go on with when there is more."""

    captures: tuple[Capture, ...] = ()
    resume_key: str | None = None
    unusable: int = 0


class _Pace:
    """Keeps queries apart; whoever comes takes the next free moment."""

    def __init__(self) -> None:
        self._next = 0.0

    async def turn(self, pace_s: float) -> None:
        now = time.monotonic()
        start = max(now, self._next)
        self._next = start + pace_s
        if start > now:
            await asyncio.sleep(start - now)


@dataclass(frozen=True)
class Wayback:
    """Asks the archive for captures of the feeds themselves, then for pages of their hosts.

    `lag` is how long after the window captures are still looked at: a feed shows an article for
    days, and a page is often captured long after it was published. At most one issue an hour is
    read of a feed. With `pages` False only the feeds' own captures are used.
    """

    door: Fetcher
    feeds: tuple[Listing, ...]
    base_url: str = BASE_URL
    lag: timedelta = timedelta(days=3)
    pages: bool = True
    rows: int = ROWS
    max_queries: int = MAX_QUERIES
    pace_s: float = PACE_S
    _hosts: dict[str, Listing] = field(init=False, repr=False)
    _pace: _Pace = field(init=False, repr=False, default_factory=_Pace)

    def __post_init__(self) -> None:
        feeds = [feed for feed in self.feeds if feed.kind is FeedKind.FEED]
        owners = Owners(feeds)
        hosts: dict[str, Listing] = {}
        for feed in feeds:
            host = host_of(site_of(feed) or "")
            if host and host not in hosts:
                # Of the service itself, not of a mirror: the row's id comes from it.
                query = f"{BASE_URL}/cdx/search/cdx?url={host}&matchType=host"
                hosts[host] = derived(owners.of(host) or feed, query, FeedKind.CDX)
        object.__setattr__(self, "_hosts", hosts)

    @property
    def name(self) -> str:
        """See `base.Source`."""
        return NAME

    @property
    def _cdx(self) -> str:
        return f"{self.base_url.rstrip('/')}/cdx/search/cdx"

    def listings(self) -> tuple[Listing, ...]:
        """One row for each host whose pages are asked for; issues of a feed belong to the feed."""
        return tuple(self._hosts.values()) if self.pages else ()

    def plan(self, window: Window) -> list[Unit]:
        """One query a feed for its captures, then one for the pages of each host and day."""
        units = [
            make_unit(
                NAME,
                "issues",
                self._query(feed.url, window.widened(timedelta(0), self.lag)),
                window,
                feed_id=feed.feed_id,
                level=1,
                lists=True,
                detail=f"captures of {feed.url}",
            )
            for feed in self.feeds
            if feed.kind is FeedKind.FEED and clean_url(feed.url)
        ]
        if self.pages:
            units += self._page_units(window)
        return units

    def _page_units(self, window: Window) -> Iterator[Unit]:
        for host, row in self._hosts.items():
            for day in window.widened(timedelta(0), self.lag).days():
                yield make_unit(
                    NAME,
                    "pages",
                    self._query(host, day, host=True),
                    window,
                    feed_id=row.feed_id,
                    level=1,
                    detail=f"pages of {host} captured on {day.start:%Y-%m-%d}",
                )

    def _query(self, url: str, span: Window, *, host: bool = False) -> str:
        """Build a query for the captures of a URL, or of HTML pages of a host, within a span."""
        last = span.end - timedelta(seconds=1)  # both of their ends are inclusive
        pairs = [
            ("url", url),
            *([("matchType", "host")] if host else []),
            ("from", f"{span.start:%Y%m%d%H%M%S}"),
            ("to", f"{last:%Y%m%d%H%M%S}"),
            ("filter", "statuscode:200"),
            *([("filter", "mimetype:text/html")] if host else []),
            *([("collapse", by) for by in (("urlkey",) if host else ("digest", "timestamp:10"))]),
            ("fl", ",".join(_FIELDS)),
            ("output", "json"),
            ("limit", str(self.rows)),
            ("showResumeKey", "true"),
        ]
        return f"{self._cdx}?{urlencode(pairs, safe=':,/')}"

    async def fetch(self, unit: Unit) -> AsyncGenerator[Event, None]:
        """Give captures as units (a feed's issues) or finds (pages), or the items of an issue."""
        if unit.step != "issue":
            await self._pace.turn(self.pace_s)
        fetched = await self.door.fetch(unit.url, accept="feed", robots=False)
        if unit.step == "issue":
            for event in self._issue(unit, fetched):
                yield event
            return
        if fetched.reason is Reason.EMPTY:
            return  # how some servers say that there is no capture
        if (failed := failure(fetched)) is not None:
            yield failed
            return
        page = read_cdx(fetched.body)
        if isinstance(page, UnitFailed):
            yield page
            return
        for event in self._captured(unit, page):
            yield event
        if page.unusable:
            yield PassedOver(page.unusable, Reason.BAD_URL, "rows that name no capture")
        if page.resume_key is not None:
            digest = page.captures[-1].digest if page.captures else unit.mark
            yield self._resumed(unit, page.resume_key, digest)

    def _captured(self, unit: Unit, page: CdxPage) -> Iterator[Event]:
        if unit.step == "pages":
            for capture in page.captures:
                if urlsplit(capture.url).path.strip("/"):  # a front page is no article
                    yield self._page(unit, capture)
            return
        digest = unit.mark
        for capture in page.captures:
            if capture.digest and capture.digest == digest:
                continue  # a collapse by two fields, and one cut by a resumption, leave some over
            digest = capture.digest
            yield make_unit(
                NAME,
                "issue",
                replay_url(self.base_url, capture.stamp, capture.url),
                unit.window,
                feed_id=unit.feed_id,
                detail=f"the feed as of {capture.stamp}",
            )

    def _page(self, unit: Unit, capture: Capture) -> Found:
        url = clean_url(capture.url) or capture.url
        entry = Entry(guid=url, link=url, title=None, content_hash=content_hash(url))
        return Found(
            unit.feed_id or "",
            entry,
            fetch_url=replay_url(self.base_url, capture.stamp, capture.url),
            outside=outside_by_address(unit.window, url),
        )

    def _resumed(self, unit: Unit, key: str, digest: str) -> Event:
        if unit.level >= self.max_queries:
            return UnitFailed(Reason.LIMIT, f"more captures than {self.max_queries} queries give")
        query = unit.url.partition(_RESUME)[0]
        return make_unit(
            NAME,
            unit.step,
            query + _RESUME + quote(key, safe="%+"),
            unit.window,
            feed_id=unit.feed_id,
            level=unit.level + 1,
            mark=digest,
            lists=unit.lists,
            detail=f"{unit.detail.partition(', part')[0]}, part {unit.level + 1}",
        )

    def _issue(self, unit: Unit, fetched: Fetched) -> Iterator[Event]:
        """Give an old issue's items, each with the capture of its page nearest to that moment."""
        from extractors.feeds import parse_feed  # who only unwraps pages needs none of it

        if (failed := failure(fetched)) is not None:
            yield failed
            return
        named = capture_of(fetched.final_url) or capture_of(unit.url)
        original = unwrap(fetched)
        parsed = parse_feed(
            original.body, original.final_url, content_type=original.header("content-type")
        )
        if parsed.reason is not None:
            yield UnitFailed(parsed.reason, parsed.detail)
            return
        for found in sightings(parsed.entries, unit.feed_id or "", unit.window):
            link = clean_url(found.entry.link) if found.entry.link else None
            if link is None or named is None:
                yield found
            else:
                copy = replay_url(self.base_url, named.stamp, link)
                yield replace(found, fetch_url=copy)


def read_cdx(body: bytes) -> CdxPage | UnitFailed:
    """Read an answer of the CDX server in JSON form. Pure; whatever else it is, is a reason."""
    try:
        rows = json.loads(body.decode("utf-8")) if body.strip() else []
    except (ValueError, RecursionError):
        return UnitFailed(Reason.UNPARSABLE, "the index answered something that is not JSON")
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        return UnitFailed(Reason.UNPARSABLE, "the index answered JSON that is no table")
    if not rows:
        return CdxPage()
    names, *rest = rows
    if "timestamp" not in names or "original" not in names:
        return UnitFailed(Reason.UNPARSABLE, "the index left out the timestamp or the address")
    resume_key = None
    if len(rest) >= 2 and not rest[-2] and len(rest[-1]) == 1:
        resume_key, rest = str(rest[-1][0]), rest[:-2]
    captures = [_capture(names, row) for row in rest]
    good = tuple(capture for capture in captures if capture is not None)
    return CdxPage(good, resume_key, len(captures) - len(good))


def _capture(names: list[object], row: list[object]) -> Capture | None:
    named = {str(name): value for name, value in zip(names, row, strict=False)}
    stamp, url = str(named.get("timestamp", "")), str(named.get("original", ""))
    if not re.fullmatch(r"\d{14}", stamp, re.ASCII) or clean_url(url) is None:
        return None
    return Capture(stamp, url, str(named.get("digest", "")))


def replay_url(base_url: str, stamp: str, url: str) -> str:
    """Return the address of a raw capture (`id_`: nothing rewritten) at or next to a moment."""
    return f"{base_url.rstrip('/')}/web/{stamp}id_/{url}"


def capture_of(url: str) -> Capture | None:
    """Read which capture a replay address names, or None for any other address."""
    match = _REPLAY.search(url)
    return Capture(match["stamp"].ljust(14, "0"), match["url"]) if match else None


def unwrap(fetched: Fetched) -> Fetched:
    """Return a raw capture's answer as the captured site gave it: its own addresses and headers.

    `fetched_at` becomes the moment of the capture: nothing in the page is younger than that, and
    it says nothing of when the page was published. What is no replay comes back as it is.
    """
    asked, answered = capture_of(fetched.url), capture_of(fetched.final_url)
    if asked is None or answered is None:
        return fetched
    headers = [
        (name.removeprefix(_ORIGINAL), value)
        for name, value in fetched.headers
        if name.startswith(_ORIGINAL)
    ]
    kept = {name for name, _ in headers}
    headers += [
        (name, value)
        for name, value in fetched.headers
        if name == "content-type" and name not in kept
    ]
    return replace(
        fetched,
        url=asked.url,
        final_url=answered.url,
        headers=tuple(headers),
        fetched_at=_moment(answered.stamp) or fetched.fetched_at,
        hops=(),
    )


def _moment(stamp: str) -> datetime | None:
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
