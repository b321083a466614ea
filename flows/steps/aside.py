"""Reading a large feed in a process of its own: one at a time, and out of everybody's way.

A feed of megabytes takes as long to read as a hundred ordinary ones, and in this process it would
take that time from them. The child has a low priority and bounds on its time and its memory; it is
started for the one feed, which costs half a second and happens rarely.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from extractors.feeds import parse_feed
from extractors.records import Fetched, ParsedFeed, Reason
from flows.steps.children import Children, WorkFailed

_NICE = 10


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


def read_aside(fetched: Fetched, bounds: Bounds) -> ParsedFeed:
    """As `read_feed`, in a child process. One that ends badly is a feed that `crashed` it."""
    work = f"{__name__}:read_here"
    head = replace(fetched, body=b"")
    with Children(work, 1, seconds=bounds.seconds, memory=bounds.memory, nice=_NICE) as children:
        try:
            given = (head, bounds.max_entries, bounds.max_depth)
            parsed: ParsedFeed = children.call(given, fetched.body)
        except WorkFailed as failure:
            parsed = ParsedFeed("", reason=Reason.CRASHED, detail=str(failure))
    return parsed


def read_here(_: None, head: Fetched, max_entries: int, max_depth: int, body: bytes) -> ParsedFeed:
    """`read_feed`, as a child is asked for it."""
    return read_feed(replace(head, body=body), max_entries, max_depth)
