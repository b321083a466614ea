"""Web archives: any WARC file (ISO 28500), on disk or on the web, as a stream.

A file is never held as a whole: what the network gives is read piece by piece by a thread, and
one that breaks off in the middle is a failed unit whose finds still count.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from extractors.feeds import parse_feed
from extractors.fingerprints import content_hash, stable_id
from extractors.records import Entry, FeedKind, Fetched, Listing, Reason
from extractors.urls import clean_url
from flows.net.streams import Streamer
from flows.sources.base import (
    Event,
    Found,
    Unit,
    UnitFailed,
    Window,
    make_unit,
    outside_by_address,
    sightings,
)
from flows.sources.threads import Bytes, Pipe, in_batches
from flows.sources.warc_records import (
    FEEDS,
    Tally,
    WarcError,
    is_page_or_feed,
    media_type,
    read_records,
)

NAME = "warcs"
COMMON_CRAWL = "https://data.commoncrawl.org"


def locate(name: str, base: str) -> str | Path:
    """Return where a file is: a web address, or a path on this machine.

    `name` is a web address, `file://…`, a path, or `s3://bucket/key`; the bucket `commoncrawl`
    stands at `base` (itself any of these), and others at their public HTTPS address
    (`https://bucket.s3.amazonaws.com/key`, the virtual-hosted style of Amazon's S3).
    """
    if name.startswith(("http://", "https://")):
        return name
    if name.startswith("file://"):
        return Path(unquote(urlsplit(name).path))
    if not name.startswith("s3://"):
        return Path(name)
    bucket, _, key = name.removeprefix("s3://").partition("/")
    if bucket == "commoncrawl" and not base.startswith("s3://commoncrawl"):
        inner = locate(base.rstrip("/") or "/", "")
        return inner / key if isinstance(inner, Path) else f"{inner}/{key}"
    if bucket == "commoncrawl":
        return f"{COMMON_CRAWL}/{key}"
    return f"https://{bucket}.s3.amazonaws.com/{key}"


@asynccontextmanager
async def opened(place: str | Path, streams: Streamer | None) -> AsyncIterator[Bytes | UnitFailed]:
    """Open a file by its path or address, for a thread to read, or say why it cannot be."""
    if isinstance(place, Path):
        try:
            stream = place.open("rb")
        except OSError as error:
            yield UnitFailed(Reason.UNREADABLE, f"{place}: {error.strerror}")
            return
        with stream:
            yield stream
        return
    if streams is None:
        yield UnitFailed(Reason.BAD_URL, f"{place} is not on this machine")
        return
    async with streams.stream(place) as streamed:
        if streamed.body is None:
            head = streamed.head
            reason = head.reason or Reason.PROTOCOL
            yield UnitFailed(reason, head.detail, head.retry_after_s)
            return
        pipe = Pipe(streamed.body)
        try:
            yield pipe
        finally:
            pipe.close()


async def read_place(
    place: str | Path,
    streams: Streamer | None,
    wanted: Callable[[str], bool],
    fits: Callable[[str, str], bool],
    tally: Tally,
) -> AsyncGenerator[Fetched | UnitFailed, None]:
    """Give what `read_records` gives of a file wherever it is; a UnitFailed comes last.

    It holds a file or a connection open: whoever leaves early closes it (`contextlib.aclosing`).
    """
    async with opened(place, streams) as raw:
        if isinstance(raw, UnitFailed):
            yield raw
            return
        try:
            async with aclosing(in_batches(read_records(raw, wanted, fits, tally))) as answers:
                async for fetched in answers:
                    yield fetched
        except WarcError as error:
            broken = raw.error if isinstance(raw, Pipe) else None
            if broken is not None:
                detail = f"after {tally.records} records: {broken.detail}"
                yield UnitFailed(broken.reason, detail)
            else:
                yield UnitFailed(error.reason, error.detail)


def captured(page: Fetched, url: str, feed_id: str, window: Window) -> Found:
    """Return an archived page as a find.

    Its capture says one thing of its publication: that it was not later. So what was captured
    before the window lies outside, and so does what names a day outside in its address.
    """
    entry = Entry(guid=url, link=url, title=None, content_hash=content_hash(url))
    early = page.fetched_at is not None and page.fetched_at < window.start
    outside = early or outside_by_address(window, url)
    return Found(feed_id, entry, page=None if outside else page, outside=outside)


@dataclass(frozen=True)
class Warcs:
    """Reads WARC files that somebody names: paths, `file://`, `http(s)://` or `s3://…`.

    One unit a file. Every page and every feed in it is taken, whatever its host; several captures
    of one address give the first. `base_url` is where the bucket `commoncrawl` stands.
    """

    streams: Streamer
    files: tuple[str, ...]
    base_url: str = COMMON_CRAWL

    @property
    def name(self) -> str:
        """See `base.Source`."""
        return NAME

    def listings(self) -> tuple[Listing, ...]:
        """One row a file."""
        return tuple(_row(name) for name in self.files)

    def plan(self, window: Window) -> list[Unit]:
        """One unit a file."""
        return [
            make_unit(NAME, "warc", name, window, feed_id=_row(name).feed_id, detail=name)
            for name in self.files
        ]

    async def fetch(self, unit: Unit) -> AsyncGenerator[Event, None]:
        """Give the pages of a file, and the entries of feeds in it."""
        tally, seen = Tally(), set[str]()
        place = locate(unit.url, self.base_url)
        failed = None
        reading = read_place(place, self.streams, bool, is_page_or_feed, tally)
        async with aclosing(reading) as answers:
            async for got in answers:
                if isinstance(got, UnitFailed):
                    failed = got
                    continue
                for found in _finds(got, unit, seen):
                    yield found
        for passed in tally.passed():
            yield passed
        if failed is not None:
            yield failed


def _row(name: str) -> Listing:
    url = name if "://" in name else f"warc:{name}"
    return Listing(stable_id("f", url), url, kind=FeedKind.WARC)


def _finds(got: Fetched, unit: Unit, seen: set[str]) -> Iterator[Found]:
    if media_type(got) in FEEDS:
        parsed = parse_feed(got.body, got.url, content_type=got.header("content-type"))
        for found in sightings(parsed.entries, unit.feed_id or "", unit.window):
            if found.entry.guid not in seen:
                seen.add(found.entry.guid)
                yield found
        return
    url = clean_url(got.url)
    if url is not None and url not in seen:
        seen.add(url)
        yield captured(got, url, unit.feed_id or "", unit.window)
