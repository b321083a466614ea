"""What a newsroom is made of: outlets, articles and the odd pages that are no articles.

Plain frozen records and where each thing lives below the server's base URL. No I/O.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache

from extractors.records import Reason, Verdict
from flows.newsroom.prose import Grammar, compose


class FeedForm(StrEnum):
    """The format of an outlet's feed, in feedparser's words (json1 is JSON Feed 1.1)."""

    RSS20 = "rss20"
    ATOM = "atom10"
    RSS10 = "rss10"
    JSON = "json1"


class Behaviour(StrEnum):
    """What happens when the outlet's listed feed is asked for."""

    OK = "ok"
    MOVED = "moved"  # 301 from the listed address to where it is now
    GONE = "gone"  # 410
    SLOW = "slow"  # answers after slow_s seconds
    GARBAGE = "garbage"  # 200 with bytes that are no feed


class Layout(StrEnum):
    """How an outlet's pages are built and where they state their metadata."""

    PLAIN = "plain"  # one JSON-LD NewsArticle, OpenGraph
    GRAPH = "graph"  # JSON-LD @graph as blog software writes it
    MICRODATA = "microdata"  # itemprop attributes, no JSON-LD
    TABLE = "table"  # tables and line breaks, meta tags only
    HASHED = "hashed"  # meaningless class names, OpenGraph and <time>
    PORTAL = "portal"  # a JSON-LD array, everything on one crowded page


class PageKind(StrEnum):
    """Pages that a feed links to and that are no articles."""

    MISSING = "missing"  # status 404
    ERROR = "error"  # says 'not found' with status 200
    CONSENT = "consent"  # nothing but a consent wall
    INDEX = "index"  # a list of headlines
    VIDEO = "video"  # a player and a caption
    DISALLOWED = "disallowed"  # robots.txt forbids it


REASONS: Mapping[PageKind, Reason] = {
    PageKind.MISSING: Reason.NOT_FOUND,
    PageKind.ERROR: Reason.ERROR_PAGE,
    PageKind.CONSENT: Reason.CONSENT_WALL,
    PageKind.INDEX: Reason.INDEX_PAGE,
    PageKind.VIDEO: Reason.VIDEO_PAGE,
    PageKind.DISALLOWED: Reason.ROBOTS,
}

# The one path that robots.txt keeps everybody out of.
DISALLOWED_PREFIX = "/harbour-ledger/subscribers/"


@dataclass(frozen=True, slots=True)
class Article:
    """One article. Times are aware and keep the offset the outlet states.

    `written` are the paragraphs; a generated article has none, but a `grammar` and a `seed`
    from which they are made each time they are asked for. `shown` is how many paragraphs
    a reader without a subscription gets (None: all).
    """

    slug: str
    title: str
    published: datetime
    label: Verdict
    written: tuple[str, ...] = ()
    modified: datetime | None = None
    author: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    agency: str | None = None
    copy_of: str | None = None
    shown: int | None = None
    grammar: Grammar | None = field(default=None, repr=False)
    seed: str = ""

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The paragraphs as they stand on the page, cut where a paywall cuts them."""
        full = self.written
        if not full and self.grammar is not None:
            full = _composed(self.grammar, self.seed, self.label is Verdict.ON)[1]
        return full if self.shown is None else full[: self.shown]

    @property
    def changed(self) -> datetime:
        """When it last changed: modified, else published."""
        return self.modified or self.published


@lru_cache(maxsize=512)
def _composed(grammar: Grammar, seed: str, on_topic: bool) -> tuple[str, tuple[str, ...]]:
    return compose(grammar, seed, on_topic=on_topic)


@dataclass(frozen=True, slots=True)
class OddPage:
    """A page that is no article, with the feed entry that leads to it."""

    slug: str
    kind: PageKind
    title: str
    published: datetime


@dataclass(frozen=True, slots=True)
class Outlet:
    """One publisher: how it looks, how its feed behaves, and what it has published."""

    outlet_id: str
    name: str
    language: str
    country: str
    domain: str
    form: FeedForm
    layout: Layout
    url_form: str
    feed_path: str
    behaviour: Behaviour = Behaviour.OK
    listed_path: str | None = None  # where lists still point after the feed moved
    encoding: str = "utf-8"
    charset_in: str = "http"  # http | meta: the only place where pages declare it
    full_content: bool = False  # the feed carries whole articles
    heavy: bool = False  # pages as large as today's: 100 KB of scripts, hundreds of boxes and links
    feed_size: int = 20
    paging: str = "none"  # none | wordpress | archive
    sitemap: str = "plain"  # plain | gzip | news
    articles: tuple[Article, ...] = ()  # newest first
    odd_pages: tuple[OddPage, ...] = ()


@dataclass(frozen=True, slots=True)
class ArticleTruth:
    """What must be known of an article once it has landed. `published` is UTC.

    `text` has one newline between paragraphs, as the page shows them; `kind` is article or
    teaser; `listed` says whether the outlet's feed (its first page) carries it; `reachable`
    whether that feed can be read at all; `copy_of` is the slug of the wire story it carries.
    """

    slug: str
    outlet: str
    feed_id: str
    publisher: str
    url: str
    title: str
    paragraphs: tuple[str, ...]
    text: str
    published: datetime
    modified: datetime | None
    language: str
    label: Verdict
    kind: str
    listed: bool
    reachable: bool
    author: str | None = None
    section: str | None = None
    tags: tuple[str, ...] = ()
    agency: str | None = None
    copy_of: str | None = None


@dataclass(frozen=True, slots=True)
class OddTruth:
    """A page linked from a feed that must not become an article, and why."""

    slug: str
    feed_id: str
    url: str
    title: str
    kind: PageKind
    reason: Reason


def article_path(outlet: Outlet, article: Article) -> str:
    """Return the article's path on the server, for example '/outlet/2023/09/13/slug/'."""
    day = article.published
    tail = outlet.url_form.format(
        y=f"{day.year:04d}",
        m=f"{day.month:02d}",
        d=f"{day.day:02d}",
        slug=article.slug,
        n=zlib.crc32(article.slug.encode()),
    )
    return f"/{outlet.outlet_id}/{tail}"


def odd_path(outlet: Outlet, page: OddPage) -> str:
    """Return the path of a page that is no article."""
    if page.kind is PageKind.DISALLOWED:
        return f"{DISALLOWED_PREFIX}{page.slug}"
    return f"/{outlet.outlet_id}/{page.kind.value}/{page.slug}"


def feed_path(outlet: Outlet) -> str:
    """Return the path where the outlet's feed is now."""
    return f"/{outlet.outlet_id}/{outlet.feed_path}"


def listed_feed_path(outlet: Outlet) -> str:
    """Return the path under which lists know the feed; differs when it has moved."""
    return f"/{outlet.outlet_id}/{outlet.listed_path or outlet.feed_path}"


def last_change(outlet: Outlet) -> datetime:
    """Return the UTC time of the outlet's latest publication or change."""
    times = [article.changed for article in outlet.articles]
    times += [page.published for page in outlet.odd_pages]
    return max(times, default=datetime(2023, 9, 1, tzinfo=UTC)).astimezone(UTC)
