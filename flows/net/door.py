"""The one door to the network, as everything outside sees it."""

from __future__ import annotations

from typing import Literal, Protocol

from extractors.records import Fetched

Accept = Literal["feed", "page"]


class Fetcher(Protocol):
    """Whatever can make one attempt at one URL: `client.Client`, or `fake.FakeWeb` in tests."""

    @property
    def offline(self) -> bool:
        """Tell whether it is our own connection that is down, not the servers asked."""
        ...

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        accept: Accept,
        robots: bool,
        max_bytes: int | None = None,
    ) -> Fetched:
        """Make exactly one attempt and return the answer, or why there is none.

        `etag` and `last_modified` make the request conditional, `accept` says what is hoped for,
        `robots` whether robots.txt is asked first (on every hop), `max_bytes` narrows or widens
        the bound on the decoded body. Never raises for anything the network or a server does:
        a failure is a Fetched with a Reason and one plain line in `detail`.
        """
        ...
