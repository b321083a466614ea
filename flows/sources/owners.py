"""Which listed feed a host belongs to. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from extractors.fingerprints import stable_id
from extractors.records import FeedKind, Listing
from extractors.urls import clean_url, registrable_domain


def site_of(listing: Listing) -> str | None:
    """Return the origin ('https://www.example.com') of a listing's homepage, else of its own URL.

    None for what does not live on the web.
    """
    url = clean_url(listing.homepage) if listing.homepage else None
    url = url or clean_url(listing.url)
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def host_of(url: str) -> str:
    """Return the host of an address in lower case, without port; '' when there is none.

    Made for millions of archived addresses: it cuts, and does not check.
    """
    start = url.find("://")
    if start < 0:
        return ""
    rest = url[start + 3 : start + 300]
    for mark in "/?#":
        rest = rest.partition(mark)[0]
    rest = rest.rpartition("@")[2]
    if rest.startswith("["):
        return rest[: rest.find("]") + 1].lower()
    return rest.partition(":")[0].rstrip(".").lower()


def derived(listing: Listing, url: str, kind: FeedKind) -> Listing:
    """Return the row of `feeds` for another way to the same publisher, its id from its URL."""
    return Listing(
        feed_id=stable_id("f", url),
        url=url,
        kind=kind,
        publisher=listing.publisher,
        homepage=listing.homepage,
        country=listing.country,
        language=listing.language,
    )


class Owners:
    """Finds the feed that a host belongs to: by the host itself, else by its registrable domain.

    Where several feeds share a host, the first one listed stands for it, with what all of them
    agree on: of two publishers at one address neither is named.
    """

    def __init__(self, feeds: Iterable[Listing]) -> None:
        self._by_host: dict[str, Listing] = {}
        for feed in feeds:
            if (site := site_of(feed)) is None:
                continue
            host = host_of(site)
            for name in dict.fromkeys((host, registrable_domain(host))):
                self._by_host[name] = _agreed(self._by_host.get(name), feed)

    @property
    def names(self) -> tuple[str, ...]:
        """Every host and domain wanted, sorted."""
        return tuple(sorted(self._by_host))

    def of(self, host: str) -> Listing | None:
        """Return the feed that a host (lower case) or a domain above it belongs to, or None."""
        name = host
        while name:
            found = self._by_host.get(name)
            if found is not None:
                return found
            name = name.partition(".")[2]
        return None


def _agreed(first: Listing | None, second: Listing) -> Listing:
    if first is None:
        return second
    return Listing(
        feed_id=first.feed_id,
        url=first.url,
        kind=first.kind,
        publisher=first.publisher if first.publisher == second.publisher else None,
        homepage=first.homepage,
        country=first.country if first.country == second.country else None,
        language=first.language if first.language == second.language else None,
    )
