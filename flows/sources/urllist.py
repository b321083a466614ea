"""Lists of addresses: a CSV file with a column `url`, or plain text with one address a line.

CSV is that of RFC 4180, with a header line; the columns `published` (or `published_at`, `date`)
and `title` are taken when they are there. In plain text what follows a `#` at the start of a line
is a comment.
"""

from __future__ import annotations

import csv
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TextIO

from extractors.dates import parse_date
from extractors.fingerprints import content_hash, stable_id
from extractors.records import Entry, FeedKind, Listing, Precision, Reason
from extractors.urls import clean_url
from flows.sources.base import (
    Event,
    Found,
    PassedOver,
    Unit,
    UnitFailed,
    Window,
    make_unit,
    outside_by_address,
)
from flows.sources.threads import in_batches

NAME = "urllist"
MAX_URLS = 1_000_000

_LONGEST_LINE = 65_536
_DATES = ("published", "published_at", "date")


@dataclass
class ListTally:
    """What a reader left out, and what ended it early."""

    lines: int = 0
    unusable: int = 0
    failed: UnitFailed | None = None
    seen: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class UrlLists:
    """Reads lists of addresses from files on this machine; one unit a file."""

    files: tuple[Path, ...]

    @property
    def name(self) -> str:
        """See `base.Source`."""
        return NAME

    def listings(self) -> tuple[Listing, ...]:
        """One row a file."""
        return tuple(_row(path) for path in self.files)

    def plan(self, window: Window) -> list[Unit]:
        """One unit a file."""
        return [
            make_unit(NAME, "list", str(path), window, feed_id=_row(path).feed_id, detail=path.name)
            for path in self.files
        ]

    async def fetch(self, unit: Unit) -> AsyncGenerator[Event, None]:
        """Give the addresses of a file, each once."""
        tally = ListTally()
        async with aclosing(in_batches(read_list(Path(unit.url), tally))) as entries:
            async for entry in entries:
                yield Found(unit.feed_id or "", entry, outside=_outside(entry, unit.window))
        if tally.unusable:
            yield PassedOver(tally.unusable, Reason.BAD_URL, "lines without a usable address")
        if tally.failed is not None:
            yield tally.failed
        elif not tally.seen:
            yield UnitFailed(Reason.EMPTY, f"{unit.url} names no address")


def _row(path: Path) -> Listing:
    url = f"list:{path.as_posix()}"
    return Listing(stable_id("f", url), url, kind=FeedKind.LIST)


def _outside(entry: Entry, window: Window) -> bool:
    if entry.published_at is not None:
        return window.excludes(entry.published_at, entry.published_precision)
    return outside_by_address(window, entry.link)


def read_list(path: Path, tally: ListTally) -> Iterator[Entry | None]:
    """Give the sightings of a list, None for a line without one; blocking.

    What ends it early is left in `tally`: a file that cannot be read, bytes that are no text,
    more than MAX_URLS addresses.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="strict", newline="") as stream:
            yield from _entries(_lines(stream, tally), tally)
    except OSError as error:
        tally.failed = UnitFailed(Reason.UNREADABLE, f"{path}: {error.strerror}")
    except UnicodeDecodeError:
        tally.failed = UnitFailed(Reason.ENCODING, f"{path} is not UTF-8 after {tally.lines} lines")
    except csv.Error as error:
        tally.failed = UnitFailed(Reason.UNPARSABLE, f"line {tally.lines}: {error}")


def _lines(stream: TextIO, tally: ListTally) -> Iterator[str]:
    """The file's lines; one without end is a failure, not a line."""
    while line := stream.readline(_LONGEST_LINE + 1):
        tally.lines += 1
        if len(line) > _LONGEST_LINE or "\0" in line:
            raise csv.Error("no text: a line too long, or with a zero byte in it")
        yield line


def _entries(lines: Iterator[str], tally: ListTally) -> Iterator[Entry | None]:
    first = next(lines, "")
    names = [name.strip().lower() for name in next(csv.reader([first]), [])]
    if "url" in names:
        rows: Iterator[dict[str, str]] = (
            dict(zip(names, row, strict=False)) for row in csv.reader(lines)
        )
    else:
        rows = _plain(chain([first], lines))
    for row in rows:
        if len(tally.seen) >= MAX_URLS:
            tally.failed = UnitFailed(Reason.LIMIT, f"more than {MAX_URLS:,} addresses")
            return
        yield _entry(row, tally)


def _plain(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    for line in lines:
        text = line.strip()
        if text and not text.startswith("#"):
            yield {"url": text}


def _entry(row: dict[str, str], tally: ListTally) -> Entry | None:
    url = clean_url(row.get("url", ""))
    if url is None or url in tally.seen:
        tally.unusable += url is None
        return None
    tally.seen.add(url)
    raw = next((row[name].strip() for name in _DATES if row.get(name, "").strip()), None)
    published, precision, _ = parse_date(raw) if raw else (None, Precision.NONE, None)
    title = row.get("title", "").strip() or None
    return Entry(
        guid=url,
        link=url,
        title=title,
        published_at=published,
        published_raw=raw,
        published_precision=precision,
        content_hash=content_hash(title, url, raw),
    )
