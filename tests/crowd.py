"""A thousand feeds of which one in twenty misbehaves, polled next to the same good ones alone."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desks import new_desk

from extractors.records import Listing
from flows.newsroom import Newsroom
from flows.newsroom.model import Behaviour

FEEDS, BAD = 1000, 50
_TIMED = Path(__file__).with_name("timed_poll.py")


@dataclass(frozen=True)
class Run:
    """One run: where it published, what it took until the good feeds had landed, its memory."""

    database: Path
    seconds: float
    cpu: float
    peak_mb: int


Pair = tuple[Run, Run]


@dataclass(frozen=True)
class Crowd:
    """The newsroom, its good feeds and its bad ones, and the folder that runs are made in."""

    room: Newsroom
    folder: Path

    @property
    def bad(self) -> list[Listing]:
        return self.room.feeds()[::20]

    @property
    def good(self) -> list[Listing]:
        return [feed for n, feed in enumerate(self.room.feeds()) if n % 20]

    def warm_up(self) -> None:
        """Let some feeds hang and be gone for good, which empties the server's cache; fill it."""
        for number, feed in enumerate(self.bad):
            behaviour = {1: Behaviour.SLOW, 7: Behaviour.GONE}.get(number % 10)
            if behaviour is not None:
                self.room.behave(feed.feed_id, behaviour)
        self._poll("warming-up", self.good)

    def pair(self, number: int) -> Pair:
        """Poll the good feeds without the bad ones, then with them: what else the machine does
        meets both.
        """
        self.room.heal()
        without = self._poll(f"without-{number}", self.good)
        self._misbehave()
        return without, self._poll(f"with-{number}", self.room.feeds())

    def _misbehave(self) -> None:
        """Let the others drip, break off, blow up, fail, be huge, and be costly to read."""
        large, gzipped = items(190_000), (("Content-Encoding", "gzip"),)
        faults: dict[int, dict[str, Any]] = {
            0: {"drip_s": 0.5},
            2: {"cut": 200},
            3: {"body": gzip.compress(items(60_000)), "headers": gzipped},
            4: {"body": gzip.compress(bytes(50_000_000), 1), "headers": gzipped},
            5: {"status": 500},
            6: {"body": large},
            8: {"body": large + large},
            9: {"body": items(20_000)[:-30]},
        }
        for number, feed in enumerate(self.bad):
            fault = faults.get(number % 10)
            if fault is not None:
                self.room.fail(feed.url, times=9, **fault)

    def _poll(self, name: str, feeds: list[Listing]) -> Run:
        """Poll in a process of its own, whose memory and CPU time can be told from the server's."""
        data = self.folder / name
        made = new_desk(data, feeds)
        environment = {
            **os.environ,
            "DUCKWIRE_DATA": str(data),
            "DUCKWIRE_FEEDS": str(made.settings.feeds),
            "DUCKWIRE_ALLOW_HOSTS": "127.0.0.1",
            "DUCKWIRE_PACE_ALLOWED": "false",
            "DUCKWIRE_TOTAL_S": "12",
        }
        written = data / "timed.json"
        # -P: the folder of that program would hide the packages whose tests it holds.
        program = [sys.executable, "-P", _TIMED, written]
        line = [*program, "run", "--direct", "--no-pages", "--json"]
        done = subprocess.run(line, env=environment, capture_output=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        found = json.loads(written.read_text("utf-8"))
        ends = [found["landed"][feed.feed_id] for feed in self.good]
        seconds, cpu = (max(end[n] for end in ends) for n in (0, 1))
        return Run(data / "news.duckdb", seconds, cpu, found["peak_mb"])


def items(count: int) -> bytes:
    """A feed of that many items, 44 bytes each: more than anybody reads."""
    listed = b"".join(b"<item><guid>%d</guid><title>x</title></item>" % n for n in range(count))
    return b"<rss version='2.0'><channel><title>t</title>" + listed + b"</channel></rss>"


def measure(crowd: Crowd, most: int, enough: float = 0.0) -> list[Pair]:
    """Make pairs of runs, `most` of them; fewer once the two fastest of each kind agree, or two
    when they already show less than `enough`.
    """
    pairs: list[Pair] = []
    while len(pairs) < most and not _settled(pairs, enough):
        pairs.append(crowd.pair(len(pairs)))
        without, one = pairs[-1]
        print(
            f"\nwithout {without.seconds:.2f} s, {without.cpu:.2f} s CPU; "
            f"with {one.seconds:.2f} s, {one.cpu:.2f} s CPU",
            end="",
        )
    wall, cpu = slowdown(pairs)
    print(f"\n{wall:.3f} times as long, {cpu:.3f} times the CPU time, peak {peak_mb(pairs)} MB")
    return pairs


def slowdown(pairs: list[Pair]) -> tuple[float, float]:
    """How much more the good feeds take with the bad ones, in time and in CPU time.

    Of the fastest runs: what else a shared machine does only ever adds to them.
    """
    wall = min(one.seconds for _, one in pairs) / min(other.seconds for other, _ in pairs)
    return wall, min(one.cpu for _, one in pairs) / min(other.cpu for other, _ in pairs)


def peak_mb(pairs: list[Pair]) -> int:
    return max(one.peak_mb for _, one in pairs)


def _settled(pairs: list[Pair], enough: float, within: float = 1.05) -> bool:
    if len(pairs) < 2:
        return False
    if enough:  # noise only ever adds: what shows too much is looked at again
        return slowdown(pairs)[0] <= enough
    kinds = [sorted(run.seconds for run in kind)[:2] for kind in zip(*pairs, strict=True)]
    return all(second <= within * first for first, second in kinds)
