"""Which answer belongs to which path. No sockets here, and no clock.

A Site is built once from the newsroom's outlets and the base URL that its content names.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import parse_qs

from flows.newsroom import listings, pages
from flows.newsroom.data import Newsdesk, Words
from flows.newsroom.model import (
    Article,
    Behaviour,
    OddPage,
    Outlet,
    PageKind,
    article_path,
    feed_path,
    last_change,
    listed_feed_path,
    odd_path,
)

_HTML = "text/html; charset=utf-8"
_GARBAGE = bytes(range(256)) * 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What the server sends, before compression. `changed` becomes Last-Modified (UTC)."""

    status: int
    content_type: str = _HTML
    body: bytes = b""
    changed: datetime | None = None
    location: str | None = None
    delay_s: float = 0.0

    @property
    def etag(self) -> str:
        """The entity tag: a digest of the body, so the same after a restart."""
        return f'"{hashlib.blake2b(self.body, digest_size=9).hexdigest()}"'


@dataclass(frozen=True, slots=True)
class _Place:
    """What lives at a path: an article or an odd page of an outlet, by slug."""

    outlet_id: str
    slug: str
    odd: bool = False


class Site:
    """The newsroom's content by path; `edit` replaces an article in it."""

    def __init__(self, desk: Newsdesk, base: str, slow_s: float) -> None:
        self.base = base
        self._slow_s = slow_s
        self._words = desk.words
        self.outlets: dict[str, Outlet] = {each.outlet_id: each for each in desk.outlets}
        self._places = _places(desk.outlets)
        self._homes = {
            each.slug: outlet.outlet_id for outlet in desk.outlets for each in outlet.articles
        }
        self._articles = {each.slug: each for outlet in desk.outlets for each in outlet.articles}

    def answer(self, path: str, query: str = "") -> Answer:
        """Return the answer for a path ('/outlet/…') and its query string."""
        place = self._places.get(path)
        if place is not None:
            return self._page(place)
        outlet_id, _, rest = path.lstrip("/").partition("/")
        outlet = self.outlets.get(outlet_id)
        if outlet is None:
            return self._root(path)
        if rest == "":
            return self._html(outlet, pages.front_page(outlet, self._word(outlet), self.base))
        return self._listing(outlet, path, query)

    def article(self, slug: str) -> tuple[Outlet, Article]:
        """Return an article and its outlet. Raises KeyError for an unknown slug."""
        return self.outlets[self._homes[slug]], self._articles[slug]

    def replace_article(self, article: Article) -> None:
        """Put a changed article in place of the one with its slug."""
        outlet, _ = self.article(article.slug)
        changed = tuple(article if each.slug == article.slug else each for each in outlet.articles)
        self.outlets[outlet.outlet_id] = replace(outlet, articles=changed)
        self._articles[article.slug] = article

    def add_article(self, outlet_id: str, article: Article) -> None:
        """Publish another article. Raises ValueError when its slug is taken."""
        if article.slug in self._articles:
            raise ValueError(f"the slug {article.slug} is taken")
        outlet = self.outlets[outlet_id]
        ordered = sorted((*outlet.articles, article), key=lambda each: each.published, reverse=True)
        self.outlets[outlet_id] = replace(outlet, articles=tuple(ordered))
        self._places[article_path(outlet, article)] = _Place(outlet_id, article.slug)
        self._homes[article.slug] = outlet_id
        self._articles[article.slug] = article

    def _listing(self, outlet: Outlet, path: str, query: str) -> Answer:
        if path in {feed_path(outlet), listed_feed_path(outlet)}:
            return self._feed(outlet, path, query)
        if path.startswith(f"{feed_path(outlet)}/") and outlet.paging == "archive":
            return self._archive(outlet, path.rpartition("/")[2])
        if path == listings.sitemap_path(outlet):
            return self._sitemap(outlet)
        return _missing()

    def _word(self, outlet: Outlet) -> Words:
        return self._words[outlet.language]

    def _html(self, outlet: Outlet, text: str, changed: datetime | None = None) -> Answer:
        declared = f"; charset={outlet.encoding}" if outlet.charset_in == "http" else ""
        body = text.encode(outlet.encoding, "xmlcharrefreplace")
        return Answer(200, f"text/html{declared}", body, changed or last_change(outlet))

    def _page(self, place: _Place) -> Answer:
        outlet = self.outlets[place.outlet_id]
        if place.odd:
            return self._odd(outlet, next(p for p in outlet.odd_pages if p.slug == place.slug))
        article = self._articles[place.slug]
        text = pages.article_page(outlet, article, self._word(outlet), self.base)
        return self._html(outlet, text, article.changed)

    def _odd(self, outlet: Outlet, page: OddPage) -> Answer:
        text = pages.odd_page(outlet, page, self._word(outlet), self.base)
        answer = self._html(outlet, text, page.published)
        return replace(answer, status=404) if page.kind is PageKind.MISSING else answer

    def _root(self, path: str) -> Answer:
        outlets = tuple(self.outlets.values())
        if path == "/":
            return Answer(200, body=pages.start_page(outlets, self.base).encode())
        if path == "/robots.txt":
            return Answer(200, "text/plain; charset=utf-8", listings.robots(self.base).encode())
        if path == "/sitemap.xml":
            text = listings.sitemap_index(outlets, self.base)
            return Answer(200, "application/xml", text.encode())
        if path == "/feeds.opml":
            return Answer(200, "text/x-opml", listings.opml(outlets, self.base).encode())
        return _missing()

    def _feed(self, outlet: Outlet, path: str, query: str) -> Answer:
        if outlet.behaviour is Behaviour.GONE:
            return Answer(410, "text/plain", b"This feed has been closed for good.\n")
        if outlet.behaviour is Behaviour.GARBAGE:
            return Answer(200, listings.MEDIA_TYPES[outlet.form], _GARBAGE)
        if path != feed_path(outlet):
            return Answer(301, location=self.base + feed_path(outlet))
        number = _page_number(query) if outlet.paging == "wordpress" else 1
        if number == 1:
            entries = listings.first_page(outlet, self.base)
        else:
            entries = listings.later_page(outlet, self.base, number)
            if not entries:
                return _missing()
        links = listings.own_links(outlet, self.base, page=number)
        delay_s = self._slow_s if outlet.behaviour is Behaviour.SLOW else 0.0
        return replace(self._feed_answer(outlet, entries, links), delay_s=delay_s)

    def _archive(self, outlet: Outlet, month: str) -> Answer:
        entries = listings.archive_page(outlet, self.base, month)
        if not entries:
            return _missing()
        links = listings.archive_links(outlet, self.base, month)
        return self._feed_answer(outlet, entries, links)

    def _feed_answer(
        self, outlet: Outlet, entries: list[listings.Item], links: listings.Links
    ) -> Answer:
        body = listings.feed(outlet, entries, links, self.base)
        return Answer(200, listings.MEDIA_TYPES[outlet.form], body, last_change(outlet))

    def _sitemap(self, outlet: Outlet) -> Answer:
        body = listings.sitemap(outlet, self.base).encode()
        if outlet.sitemap == "gzip":
            packed = gzip.compress(body, mtime=0)
            return Answer(200, "application/gzip", packed, last_change(outlet))
        return Answer(200, "application/xml", body, last_change(outlet))


def _places(outlets: tuple[Outlet, ...]) -> dict[str, _Place]:
    places = {
        article_path(outlet, article): _Place(outlet.outlet_id, article.slug)
        for outlet in outlets
        for article in outlet.articles
    }
    for outlet in outlets:
        for page in outlet.odd_pages:
            places[odd_path(outlet, page)] = _Place(outlet.outlet_id, page.slug, odd=True)
    return places


def _page_number(query: str) -> int:
    values: Mapping[str, list[str]] = parse_qs(query)
    value = values.get("paged", ["1"])[0]
    return max(1, int(value)) if value.isascii() and value.isdigit() else 1


def _missing() -> Answer:
    return Answer(404, body=pages.missing_page().encode())
