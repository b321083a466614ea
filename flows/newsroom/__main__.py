"""`python -m flows.newsroom`: print the feeds and serve until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from pathlib import Path

from flows.newsroom.data import DEFAULT_DIR, DataError
from flows.newsroom.generate import generate
from flows.newsroom.room import Newsroom


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m flows.newsroom", description=__doc__)
    parser.add_argument("--port", type=int, default=8765, help="0 takes any free port")
    parser.add_argument("--data", type=Path, default=DEFAULT_DIR, help="the data folder")
    parser.add_argument("--slow", type=float, default=3.0, help="seconds the slow feed takes")
    parser.add_argument("--public-base", help="the base URL that the content names")
    parser.add_argument("--feeds", type=int, default=0, help="serve this many generated feeds too")
    parser.add_argument("--pages", type=int, default=0, help="articles in the generated feeds")
    parser.add_argument("--heavy", action="store_true", help="generated pages of today's size")
    parser.add_argument("--ahead", action="store_true", help="make all pages before serving")
    parser.add_argument("--seed", type=int, default=1, help="what the generated part is made from")
    return parser.parse_args()


def main() -> int:
    """Serve until told to stop. Returns 0, or 1 when the data or the port is not to be had."""
    asked = _arguments()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    scale = None
    if asked.feeds:
        scale = generate(asked.seed, feeds=asked.feeds, pages=asked.pages, heavy=asked.heavy)
    try:
        room = Newsroom.start(
            asked.data,
            port=asked.port,
            scale=scale,
            slow_s=asked.slow,
            public_base=asked.public_base,
        )
    except (DataError, OSError) as error:
        sys.stderr.write(f"newsroom: {error}\n")
        return 1
    with room:
        if asked.ahead:
            room.render()
        lines = [f"newsroom at {room.base_url}/ (OPML: /feeds.opml), Ctrl-C stops it"]
        lines += [f"{feed.feed_id:20} {feed.language}  {feed.url}" for feed in room.feeds()]
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()
        stop.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
