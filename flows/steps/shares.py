"""A share of the work: the feeds and pages of some servers, so that several runs can work at once.

It is split by server and not by feed: what one server is asked, one run asks, and politeness
holds across machines. The same split is made by every process, whatever its hash seed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import urlsplit

from extractors.errors import SettingsError

WHOLE_LEASE = "pipeline"


@dataclass(frozen=True, slots=True)
class Share:
    """Number `shard`, counted from 0, of `shards`. Raises SettingsError for one that is not."""

    shard: int = 0
    shards: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.shard < self.shards:
            raise SettingsError(
                f"there is no shard {self.shard} of {self.shards}",
                remedy="count shards from 0, below `shards`",
            )

    @property
    def whole(self) -> bool:
        """Whether this is all of the work."""
        return self.shards == 1

    @property
    def first(self) -> bool:
        """Whether this share does what is done once, not for each server."""
        return self.shard == 0

    @property
    def parameters(self) -> dict[str, object]:
        """What a run of this share notes among its parameters; nothing of the whole."""
        return {} if self.whole else {"shard": self.shard, "shards": self.shards}

    @property
    def lease(self) -> str:
        """The name of the lease that a run of this share holds; see `storage.ledger.rivals`."""
        return WHOLE_LEASE if self.whole else f"{WHOLE_LEASE} {self.shard}/{self.shards}"

    def has(self, server: str) -> bool:
        """Whether a server ('host' or 'host:port') is of this share."""
        digest = blake2b(server.lower().encode("utf-8", "replace"), digest_size=8).digest()
        return int.from_bytes(digest) % self.shards == self.shard

    def of(self, servers: Iterable[str]) -> list[str]:
        """Those of some servers that are of this share."""
        return [server for server in servers if self.has(server)]

    def has_url(self, url: str) -> bool:
        """Whether the server of a URL is of this share."""
        return self.has(urlsplit(url).netloc)


WHOLE = Share()
