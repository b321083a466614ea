"""Common Crawl's news archive, CC-NEWS.

Followed is Common Crawl's description of the data set ("News Dataset Available", 2016, and its
"Get started" page): for each month `crawl-data/CC-NEWS/YYYY/MM/warc.paths.gz` lists the month's
files, one path a line, below s3://commoncrawl/ or https://data.commoncrawl.org/. Each is
`CC-NEWS-YYYYMMDDHHMMSS-NNNNN.warc.gz`, about 1 GB, the time being that at which its writing began
(UTC); the crawler closes a file at that size or after a day, and begins the next.

Which files hold a window: those begun in it, the one being written as it begins, and those begun
within `lag` after its end, since the crawler meets most articles within hours and some days later.
What is later than that is not found here. Nine records in ten are of other hosts; they are told by
their address alone, before anything else of them is looked at.
"""

from __future__ import annotations

import asyncio
import io
import re
from bisect import bisect_right
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from urllib.parse import urlsplit

from extractors.fingerprints import content_hash
from extractors.records import FeedKind, Listing, Reason
from extractors.urls import clean_url
from flows.net.door import Fetcher
from flows.net.streams import Streamer
from flows.sources.base import (
    Event,
    Unit,
    UnitFailed,
    Window,
    failure,
    left_out,
    make_unit,
)
from flows.sources.owners import Owners, derived, host_of
from flows.sources.warc_records import Tally, Unpacked, is_page
from flows.sources.warcs import COMMON_CRAWL, captured, locate, read_place

NAME = "ccnews"
LAG = timedelta(days=2)
LONGEST_FILE = timedelta(days=1)  # a file is closed after a day at the latest
MAX_LISTING = 20_000_000
MAX_NOTED = 1000  # files of a month (it has about 600) that are noted as left out

_BUCKET = "s3://commoncrawl"
_FOLDER = "crawl-data/CC-NEWS"
_FILE = re.compile(
    r"crawl-data/CC-NEWS/\d{4}/\d{2}/CC-NEWS-(?P<stamp>\d{14})-\d{1,10}\.warc\.gz", re.ASCII
)


@dataclass(frozen=True)
class CcNews:
    """Reads the news archive for pages of the hosts that the feeds belong to.

    `base_url` is where Common Crawl's files are: a web address (a mirror), `s3://commoncrawl` or
    another bucket, `file://…` or a folder that has `crawl-data/` in it. Units name their files as
    `s3://commoncrawl/…` whatever that is, so that a change of mirror does nothing twice.
    """

    door: Fetcher
    streams: Streamer
    feeds: tuple[Listing, ...]
    base_url: str = COMMON_CRAWL
    lag: timedelta = LAG
    _owners: Owners = field(init=False, repr=False)
    _rows: dict[str, Listing] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        feeds = [feed for feed in self.feeds if feed.kind is FeedKind.FEED]
        owners = Owners(feeds)
        rows = {}
        for name in owners.names:
            if (owner := owners.of(name)) is not None:
                url = f"{_BUCKET}/{_FOLDER}/?feed={owner.feed_id}"
                rows[owner.feed_id] = derived(owner, url, FeedKind.WARC)
        object.__setattr__(self, "_owners", owners)
        object.__setattr__(self, "_rows", rows)

    @property
    def name(self) -> str:
        """See `base.Source`."""
        return NAME

    @property
    def _scope(self) -> str:
        """What else decides what a unit gives: the hosts wanted, and how far files are followed."""
        return content_hash(str(self.lag), *self._owners.names)

    def listings(self) -> tuple[Listing, ...]:
        """One row for each feed whose hosts are looked for."""
        return tuple(self._rows.values())

    def plan(self, window: Window) -> list[Unit]:
        """One unit a month: its listing. None when no feed has a host."""
        if not self._rows:
            return []
        return [
            make_unit(
                NAME,
                "listing",
                f"{_BUCKET}/{_FOLDER}/{year:04d}/{month:02d}/warc.paths.gz",
                window,
                lists=True,
                scope=self._scope,
                detail=f"the files of {year:04d}-{month:02d}",
            )
            for year, month in window.widened(LONGEST_FILE, self.lag).months()
        ]

    async def fetch(self, unit: Unit) -> AsyncGenerator[Event, None]:
        """Give the files of a listing that the window needs, or the wanted pages of one file."""
        if unit.step == "listing":
            async for event in self._listing(unit):
                yield event
            return
        tally, seen, known = Tally(), set[str](), lru_cache(maxsize=65_536)(self._owners.of)

        def wanted(url: str) -> bool:
            return known(host_of(url)) is not None

        place = locate(unit.url, self.base_url)
        failed = None
        async with aclosing(read_place(place, self.streams, wanted, is_page, tally)) as answers:
            async for got in answers:
                if isinstance(got, UnitFailed):
                    failed = got
                    continue
                url, owner = clean_url(got.url), known(host_of(got.url))
                if url is not None and owner is not None and url not in seen:
                    seen.add(url)
                    yield captured(got, url, self._rows[owner.feed_id].feed_id, unit.window)
        for passed in tally.passed():
            yield passed
        if failed is not None:
            yield failed

    async def _listing(self, unit: Unit) -> AsyncIterator[Event]:
        body = await self._whole(locate(unit.url, self.base_url))
        names = body if isinstance(body, UnitFailed) else await asyncio.to_thread(file_names, body)
        if isinstance(names, UnitFailed):
            yield names
            return
        files = choose(names, unit.window, self.lag)
        for name in files:
            yield self._file(name, unit)
        why = "its name states a time from which it holds nothing of the window"
        others = [(name, why) for name in sorted(set(names) - set(files))]
        further = f"files of {unit.detail[-7:]}"
        for left in left_out(others, partial(self._file, unit=unit), MAX_NOTED, further):
            yield left

    def _file(self, name: str, unit: Unit) -> Unit:
        return make_unit(
            NAME,
            "warc",
            f"{_BUCKET}/{name}",
            unit.window,
            scope=self._scope,
            detail=name.rpartition("/")[2],
        )

    async def _whole(self, place: str | Path) -> bytes | UnitFailed:
        if isinstance(place, Path):
            return await asyncio.to_thread(_read_file, place)
        fetched = await self.door.fetch(place, accept="page", robots=False, max_bytes=MAX_LISTING)
        return failure(fetched) or fetched.body


