"""The sources of a backfill, made out of the settings and ranked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Protocol

from extractors.records import Listing
from flows.net.door import Fetcher
from flows.net.streams import Streamer, StreamingClient
from flows.settings import Settings
from flows.sources.base import Source
from flows.sources.ccnews import CcNews
from flows.sources.files import Files
from flows.sources.paged import PagedFeeds
from flows.sources.sitemaps import Sitemaps
from flows.sources.urllist import UrlLists
from flows.sources.warcs import Warcs
from flows.sources.wayback import Wayback
from flows.steps.backfill_request import NamedSources
from flows.steps.job import Job

# Those that bring pages with them read them when everything else has been found: an article is
# made with the best that any source says of it.
LISTING = ("files", "paged", "sitemaps", "wayback", "urllist")
BRINGING = ("ccnews", "warcs")
# One server answers for all of their units: when it is down there is no use in asking on.
SERVICES = frozenset({"wayback", "ccnews"})


class StreamingDoor(Fetcher, Streamer, Protocol):
    """A door that hands large bodies over piece by piece, and can be shut for a while."""

    def pause(self) -> None:
        """See `Client.pause`."""
        ...

    def resume(self) -> None:
        """See `Client.resume`."""
        ...


class SourceMaker(Protocol):
    """How a backfill comes by its sources; tests hand in their own."""

    def __call__(
        self,
        settings: Settings,
        door: StreamingDoor,
        feeds: Sequence[Listing],
        wanted: NamedSources,
    ) -> list[Source]:
        """Make the wanted sources for these feeds, in rank order."""
        ...


@asynccontextmanager
async def streaming_network(job: Job) -> AsyncIterator[StreamingDoor]:
    """The real network, within the settings' bounds, for large bodies as well."""
    client = StreamingClient(job.settings.net, clock=job.clock)
    async with client:
        yield client


def make_sources(
    settings: Settings, door: StreamingDoor, feeds: Sequence[Listing], wanted: NamedSources
) -> list[Source]:
    """Make the wanted sources for these feeds, in rank order."""
    listed = tuple(feeds)
    folders = tuple(Path(name) for name in wanted.folders) or (settings.seeds,)
    made: dict[str, Source] = {
        "files": Files(listed, folders=folders, archive=settings.archive_root),
        "paged": PagedFeeds(door, listed),
        "sitemaps": Sitemaps(door, listed),
        "wayback": Wayback(door, listed, base_url=settings.cdx_url, pace_s=settings.cdx_pace_s),
        "ccnews": CcNews(door, door, listed, base_url=settings.ccnews_url, lag=settings.ccnews_lag),
    }
    sources = [made[name] for name in wanted.names]
    if wanted.lists:
        sources.append(UrlLists(tuple(Path(name) for name in wanted.lists)))
    if wanted.warcs:
        sources.append(Warcs(door, wanted.warcs, base_url=settings.ccnews_url))
    return sources
