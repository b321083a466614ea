"""Publishers whose past is known to the last article, and the services that remember it.

Each has an address of loopback of its own, so that hosts can be told apart. Five kinds: WordPress,
RFC 5005 archives, sitemaps, and two whose feeds show the latest items only, of which the Internet
Archive or Common Crawl has the rest. Some are known to several services: their articles have
several sightings.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from types import TracebackType

from extractors.records import Listing
from standins import sites
from standins.cdx import Machine, Row
from standins.server import Reply, Respond, Services
from standins.sites import Archives, Files, Post, WordPress, newest_first
from standins.warcs import CommonCrawl, Page

KINDS = ("wordpress", "archives", "sitemaps", "wayback", "ccnews")
# All addresses that a past may take: for `pytest.mark.allow_hosts`.
ADDRESSES = ["127.0.0.1", *(f"127.0.1.{number}" for number in range(1, 41))]
_LATEST = 4
_HTML = "text/html"  # the same from every service: which copy is taken must not show
_NOUNS = (
    "harbour council ferry budget bridge school river tender mayor museum railway station "
    "archive orchard clinic market festival library reservoir garden airport quarry theatre "
    "workshop survey delegation inspector fishery vineyard tunnel depot chapel lighthouse"
)
_VERBS = (
    "reopened postponed extended rejected approved inspected rebuilt measured financed closed "
    "praised criticised reviewed moved expanded divided restored promised"
)
_WORDS, _DID = _NOUNS.split(), _VERBS.split()


@dataclass
class Publisher:
    """One publisher: its feed, every article that it ever had, and where these stand."""

    number: int
    kind: str
    posts: list[Post]
    site: Services
    listing: Listing

    @property
    def host(self) -> str:
        return self.site.origin.rpartition("/")[2].partition(":")[0]


@dataclass
class Past:
    """A world with a known past; a context manager. `extra` is known to several services."""

    count: int
    start: datetime
    end: datetime
    around: int = 4  # days with articles on either side of the window
    each: timedelta = timedelta(hours=20)  # between two articles of a publisher
    publishers: list[Publisher] = field(default_factory=list)
    machine: Machine = field(default_factory=Machine)
    crawl: CommonCrawl = field(default_factory=CommonCrawl)

    def __enter__(self) -> Past:
        with ExitStack() as stack:
            self.services = stack.enter_context(Services())
            for number in range(self.count):
                site = stack.enter_context(Services(f"127.0.1.{number + 1}"))
                self.publishers.append(self._publisher(number, site))
            self.services.mount("/archive", self.machine)
            self.services.mount("/crawl", self.crawl)
            self._remember()
            self._open = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.__exit__(kind, value, trace)

    @property
    def feeds(self) -> list[Listing]:
        return [one.listing for one in self.publishers]

    @property
    def settings(self) -> dict[str, object]:
        """The settings that lead to these services."""
        return {
            "cdx_url": f"{self.services.origin}/archive",
            "ccnews_url": f"{self.services.origin}/crawl",
            "cdx_pace_s": 0.0,
            "allow_hosts": ("127.0.0.0/8",),
        }

    def truth(self, start: datetime | None = None, end: datetime | None = None) -> dict[str, str]:
        """Every article of a span (the window by default): address to title."""
        first, last = start or self.start, end or self.end
        return {
            post.link: post.title
            for one in self.publishers
            for post in one.posts
            if first <= post.published < last
        }

    def save_issues(self, folder: Path) -> None:
        """Leave a saved issue of each archives feed in a folder, as a user would."""
        folder.mkdir(parents=True, exist_ok=True)
        for one in self.publishers:
            if one.kind == "archives":
                body = issue(one.posts[: len(one.posts) // 2], one.site.origin)
                (folder / f"issue-{one.number}.xml").write_bytes(body)

    def _publisher(self, number: int, site: Services) -> Publisher:
        kind = KINDS[number % len(KINDS)]
        posts = self._posts(number, site.origin)
        path = {"wordpress": "/feed/", "archives": "/feed.atom"}.get(kind, "/feed.xml")
        listing = Listing(
            f"f_{kind}_{number}",
            site.origin + path,
            publisher=f"Paper {number}",
            homepage=site.origin + "/",
            language="en",
        )
        site.mount("", _site(kind, posts, site.origin))
        return Publisher(number, kind, posts, site, listing)

    def _posts(self, number: int, origin: str) -> list[Post]:
        posts = []
        at = self.start - timedelta(days=self.around) + timedelta(minutes=7 * number)
        while at < self.end + timedelta(days=self.around):
            slug = f"{at:%Y/%m/%d}/story" if number % 2 else "news/story"
            posts.append(Post(f"{origin}/{slug}-{len(posts)}", headline(number, len(posts)), at))
            at += self.each
        return posts

    def _remember(self) -> None:
        """What the Internet Archive and Common Crawl have of these publishers."""
        crawled: dict[str, list[Page]] = {}
        for one in self.publishers:
            both = one.number % 7 == 0
            if one.kind == "wayback" or both:
                self._capture(one)
            if one.kind == "ccnews" or both:
                for post in one.posts:
                    stamp = f"{post.published:%Y%m%d}000000"
                    met = post.published + timedelta(hours=3)
                    page = Page(
                        post.link, article(post), f"{met:%Y-%m-%dT%H:%M:%SZ}", content_type=_HTML
                    )
                    crawled.setdefault(stamp, []).append(page)
        for stamp, pages in sorted(crawled.items()):
            noise = [Page(f"http://nobody.example/{stamp}-{n}") for n in range(9)]
            self.crawl.add(stamp, [*noise, *pages])

    def _capture(self, one: Publisher) -> None:
        ordered = sorted(one.posts, key=lambda post: post.published)
        for place in range(0, len(ordered), _LATEST):
            shown = ordered[max(0, place - 1) : place + _LATEST]
            met = shown[-1].published + timedelta(hours=2)
            stamp = f"{met:%Y%m%d%H%M%S}"
            body = issue(shown, one.site.origin)
            self.machine.rows.append(Row(stamp, one.listing.url, body, "application/rss+xml"))
        for post in ordered:
            stamp = f"{post.published + timedelta(hours=5):%Y%m%d%H%M%S}"
            self.machine.rows.append(Row(stamp, post.link, article(post)))


def headline(number: int, place: int) -> str:
    dice = random.Random(f"title {number} {place}")
    first, second = dice.sample(_WORDS, 2)
    return f"{first.title()} {dice.choice(_DID)} after {second} plan {number}-{place}"


def article(post: Post) -> bytes:
    """The page of a post, with its date in JSON-LD and a body of its own."""
    dice = random.Random(post.link)
    paragraphs = "".join(f"<p>{_paragraph(dice)}</p>" for _ in range(5))
    stated = json.dumps(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": post.title,
            "datePublished": post.published.isoformat(),
        }
    )
    return (
        f'<!doctype html><html lang="en"><head><title>{escape(post.title)}</title>'
        f'<link rel="canonical" href="{escape(post.link)}">'
        f'<script type="application/ld+json">{stated}</script></head>'
        f"<body><article><h1>{escape(post.title)}</h1>{paragraphs}</article></body></html>"
    ).encode()


def issue(posts: Sequence[Post], origin: str) -> bytes:
    items = "".join(post.rss for post in newest_first(posts))
    head = f'<rss version="2.0"><channel><title>A paper</title><link>{origin}/</link>'
    return f"{head}{items}</channel></rss>".encode()


def _paragraph(dice: random.Random) -> str:
    sentences = []
    for _ in range(4):
        one, two, three = dice.sample(_WORDS, 3)
        year, sum_ = dice.randint(1900, 2022), dice.randint(10, 99_999)
        sentences.append(
            f"The {one} was {dice.choice(_DID)} by the {two} committee, which had spent {sum_} "
            f"crowns on the {three} since {year}."
        )
    return " ".join(sentences)


def _site(kind: str, posts: list[Post], origin: str) -> Respond:
    pages = {post.link.removeprefix(origin): post for post in posts}
    latest = issue(newest_first(posts)[:_LATEST], origin)
    files = Files()
    files.add("/robots.txt", sites.robots(), "text/plain")
    special: Respond | None = None
    if kind == "wordpress":
        special = WordPress(posts)
    elif kind == "archives":
        special = Archives(posts, base=origin)
    else:
        files.add("/feed.xml", latest, "application/rss+xml")
    if kind == "sitemaps":
        _add_sitemaps(files, posts, origin)

    def respond(path: str, query: str) -> Reply | None:
        found = special(path, query) if special else None
        if found is None and path in pages:
            found = Reply(article(pages[path]), content_type=_HTML)
        return found or files(path, query)

    return respond


def _add_sitemaps(files: Files, posts: Sequence[Post], origin: str) -> None:
    """A file a day, zipped, with their lastmod in an index."""
    days: dict[str, list[Post]] = {}
    for post in posts:
        days.setdefault(f"{post.published:%Y-%m-%d}", []).append(post)
    listed = []
    for day, of_day in days.items():
        name = f"/sitemap-{day}.xml.gz"
        entries = [(post.link, post.published.isoformat()) for post in of_day]
        files.add(name, sites.zipped(sites.urlset(entries)), "application/gzip")
        listed.append((origin + name, f"{max(p.published for p in of_day):%Y-%m-%dT%H:%M:%SZ}"))
    files.add("/index.xml", sites.sitemap_index(listed))
    files.add("/robots.txt", sites.robots(f"{origin}/index.xml"), "text/plain")
