"""What one answer means for a feed. Pure: a fetch and what was read out of it in, words out."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from extractors.records import FeedHints, FeedState, Fetched, ParsedFeed, Reason
from flows.net.headers import http_date, max_age_s, seconds

_SOFT = frozenset(
    {
        Reason.TIMEOUT,
        Reason.DNS,
        Reason.CONNECT,
        Reason.TLS,
        Reason.OFFLINE,
        Reason.THROTTLED,
        Reason.SERVER_ERROR,
        Reason.PROTOCOL,
        Reason.ROBOTS_UNREACHABLE,
        Reason.EMPTY,
        Reason.ENCODING,
        Reason.UNPARSABLE,
    }
)
_PERMANENT = frozenset({301, 308})


class PollKind(StrEnum):
    """How a poll ended, as far as the next one depends on it."""

    CHANGED = "changed"  # a body, and it was read
    UNCHANGED = "unchanged"  # 304, or the same bytes as before
    FAILED = "failed"
    OFFLINE = "offline"  # our own outage: nobody's fault


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """One poll, in the policy's words.

    `entries` were read and `new_entries` of them are new (both 0 when nothing was parsed);
    `hints` is None when there was no body to read them from; `expires` is aware UTC on our own
    clock; `permanent_redirect_to` is as far as an unbroken row of 301 and 308 leads.
    """

    kind: PollKind
    reason: Reason | None = None
    detail: str = ""
    status: int | None = None
    entries: int = 0
    new_entries: int = 0
    hints: FeedHints | None = None
    max_age_s: int | None = None
    expires: datetime | None = None
    retry_after_s: int | None = None
    permanent_redirect_to: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    validator_repeated_but_body_changed: bool = False


def is_soft(reason: Reason) -> bool:
    """Tell whether a failure is worth another try; the others are the server's settled answer."""
    return reason in _SOFT


def body_hash(body: bytes) -> str:
    """Hash a feed's bytes, with a version in front: equal means that nothing needs parsing."""
    return f"1:{hashlib.blake2b(body, digest_size=16).hexdigest()}"


def possible_gap(before: Collection[str], now: Collection[str]) -> bool:
    """Tell whether entries may have been lost between two polls.

    `before` are the entries that the last poll with any showed, `now` those of this one. A feed
    that had entries and now shows none of them may have a gap.
    """
    return bool(before) and bool(now) and set(before).isdisjoint(now)


def outcome_of(
    fetched: Fetched,
    parsed: ParsedFeed | None,
    new_entries: int,
    known_entries: int,
    *,
    previous: FeedState | None = None,
) -> PollOutcome:
    """Put one poll into the policy's words.

    `parsed` is None when there was nothing to parse: a failure, a 304, or the same bytes as
    before. `new_entries` and `known_entries` split what was parsed by whether it was seen before.
    With `previous` given, a validator that was repeated over a changed body is noticed here.
    """
    if fetched.reason is not None:
        return _failure(fetched, fetched.reason, fetched.detail)
    if parsed is not None and parsed.reason is not None:
        return _failure(fetched, parsed.reason, parsed.detail)
    read = parsed is not None
    with_body = fetched.status != 304
    outcome = PollOutcome(
        kind=PollKind.CHANGED if read and with_body else PollKind.UNCHANGED,
        status=fetched.status,
        entries=new_entries + known_entries if read else 0,
        new_entries=new_entries if read else 0,
        hints=parsed.hints if parsed is not None else None,
        max_age_s=_fresh_for_s(fetched),
        expires=_expires(fetched),
        permanent_redirect_to=_permanent_target(fetched),
        etag=fetched.header("etag"),
        last_modified=fetched.header("last-modified"),
        body_hash=body_hash(fetched.body) if with_body else None,
    )
    if previous is None or not validator_lied(previous, outcome):
        return outcome
    return replace(outcome, validator_repeated_but_body_changed=True)


def validator_lied(state: FeedState, outcome: PollOutcome) -> bool:
    """Tell whether the server repeated a validator though the body is another one.

    A body that was not parsed because it was the same as before is no other body, whatever way
    the caller found that out.
    """
    if outcome.validator_repeated_but_body_changed:
        return True
    if outcome.kind is not PollKind.CHANGED or outcome.body_hash is None:
        return False
    if state.body_hash in (None, outcome.body_hash):
        return False
    if state.etag is not None or outcome.etag is not None:
        return state.etag == outcome.etag
    return state.last_modified is not None and state.last_modified == outcome.last_modified


def _failure(fetched: Fetched, reason: Reason, detail: str) -> PollOutcome:
    return PollOutcome(
        kind=PollKind.OFFLINE if reason is Reason.OFFLINE else PollKind.FAILED,
        reason=reason,
        detail=detail,
        status=fetched.status,
        retry_after_s=fetched.retry_after_s,
    )


def _fresh_for_s(fetched: Fetched) -> int | None:
    """Return for how long the answer is still fresh: max-age less the time spent in caches."""
    fresh = max_age_s(fetched.header("cache-control"))
    if fresh is None:
        return None
    return max(0, fresh - (seconds(fetched.header("age")) or 0))


def _expires(fetched: Fetched) -> datetime | None:
    """Read Expires against the server's own Date, so that a wrong clock over there is harmless."""
    at = http_date(fetched.header("expires"))
    said_now = http_date(fetched.header("date"))
    if at is None or fetched.fetched_at is None or said_now is None:
        return at
    try:
        return fetched.fetched_at + (at - said_now)
    except OverflowError:
        return None


def _permanent_target(fetched: Fetched) -> str | None:
    """Return where an unbroken row of permanent redirects leads; what follows a temporary one
    may change tomorrow.
    """
    if not fetched.hops or fetched.hops[0][0] not in _PERMANENT:
        return None
    for status, url in fetched.hops:
        if status not in _PERMANENT:
            return url
    return fetched.final_url
