"""Reading a large feed in a process of its own: one at a time, and out of everybody's way.

A feed of megabytes takes as long to read as a hundred ordinary ones, and in this process it would
take that time from them. The child has a low priority and bounds on its time and its memory; it is
started for the one feed, which costs half a second and happens rarely.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from extractors.feeds import parse_feed
from extractors.records import Fetched, ParsedFeed, Reason

LARGE = 1_000_000  # bytes; no ordinary feed reaches them

_ROOT = Path(__file__).parents[2]
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
    numbers = (bounds.memory, bounds.max_entries, bounds.max_depth)
    try:
        done = subprocess.run(  # noqa: S603  (our own interpreter and module)
            [sys.executable, "-m", __name__, *map(str, numbers)],
            input=pickle.dumps(fetched, protocol=5),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env=os.environ | {"PYTHONPATH": str(_ROOT)},
            timeout=bounds.seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _crashed(f"reading it took over {bounds.seconds:g} s")
    if done.returncode != 0:
        return _crashed(f"the process that read it ended with status {done.returncode}")
    parsed = pickle.loads(done.stdout)  # noqa: S301  (our own child)
    return parsed if isinstance(parsed, ParsedFeed) else _crashed("it gave no answer")


def _crashed(detail: str) -> ParsedFeed:
    return ParsedFeed("", reason=Reason.CRASHED, detail=detail)


def _main(memory: int, max_entries: int, max_depth: int) -> None:
    # Ctrl-C is the parent's to answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICE)
    fetched = pickle.load(sys.stdin.buffer)  # noqa: S301  (our own parent)
    status = Path("/proc/self/status").read_text("utf-8")
    now = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData:"))
    limit = now * 1024 + memory
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    parsed = read_feed(fetched, max_entries, max_depth)
    sys.stdout.buffer.write(pickle.dumps(parsed, protocol=5))


if __name__ == "__main__":
    _main(*map(int, sys.argv[1:4]))
