"""What a backfill is asked for: a window, and for which feeds, sources and topic. No I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from difflib import get_close_matches

from extractors.errors import UsageError
from extractors.records import Listing
from flows.sources.base import Window

NAMES = ("files", "paged", "sitemaps", "wayback", "ccnews")
# Common Crawl's files are 1 GB each, some twenty a day: only for those who ask for them.
DEFAULT = ("files", "paged", "sitemaps", "wayback")


@dataclass(frozen=True, slots=True)
class BackfillRequest:
    """What is asked. `sources` are names, or files and addresses to read (see `named_sources`).

    Without a window, `gaps` takes those that polls have recorded as possible gaps; with one, only
    the gaps in it. `limit` bounds the pages fetched.
    """

    window: Window | None
    feeds: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()
    topic: str | None = None
    sources: tuple[str, ...] = DEFAULT
    limit: int | None = None
    pages: bool = True
    again: bool = False
    gaps: bool = False


@dataclass(frozen=True, slots=True)
class NamedSources:
    """The sources asked for: those known by name, and what is to be read besides them."""

    names: tuple[str, ...]
    lists: tuple[str, ...] = ()
    warcs: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def moment(text: str) -> datetime:
    """Read a date (its midnight in UTC) or an RFC 3339 instant. Raises UsageError."""
    try:
        if len(text.strip()) == len("2023-09-13"):
            return datetime.combine(date.fromisoformat(text.strip()), time(), UTC)
        read = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(
            f"{text!r} is no time", remedy="give a day (2023-09-13) or an instant in RFC 3339"
        ) from None
    if read.tzinfo is None:
        raise UsageError(f"{text!r} has no zone", remedy=f"write {text}Z for UTC")
    return read.astimezone(UTC)


def window_of(start: datetime | None, end: datetime | None, *, now: datetime) -> Window | None:
    """Make the window of two moments, taken as UTC where they have no zone.

    None for none at all; without an end it goes on until now. Raises UsageError.
    """
    if start is None and end is None:
        return None
    if start is None:
        raise UsageError("a window needs its beginning", remedy="give --from")
    first = start if start.tzinfo else start.replace(tzinfo=UTC)
    last = (end if end.tzinfo else end.replace(tzinfo=UTC)) if end else now
    if first >= now:
        raise UsageError(f"{first:%Y-%m-%d %H:%M} UTC is not past", remedy="give an earlier --from")
    if last <= first:
        raise UsageError("the window ends before it begins", remedy="--to lies after --from")
    return Window(first, last)


def named_sources(given: Sequence[str]) -> NamedSources:
    """Sort what was given as sources: names, lists of addresses (.csv, .txt), WARCs, folders.

    Raises UsageError for anything else.
    """
    names, lists, warcs, folders = [], [], [], []
    for word in given:
        if word in NAMES:
            names.append(word)
        elif word.lower().endswith((".warc", ".warc.gz")):
            warcs.append(word)
        elif word.lower().endswith((".csv", ".txt")):
            lists.append(word)
        elif "/" in word or word.startswith("."):
            folders.append(word)
        else:
            close = get_close_matches(word, NAMES, 1)
            raise UsageError(
                f"there is no source {word!r}",
                remedy=f"did you mean {close[0]}?"
                if close
                else f"there are {', '.join(NAMES)}, "
                "files that end in .csv, .txt, .warc or .warc.gz, and folders with a / in them",
            )
    if folders and "files" not in names:
        names.append("files")
    ordered = tuple(name for name in NAMES if name in names)
    return NamedSources(ordered, tuple(lists), tuple(warcs), tuple(folders))


def suits_a_cluster(request: BackfillRequest) -> bool:
    """Say whether it keeps many processors busy: the pages of CC-NEWS, without a limit."""
    wanted = named_sources(request.sources)
    return request.pages and request.limit is None and "ccnews" in wanted.names


def chosen_feeds(
    listings: Sequence[Listing], feeds: Sequence[str], publishers: Sequence[str]
) -> tuple[Listing, ...]:
    """Choose feeds by id or address, and by publisher (any part of the name, any case).

    Without a choice, all that are not paused. Raises UsageError for a word that chooses nothing.
    """
    if not feeds and not publishers:
        return tuple(item for item in listings if not item.paused)
    chosen = {}
    for word in feeds:
        found = [item for item in listings if word in (item.feed_id, item.url)]
        _refuse_unknown(word, found, [item.feed_id for item in listings], "feed")
        chosen.update({item.feed_id: item for item in found})
    for word in publishers:
        folded = word.casefold()
        found = [item for item in listings if folded in (item.publisher or "").casefold()]
        _refuse_unknown(word, found, [item.publisher or "" for item in listings], "publisher")
        chosen.update({item.feed_id: item for item in found})
    return tuple(item for item in listings if item.feed_id in chosen)


def _refuse_unknown(word: str, found: list[Listing], known: list[str], what: str) -> None:
    if found:
        return
    close = get_close_matches(word, known, 1)
    raise UsageError(
        f"there is no {what} {word!r} on the list",
        remedy=f"did you mean {close[0]}?" if close else "`duckwire feeds list` shows them",
    )
