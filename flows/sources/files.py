"""What is on this machine already: saved feeds, and the feed bodies in the project's own archive.

Both are old issues of feeds, and cost no request. Pages of the archive are not given: the pages
that a find needs are known by their address to whoever fetches them. (An archive that came from
elsewhere, or whose warehouse is lost, is for `warcs`.)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from extractors.feeds import parse_feed
from extractors.fingerprints import stable_id
from extractors.records import FeedKind, Fetched, Listing, ParsedFeed, Reason
from extractors.urls import clean_url
from flows.settings import ROOT
from flows.sources.base import (
    Event,
    Found,
    PassedOver,
    Unit,
    UnitFailed,
    Window,
    make_unit,
    sightings,
)
from flows.sources.owners import Owners, host_of
from flows.sources.warc_records import FEEDS, Tally
from flows.sources.warcs import read_place

NAME = "files"
LAG = timedelta(days=3)
MAX_BYTES = 10_000_000

_SUFFIXES = frozenset({".xml", ".rss", ".atom", ".rdf", ".json"})


@dataclass(frozen=True)
class Files:
    """Reads saved feeds below `folders` and archived feed bodies below `archive`.

    A saved feed belongs to the listed feed that it names as itself, else to the one whose site it
    links to, else to its folder's own row. An archived body counts when it was fetched between
    the window's start and `lag` after its end: a feed shows an article for days.
    """

    feeds: tuple[Listing, ...]
    folders: tuple[Path, ...] = ()
    archive: Path | None = None
    lag: timedelta = LAG
    _owners: Owners = field(init=False, repr=False)
    _by_url: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        feeds = [feed for feed in self.feeds if feed.kind is FeedKind.FEED]
        object.__setattr__(self, "_owners", Owners(feeds))
        urls = {clean_url(feed.url) or feed.url: feed.feed_id for feed in reversed(feeds)}
        object.__setattr__(self, "_by_url", urls)

    @property
    def name(self) -> str:
        """See `base.Source`."""
        return NAME

    def listings(self) -> tuple[Listing, ...]:
        """One row a folder, for saved feeds that nobody lists."""
        return tuple(_row(folder) for folder in self.folders)

    def plan(self, window: Window) -> list[Unit]:
        """One unit a file: this looks into the folders. A file that changes is another unit."""
        return [
            *(unit for folder in self.folders for unit in _saved(folder, window)),
            *self._segments(window),
        ]

    def _segments(self, window: Window) -> Iterator[Unit]:
        if self.archive is None:
            return
        for year, month in window.widened(timedelta(0), self.lag).months():
            for path in sorted((self.archive / f"{year:04d}/{month:02d}").glob("*.warc.gz")):
                yield _unit("segment", path, window, None)

    async def fetch(self, unit: Unit) -> AsyncGenerator[Event, None]:
        """Give the entries of one saved feed, or of the feed bodies of one archive segment."""
        if unit.step == "segment":
            async for event in self._segment(unit):
                yield event
            return
        for event in await asyncio.to_thread(self._read_saved, unit):
            yield event

    def _read_saved(self, unit: Unit) -> list[Event]:
        path = Path(unit.url)
        try:
            with path.open("rb") as stream:
                body = stream.read(MAX_BYTES + 1)
        except OSError as error:
            return [UnitFailed(Reason.UNREADABLE, f"{path}: {error.strerror}")]
        if len(body) > MAX_BYTES:
            return [UnitFailed(Reason.TOO_LARGE, f"{path}: over {MAX_BYTES:,} bytes")]
        parsed = parse_feed(body, path.as_uri())
        if parsed.reason is Reason.NOT_A_FEED:
            return [PassedOver(1, parsed.reason, f"{path} is no feed")]
        if parsed.reason is not None:
            return [UnitFailed(parsed.reason, f"{path}: {parsed.detail}")]
        feed_id = self._named_by(parsed) or unit.feed_id or ""
        return list(sightings(parsed.entries, feed_id, unit.window))

    def _named_by(self, parsed: ParsedFeed) -> str | None:
        """Return the listed feed that a saved one is by its own words."""
        stated = dict(reversed(parsed.links)).get("self")
        return (self._feed_of(stated) if stated else None) or (
            self._feed_of(parsed.link) if parsed.link else None
        )

    def _feed_of(self, url: str) -> str | None:
        """Return the feed that an address is, else the one that its host belongs to."""
        known = self._by_url.get(clean_url(url) or url)
        if known is not None:
            return known
        owner = self._owners.of(host_of(url))
        return owner.feed_id if owner is not None else None

    async def _segment(self, unit: Unit) -> AsyncIterator[Event]:
        span = unit.window.widened(timedelta(0), self.lag)
        tally, seen = Tally(), set[tuple[str, str]]()
        failed, unread = None, 0
        reading = read_place(Path(unit.url), None, self._known_host, self._fits, tally)
        async with aclosing(reading) as answers:
            async for got in answers:
                if isinstance(got, UnitFailed):
                    # A segment may be open and empty; that is nobody's failure.
                    failed = got if got.reason is not Reason.EMPTY else None
                    continue
                if got.fetched_at is None or not span.contains(got.fetched_at):
                    continue
                issue = self._issue(got, unit)
                unread += issue is None
                for found in issue or ():
                    key = (found.feed_id, found.entry.guid)
                    if key not in seen:
                        seen.add(key)
                        yield found
        for passed in tally.passed():
            yield passed
        if unread:
            yield PassedOver(unread, Reason.NOT_A_FEED, "archived bodies of feeds, unreadable")
        if failed is not None:
            yield failed

    def _known_host(self, url: str) -> bool:
        return self._owners.of(host_of(url)) is not None or url in self._by_url

    def _fits(self, url: str, kind: str) -> bool:
        return kind in FEEDS or (clean_url(url) or url) in self._by_url

    def _issue(self, got: Fetched, unit: Unit) -> Iterator[Found] | None:
        """Return the entries of an archived body, or None when it cannot be read."""
        parsed = parse_feed(got.body, got.url, content_type=got.header("content-type"))
        if parsed.reason is not None:
            return None
        return sightings(parsed.entries, self._feed_of(got.url) or "", unit.window)


def _row(folder: Path) -> Listing:
    whole = folder.resolve()  # the same row as for the folder's other dropped files
    name = whole.relative_to(ROOT) if whole.is_relative_to(ROOT) else whole
    url = f"files:{name.as_posix()}"
    return Listing(stable_id("f", url), url, kind=FeedKind.FILES)


def _saved(folder: Path, window: Window) -> Iterator[Unit]:
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in _SUFFIXES and not hidden and not path.is_symlink():
            yield _unit("saved", path.absolute(), window, _row(folder).feed_id)


def _unit(step: str, path: Path, window: Window, feed_id: str | None) -> Unit:
    """Make the unit of a file; what it held when it was another size or older is another unit."""
    try:
        stat = path.stat()
        scope = f"{stat.st_size} {stat.st_mtime_ns}"
    except OSError:
        scope = ""
    return make_unit(NAME, step, str(path), window, feed_id=feed_id, scope=scope, detail=path.name)
