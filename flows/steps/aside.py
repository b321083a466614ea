"""Reading a costly feed in a process of its own: one at a time, and out of everybody's way.

A feed of megabytes, or a broken one of a tenth of that, takes as long to read as a hundred ordinary
ones, and in this process it would take that time from them. The child has a low priority and bounds
on its time and its memory; it is started for the first such feed of a poll.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from extractors.feeds import parse_feed, parse_quickly
from extractors.records import Fetched, ParsedFeed, Reason
from flows.steps.children import Children, WorkFailed

_NICE = 10
# Bytes from which on what only feedparser reads is costly: it takes 3 to 5 ms a kilobyte.
_COSTLY = 64_000
# Where a whole feed closes, comments of its server behind it included.
_ENDING = 2_000
_CLOSED = (b"</rss", b"</feed", b"</rdf", b":rss", b":feed")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What reading one feed may take: seconds, bytes of memory beside the interpreter's, entries
    kept, elements in each other.
    """

    seconds: float
    memory: int
    max_entries: int
    max_depth: int


def read_feed(fetched: Fetched, max_entries: int, max_depth: int) -> ParsedFeed:
    """Parse an answer's body with what its headers say of it."""
    return parse_feed(
        fetched.body,
        fetched.final_url,
        content_type=fetched.header("content-type"),
        content_location=fetched.header("content-location"),
        max_entries=max_entries,
        max_depth=max_depth,
    )


def read_cheaply(fetched: Fetched, max_entries: int, max_depth: int) -> ParsedFeed | None:
    """As `read_feed`, but None for a feed that is better read aside."""
    if len(fetched.body) <= _COSTLY:
        return read_feed(fetched, max_entries, max_depth)
    if _broken_off(fetched.body):
        return None
    return parse_quickly(
        fetched.body,
        fetched.final_url,
        content_type=fetched.header("content-type"),
        content_location=fetched.header("content-location"),
        max_entries=max_entries,
    )


def read_all_cheaply(
    answers: Sequence[Fetched], max_entries: int, max_depth: int
) -> list[ParsedFeed | None]:
    """As `read_cheaply`, for each."""
    return [read_cheaply(fetched, max_entries, max_depth) for fetched in answers]


def _broken_off(body: bytes) -> bool:
    """Whether a long body stops before its end, so that reading it quickly is a vain try.

    JSON and two-byte encodings are left to the reader.
    """
    end = body[-_ENDING:].lower()
    return b"<" in end and b"\0" not in end and not any(one in end for one in _CLOSED)


class Aside:
    """The child process that costly feeds are read in, and its bounds. A context manager."""

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        work = f"{__name__}:read_here"
        self._children = Children(work, 1, seconds=bounds.seconds, memory=bounds.memory, nice=_NICE)

    def __enter__(self) -> Aside:
        return self

    def __exit__(self, *_: object) -> None:
        self._children.close()

    def read(self, fetched: Fetched) -> ParsedFeed:
        """As `read_feed`, in the child. A feed that ends it badly has `crashed` it."""
        given = (replace(fetched, body=b""), self._bounds.max_entries, self._bounds.max_depth)
        try:
            parsed: ParsedFeed = self._children.call(given, fetched.body)
        except WorkFailed as failure:
            parsed = ParsedFeed("", reason=Reason.CRASHED, detail=str(failure))
        return parsed

    def read_all(self, answers: Sequence[Fetched]) -> list[ParsedFeed | None]:
        """As `read`, for each."""
        return [self.read(fetched) for fetched in answers]


def read_here(_: None, head: Fetched, max_entries: int, max_depth: int, body: bytes) -> ParsedFeed:
    """`read_feed`, as a child is asked for it."""
    return read_feed(replace(head, body=body), max_entries, max_depth)
