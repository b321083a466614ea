"""What a run tells machines: how long its parts took, and on demand a line of JSON an event.

The lines go to the error stream; each names the run, and the feed where one is concerned.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from flows.steps.progress import Listener, listener, listening

READING, LANDING, SPOOLED = "reading", "landing", "spooled"


# Not a field: a job may be sent to another process, and a lock cannot.
_ADDING = threading.Lock()


@dataclass
class Times:
    """Seconds and items of a run's parts, added up; threads may add at once."""

    seconds: dict[str, float] = field(default_factory=dict)
    items: dict[str, int] = field(default_factory=dict)

    def add(self, part: str, items: int, seconds: float = 0.0) -> None:
        """So many items of a part took so many seconds (of `SPOOLED`, the items are bytes)."""
        with _ADDING:
            self.seconds[part] = self.seconds.get(part, 0.0) + seconds
            self.items[part] = self.items.get(part, 0) + items

    @contextmanager
    def of(self, part: str, items: int = 1) -> Iterator[None]:
        """Measure what is inside the block, unless it fails."""
        begun = time.monotonic()
        yield
        self.add(part, items, time.monotonic() - begun)

    def keep(self, data: Path, kind: str) -> None:
        """Leave them for /metrics, in place of those of the last run of this kind."""
        place = data / f".times.{kind}.json"
        half = place.with_suffix(f".{os.getpid()}.part")
        try:
            half.write_text(json.dumps({"seconds": self.seconds, "items": self.items}), "utf-8")
            half.replace(place)
        except OSError:  # a full disk: the run itself has said so, or will
            half.unlink(missing_ok=True)


def kept_times(data: Path) -> Iterator[tuple[str, dict[str, float], dict[str, int]]]:
    """The times of the last run of each kind in a data directory: kind, seconds, items."""
    for place in sorted(data.glob(".times.*.json")):
        try:
            found = json.loads(place.read_text("utf-8"))
            yield place.name.split(".")[2], found["seconds"], found["items"]
        except (OSError, ValueError, KeyError):
            continue


@dataclass(frozen=True)
class Teller:
    """Writes lines of JSON for one run; one that is not `on` writes nothing."""

    run_id: str
    on: bool

    def event(self, event: str, at: datetime, *, feed: str | None = None, **said: Any) -> None:
        """Tell of an event at a time (UTC), with whatever belongs to it."""
        if not self.on:
            return
        line = {"at": at, "run": self.run_id, "feed": feed, "event": event, **said}
        print(json.dumps(line, default=_plain), file=sys.stderr, flush=True)  # noqa: T201


@dataclass(frozen=True)
class _Lines:
    """A listener whose lines are events, and that leaves the rest to the one before."""

    teller: Teller
    clock: Any
    before: Listener

    def expect(self, stage: str, more: int) -> None:
        self.before.expect(stage, more)

    def advance(self, stage: str, done: int = 1) -> None:
        self.before.advance(stage, done)

    def say(self, line: str) -> None:
        self.teller.event("note", self.clock(), text=line)


@contextmanager
def telling(teller: Teller, clock: Any) -> Iterator[None]:
    """Let what is said inside the block be events too, when the teller is on."""
    if not teller.on:
        yield
        return
    with listening(_Lines(teller, clock, listener())):
        yield


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
