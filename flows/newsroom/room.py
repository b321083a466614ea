"""The newsroom as tests, benchmarks and the demo use it: start it, read its truth, change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from extractors.records import FeedKind, Listing
from flows.newsroom.data import DEFAULT_DIR, Newsdesk, load
from flows.newsroom.model import (
    REASONS,
    Article,
    ArticleTruth,
    Behaviour,
    OddTruth,
    Outlet,
    article_path,
    listed_feed_path,
    odd_path,
)
from flows.newsroom.server import Fault, Server
from flows.newsroom.site import Site

_READABLE = frozenset({Behaviour.OK, Behaviour.MOVED, Behaviour.SLOW})


class Newsroom:
    """A running newsroom. Make one with `Newsroom.start(…)`; it is a context manager."""

    def __init__(self, site: Site, server: Server, base_url: str) -> None:
        self.base_url = base_url
        self._site = site
        self._server = server

    @classmethod
    def start(
        cls,
        data: Path | Newsdesk = DEFAULT_DIR,
        *,
        port: int = 0,
        scale: Newsdesk | None = None,
        slow_s: float = 3.0,
        public_base: str | None = None,
    ) -> Newsroom:
        """Serve a data folder, or a newsdesk read or generated before, on 127.0.0.1.

        `port` 0 takes any free port; `scale` is a generated newsdesk served beside `data`;
        `slow_s` is how many seconds the slow feed takes; `public_base` is the base URL that
        content and truth name instead of 'http://127.0.0.1:PORT' (the caller sees to it that
        it leads here). Raises DataError for wrong data and OSError when the port is taken.
        """
        desk = data if isinstance(data, Newsdesk) else load(data)
        if scale is not None:
            desk = Newsdesk((*desk.outlets, *scale.outlets), {**desk.words, **scale.words})
        site = Site(desk, "", slow_s)
        server = Server(site.answer)
        base_url = f"http://127.0.0.1:{server.listen(port)}"
        site.base = (public_base or base_url).rstrip("/")
        return cls(site, server, base_url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving. Safe to call twice."""
        self._server.close()

    @property
    def requests(self) -> Counter[str]:
        """How often each path (with its query string) was asked for; counted on arrival."""
        return self._server.requests

    @property
    def statuses(self) -> Counter[tuple[str, int]]:
        """How often each path was answered with each status."""
        return self._server.statuses

    def render(self) -> None:
        """Make every article's page before anybody asks; a change forgets them again."""
        outlets = self._site.outlets.values()
        self._server.render([article_path(each, a) for each in outlets for a in each.articles])

    def feeds(self) -> list[Listing]:
        """Return every feed as a list of sources would have it, the broken ones included."""
        return [
            Listing(
                feed_id=outlet.outlet_id,
                url=self._site.base + listed_feed_path(outlet),
                kind=FeedKind.FEED,
                publisher=outlet.name,
                homepage=f"{self._site.base}/{outlet.outlet_id}/",
                country=outlet.country,
                language=outlet.language,
            )
            for outlet in self._site.outlets.values()
        ]

    def behaviours(self) -> dict[str, Behaviour]:
        """Return what happens when each feed is asked for, by feed id."""
        return {key: outlet.behaviour for key, outlet in self._site.outlets.items()}

    def truth(self, *, listed: bool = False) -> list[ArticleTruth]:
        """Return every article as it stands now, a year's history of the paged feeds included.

        With `listed`, only those that a poll of the feeds can find: on the first page of a
        feed that can be read.
        """
        found = []
        for outlet in self._site.outlets.values():
            for place, article in enumerate(outlet.articles):
                on_first = place < outlet.feed_size
                if not listed or (on_first and outlet.behaviour in _READABLE):
                    found.append(self._truth(outlet, article, on_first=on_first))
        return found

    def odd_pages(self) -> list[OddTruth]:
        """Return the pages that feeds link to and that must not become articles, with reasons."""
        return [
            OddTruth(
                slug=page.slug,
                feed_id=outlet.outlet_id,
                url=self._site.base + odd_path(outlet, page),
                title=page.title,
                kind=page.kind,
                reason=REASONS[page.kind],
            )
            for outlet in self._site.outlets.values()
            for page in outlet.odd_pages
        ]

    def edit(
        self,
        slug: str,
        *,
        title: str | None = None,
        paragraphs: Sequence[str] | None = None,
        modified: datetime | None = None,
    ) -> ArticleTruth:
        """Change an article while the server runs and return its new truth.

        `modified` (aware) is one hour after the last change unless given, so that Last-Modified
        and dateModified move. Raises KeyError for an unknown slug.
        """
        outlet, article = self._site.article(slug)
        changed = replace(
            article,
            title=title or article.title,
            written=tuple(paragraphs) if paragraphs is not None else article.written,
            modified=modified or article.changed + timedelta(hours=1),
        )
        self._site.replace_article(changed)
        self._server.forget()
        return self._truth(outlet, changed, on_first=True)

    def publish(self, outlet_id: str, article: Article) -> ArticleTruth:
        """Add an article to an outlet while the server runs and return its truth.

        Raises KeyError for an unknown outlet, ValueError for a slug that is taken.
        """
        self._site.add_article(outlet_id, article)
        self._server.forget()
        return self._truth(self._site.outlets[outlet_id], article, on_first=True)

    def behave(self, feed_id: str, behaviour: Behaviour) -> None:
        """Let a feed behave in another way from now on (gone, garbage, well again …)."""
        outlet = self._site.outlets[feed_id]
        self._site.outlets[feed_id] = replace(outlet, behaviour=behaviour)
        self._server.forget()

    def fail(
        self,
        path: str,
        status: int | None = None,
        *,
        times: int = 1,
        delay_s: float = 0.0,
        cut: int | None = None,
        drip_s: float | None = None,
        body: bytes | None = None,
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """Let the next `times` requests of a path or URL fail; Fault says what each part does."""
        parts = urlsplit(path)
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        fault = Fault(status, delay_s, cut, drip_s, body, tuple(headers))
        self._server.add_fault(target, fault, times)

    def heal(self) -> None:
        """Forget all failures that have not been played yet, and answer what one of them delays."""
        self._server.clear_faults()

    def _truth(self, outlet: Outlet, article: Article, *, on_first: bool) -> ArticleTruth:
        paragraphs = article.paragraphs
        modified = article.modified
        return ArticleTruth(
            slug=article.slug,
            outlet=outlet.outlet_id,
            feed_id=outlet.outlet_id,
            publisher=outlet.name,
            url=self._site.base + article_path(outlet, article),
            title=article.title,
            paragraphs=paragraphs,
            text="\n".join(paragraphs),
            published=article.published.astimezone(UTC),
            modified=modified.astimezone(UTC) if modified else None,
            language=outlet.language,
            label=article.label,
            kind="article" if article.shown is None else "teaser",
            listed=on_first,
            reachable=outlet.behaviour in _READABLE,
            author=article.author,
            section=article.section,
            tags=article.tags,
            agency=article.agency,
            copy_of=article.copy_of,
        )
