"""Sites that show their past: WordPress, RFC 5005 archives, sitemap trees.

WordPress follows its developer reference: a feed shows the latest posts (`posts_per_rss`, 10 by
default), the query variable `paged` counts pages from 1, the generator element names the software,
and a query without posts answers 404 (`WP::handle_404`). Archives follow RFC 5005: section 3
(`rel="next"`) and section 4 (`rel="prev-archive"`, `rel="current"`, `fh:archive`). Sitemaps follow
sitemaps.org 0.9 and the news extension of schemas/sitemap-news/0.9.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from standins.server import Reply

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_RSS = "application/rss+xml; charset=UTF-8"
_ATOM = "application/atom+xml"


@dataclass(frozen=True)
class Post:
    """One post of an invented site."""

    link: str
    title: str
    published: datetime
    guid: str | None = None  # else its link

    @property
    def rss(self) -> str:
        return (
            f"<item><title>{escape(self.title)}</title><link>{escape(self.link)}</link>"
            f"<guid>{escape(self.guid or self.link)}</guid>"
            f"<pubDate>{format_datetime(self.published)}</pubDate></item>"
        )

    @property
    def atom(self) -> str:
        stamp = self.published.isoformat()
        return (
            f"<entry><id>{escape(self.link)}</id><title>{escape(self.title)}</title>"
            f'<link href="{escape(self.link)}"/><updated>{stamp}</updated>'
            f"<published>{stamp}</published></entry>"
        )


def newest_first(posts: Sequence[Post]) -> list[Post]:
    return sorted(posts, key=lambda post: post.published, reverse=True)


@dataclass
class WordPress:
    """`/feed/` of a WordPress site; with `knows_pages` False a plug-in ignores `paged`."""

    posts: list[Post]
    per_page: int = 10
    knows_pages: bool = True
    sticky: Post | None = None  # shown first on every page

    def __call__(self, path: str, query: str) -> Reply | None:
        if path.rstrip("/") != "/feed":
            return None
        number = int(parse_qs(query).get("paged", ["1"])[0]) if self.knows_pages else 1
        shown = newest_first(self.posts)[(number - 1) * self.per_page : number * self.per_page]
        if not shown and number > 1:
            return Reply(b"", 404, "text/html")
        items = [*([self.sticky] if self.sticky else []), *shown]
        body = (
            f'{_XML}<rss version="2.0"><channel><title>An invented site</title>'
            "<generator>https://wordpress.org/?v=6.3.1</generator>"
            f"{''.join(post.rss for post in items)}</channel></rss>"
        )
        return Reply(body.encode(), content_type=_RSS)


@dataclass
class Archives:
    """An Atom feed whose past is in documents of its own: `/feed.atom`, `/archive/N.atom`.

    With `rel` 'prev-archive' the older documents never change (section 4); with 'next' they are
    the pages of one logical feed (section 3). `loop` makes the oldest point back to the first.
    """

    posts: list[Post]
    per_page: int = 10
    rel: str = "prev-archive"
    loop: bool = False
    base: str = ""

    def __call__(self, path: str, query: str) -> Reply | None:
        pages = self._pages()
        if path == "/feed.atom":
            number = 0
        elif path.startswith("/archive/") and path.endswith(".atom"):
            number = int(path.removeprefix("/archive/").removesuffix(".atom"))
        else:
            return None
        if number >= len(pages):
            return None
        links = [f'<link rel="self" href="{self.base}{path}"/>']
        if number + 1 < len(pages) or self.loop:
            older = (number + 1) % len(pages)
            links.append(f'<link rel="{self.rel}" href="{self.base}/archive/{older}.atom"/>')
        if number > 0 and self.rel == "prev-archive":
            links.append(f'<link rel="current" href="{self.base}/feed.atom"/>')
            links.append(f'<link rel="next-archive" href="{self.base}/archive/{number - 1}.atom"/>')
            links.append('<fh:archive xmlns:fh="http://purl.org/syndication/history/1.0"/>')
        body = (
            f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom"><title>Archives</title>'
            f"<id>urn:archives</id><updated>2023-09-20T00:00:00Z</updated>{''.join(links)}"
            f"{''.join(post.atom for post in pages[number])}</feed>"
        )
        return Reply(body.encode(), content_type=_ATOM)

    def _pages(self) -> list[list[Post]]:
        posts = newest_first(self.posts)
        cut = range(0, max(len(posts), 1), self.per_page)
        return [posts[start : start + self.per_page] for start in cut]


@dataclass
class Files:
    """A site made of files, each at its path: robots.txt, sitemaps, listings, WARCs."""

    files: dict[str, Reply] = field(default_factory=dict)

    def add(self, path: str, body: bytes, content_type: str = "application/xml") -> None:
        self.files[path] = Reply(body, content_type=content_type)

    def __call__(self, path: str, query: str) -> Reply | None:
        return self.files.get(f"{path}?{query}" if query else path)


def robots(*sitemaps: str) -> bytes:
    lines = ["User-agent: *", "Disallow: /search", "", *(f"Sitemap: {url}" for url in sitemaps)]
    return "\n".join(lines).encode()


def sitemap_index(files: Sequence[tuple[str, str | None]]) -> bytes:
    """An index; each file with its lastmod or None."""
    items = "".join(
        f"<sitemap><loc>{escape(loc)}</loc>{_lastmod(changed)}</sitemap>" for loc, changed in files
    )
    return _wrapped("sitemapindex", items)


def urlset(pages: Sequence[tuple[str, str | None]]) -> bytes:
    items = "".join(
        f"<url><loc>{escape(loc)}</loc>{_lastmod(changed)}</url>" for loc, changed in pages
    )
    return _wrapped("urlset", items)


def news_sitemap(posts: Sequence[Post], language: str = "en") -> bytes:
    items = "".join(
        f"<url><loc>{escape(post.link)}</loc><news:news><news:publication>"
        f"<news:name>Invented Times</news:name><news:language>{language}</news:language>"
        f"</news:publication><news:publication_date>{post.published.isoformat()}"
        f"</news:publication_date><news:title>{escape(post.title)}</news:title>"
        "</news:news></url>"
        for post in posts
    )
    return _wrapped("urlset", items)


def zipped(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _lastmod(changed: str | None) -> str:
    return f"<lastmod>{changed}</lastmod>" if changed else ""


def _wrapped(root: str, items: str) -> bytes:
    spaces = (
        'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    )
    return f"{_XML}<{root} {spaces}>{items}</{root}>".encode()
