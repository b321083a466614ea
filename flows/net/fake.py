"""A web made of scripted answers, behind the same door as the real one. Part of the product:
tests of polling, fetching and backfill use it, and so may anybody who tries a policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from extractors.records import Fetched, Reason
from flows.net.door import Accept
from flows.net.headers import retry_after_s
from flows.net.statuses import reason_of_status


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the double received it."""

    url: str
    etag: str | None
    last_modified: str | None
    accept: Accept
    robots: bool


Answer = Fetched | Callable[[Asked], Fetched]


class FakeWeb:
    """A `Fetcher` that answers from a script and remembers what it was asked.

    Each URL has a list of answers, given in turn; the last one repeats. A URL without answers is
    a 404. An answer with an ETag turns into a 304 when asked with that ETag. `clock` gives
    `fetched_at` (aware UTC); `offline` is whatever the test sets.
    """

    def __init__(self, *, clock: Callable[[], datetime], offline: bool = False) -> None:
        self._clock = clock
        self._script: dict[str, list[Answer]] = {}
        self.offline = offline
        self.requests: list[Asked] = []

    def add(
        self,
        url: str,
        body: bytes = b"",
        *,
        status: int | None = 200,
        headers: Iterable[tuple[str, str]] = (),
        reason: Reason | None = None,
        detail: str = "",
        final_url: str | None = None,
        hops: tuple[tuple[int, str], ...] = (),
    ) -> None:
        """Append one answer for `url`; without `reason` it follows from `status`."""
        sent = tuple((name.lower(), value) for name, value in headers)
        answer = Fetched(
            url=url,
            final_url=final_url or url,
            status=status,
            headers=sent,
            body=body,
            reason=reason,
            detail=detail,
            hops=hops,
        )
        if reason is None and status is not None:
            retry = retry_after_s(answer.header("retry-after"), self._clock())
            found = reason_of_status(status, retry_after=retry is not None)
            answer = replace(
                answer,
                reason=found,
                retry_after_s=retry,
                detail=detail or (f"HTTP {status}" if found else ""),
            )
        self._script.setdefault(url, []).append(answer)

    def add_answer(self, url: str, answer: Answer) -> None:
        """Append a ready answer, or a function from the request to one."""
        self._script.setdefault(url, []).append(answer)

    def asked(self, url: str) -> int:
        """Count the requests made for `url`."""
        return sum(1 for request in self.requests if request.url == url)

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
        """Answer from the script; see `door.Fetcher.fetch`."""
        request = Asked(url, etag, last_modified, accept, robots)
        self.requests.append(request)
        script = self._script.get(url)
        if not script:
            answer: Answer = Fetched(
                url, url, 404, reason=Reason.NOT_FOUND, detail="HTTP 404", fetched_at=self._clock()
            )
        else:
            answer = script.pop(0) if len(script) > 1 else script[0]
        found = answer(request) if callable(answer) else answer
        return _conditional(_bounded(replace(found, fetched_at=self._clock()), max_bytes), request)


def _conditional(found: Fetched, request: Asked) -> Fetched:
    """Turn an unchanged 200 into the 304 that a well-behaved server sends."""
    sent = found.header("etag")
    if found.status == 200 and sent is not None and sent == request.etag:
        return replace(found, status=304, body=b"", reason=None)
    return found


def _bounded(found: Fetched, max_bytes: int | None) -> Fetched:
    """Refuse a body over the bound, as the real door does."""
    if max_bytes is not None and len(found.body) > max_bytes:
        return replace(
            found, body=b"", reason=Reason.TOO_LARGE, detail=f"more than {max_bytes:,} bytes"
        )
    return found