def _read_file(path: Path) -> bytes | UnitFailed:
    try:
        with path.open("rb") as stream:
            body = stream.read(MAX_LISTING + 1)
    except FileNotFoundError:
        return UnitFailed(Reason.NOT_FOUND, f"{path} is not there")
    except OSError as error:
        return UnitFailed(Reason.UNREADABLE, f"{path}: {error.strerror}")
    if len(body) > MAX_LISTING:
        return UnitFailed(Reason.TOO_LARGE, f"{path}: over {MAX_LISTING:,} bytes")
    return body


def file_names(body: bytes) -> tuple[str, ...] | UnitFailed:
    """Read a listing, gzip or not: the paths of its WARC files, each once, by their time.

    A line that is no such path is left out; a listing without any is a failure.
    """
    unpacked, pieces = Unpacked(io.BytesIO(body), MAX_LISTING), []
    try:
        while piece := unpacked.read():
            pieces.append(piece)
    except OSError as error:
        return UnitFailed(Reason.UNPARSABLE, f"the listing: {error}")
    lines = b"".join(pieces).decode("utf-8", "replace").split()
    found = {match[0]: match["stamp"] for line in lines if (match := _FILE.fullmatch(line))}
    if not found:
        return UnitFailed(Reason.EMPTY, "the listing names no files")
    return tuple(sorted(found, key=lambda name: (found[name], name)))


def choose(names: tuple[str, ...], window: Window, lag: timedelta = LAG) -> tuple[str, ...]:
    """Choose the files, sorted by their time, that may hold pages of a window. Pure.

    Those begun from the window's start to `lag` after its end, and the last one begun before the
    start (all of them, when several began at once) unless it is more than a day older.
    """
    timed = [(moment, name) for name in names if (moment := begun(name)) is not None]
    before = bisect_right(timed, (window.start, ""))
    first = window.start
    if before and window.start - timed[before - 1][0] <= LONGEST_FILE:
        first = timed[before - 1][0]
    return tuple(name for moment, name in timed if first <= moment < window.end + lag)


def begun(name: str) -> datetime | None:
    """Read the moment (UTC) at which a file was begun out of its name, or None."""
    match = _FILE.search(urlsplit(name).path)
    try:
        return (
            datetime.strptime(match["stamp"], "%Y%m%d%H%M%S").replace(tzinfo=UTC) if match else None
        )
    except ValueError:
        return None
