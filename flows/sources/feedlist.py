"""The list of sources its owner keeps: seeds/feeds.yaml, read, checked and edited.

The file belongs to a person. Reading refuses what it does not understand and says where. Editing
touches only the lines it must: everything else, comments, blank lines and style, stays as it was
byte for byte, and a result that would not load as intended is not written.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from extractors.fingerprints import stable_id
from extractors.records import Listing
from flows.sources.listing_fields import KEYS, BadField, as_fields, checked, read_quickly, url_key

MAX_BYTES = 10_000_000

# What YAML 1.2 takes for a line end; str.splitlines knows several more.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")
_PAUSED = re.compile(r"^([ -]*paused[ ]*:[ ]*)(?:true|false)\b", re.IGNORECASE)
_VERIFIED = re.compile(r"^([ -]*verified[ ]*:[ ]*)[^ #\r\n]+", re.IGNORECASE)
_PAUSED_ALONE = re.compile(r"^ *paused *: *true\s*$", re.IGNORECASE)


class FeedListError(ValueError):
    """The list cannot be read or changed; the message names file, line, what was found and what
    was expected.
    """


def load(path: Path) -> list[Listing]:
    """Read and check a list of sources.

    Takes the path of a YAML file with one key, `feeds`, that holds a sequence of mappings (the
    header of seeds/feeds.yaml explains their keys). Gives the listings in the file's order; an
    absent `id` is derived from the URL. Raises FeedListError, also for a file that cannot be read.
    """
    return list(_loaded(path, _text(path)))


def add(path: Path, listing: Listing) -> None:
    """Append one source. A file that does not exist yet is begun.

    Raises FeedListError when its id or URL is on the list already, or when the listing itself is
    not a valid one.
    """
    sheet = _sheet(path)
    listing = _identified(listing)
    _save(sheet, _appended(sheet, [listing]), [*sheet.listings, listing])


def remove(path: Path, feed_id_or_url: str) -> Listing:
    """Take one source off the list and give back what was listed.

    Comments above it stay. Raises FeedListError when no source has that id or URL.
    """
    sheet = _sheet(path)
    index = _index(sheet, feed_id_or_url)
    entry = sheet.entry(index)
    lines = list(sheet.lines)
    end = entry.end
    # Between two blank lines, or a blank line and the end, one goes with the entry.
    start = entry.start
    if _blank(lines, start - 1):
        end += _blank(lines, end)
        start -= entry.end == len(lines)
    lines[start:end] = []
    kept = [*sheet.listings[:index], *sheet.listings[index + 1 :]]
    if not kept:
        line = sheet.document.lc.key("feeds")[0]
        lines[line] = re.sub(r"^(\s*feeds\s*:)", r"\1 []", lines[line])
    _save(sheet, lines, kept)
    return sheet.listings[index]


def set_paused(path: Path, feed_id_or_url: str, paused: bool) -> None:
    """Pause a source or let it go on; nothing is written when it is so already.

    Raises FeedListError when no source has that id or URL.
    """
    sheet = _sheet(path)
    index = _index(sheet, feed_id_or_url)
    if sheet.listings[index].paused == paused:
        return
    entry = sheet.entry(index)
    lines = list(sheet.lines)
    feed = sheet.feeds[index]
    if "paused" not in feed:
        before = [key for key in feed if KEYS.index(key) > KEYS.index("paused")]
        at = min((feed.lc.key(key)[0] for key in before), default=entry.end)
        at = at if at > entry.start else entry.end
        lines[at:at] = [f"{' ' * entry.column}paused: true{sheet.newline}"]
    else:
        at = feed.lc.key("paused")[0]
        if _PAUSED_ALONE.match(lines[at]):
            del lines[at]
        else:
            lines[at] = _PAUSED.sub(rf"\g<1>{str(paused).lower()}", lines[at])
    changed = list(sheet.listings)
    changed[index] = replace(changed[index], paused=paused)
    _save(sheet, lines, changed)


def set_verified(path: Path, feed_ids: Iterable[str], day: str) -> None:
    """Note the day (ISO, UTC) on which these sources were seen to answer, in one write.

    An id that is not on the list raises FeedListError, and then nothing is noted.
    """
    sheet = _sheet(path)
    lines, changed = list(sheet.lines), list(sheet.listings)
    # From the last to the first, so that an added line moves nobody who is still to come.
    for index in sorted({_index(sheet, feed_id) for feed_id in feed_ids}, reverse=True):
        entry, feed = sheet.entry(index), sheet.feeds[index]
        if "verified" in feed:
            at = feed.lc.key("verified")[0]
            lines[at] = _VERIFIED.sub(rf"\g<1>{day}", lines[at])
        else:
            lines[entry.end : entry.end] = [f"{' ' * entry.column}verified: {day}{sheet.newline}"]
        changed[index] = replace(changed[index], verified=day)
    _save(sheet, lines, changed)


def merge(path: Path, listings: Iterable[Listing]) -> tuple[int, int]:
    """Add the sources that are not on the list yet, in their order, in one write.

    What is on the list stays as its owner wrote it. Gives (added, already there): a source is
    there when its URL is; an id that is taken by another URL is replaced by a derived one.
    Raises FeedListError when a listing is not a valid one, and then nothing is added.
    """
    sheet = _sheet(path)
    urls = {url_key(listing.url) for listing in sheet.listings}
    ids = {listing.feed_id for listing in sheet.listings}
    new: list[Listing] = []
    there = 0
    for listing in listings:
        key = url_key(listing.url)
        if key in urls:
            there += 1
            continue
        taken = listing.feed_id in ids
        kept = _identified(replace(listing, feed_id="") if taken else listing)
        new.append(kept)
        urls.add(key)
        ids.add(kept.feed_id)
    if new:
        _save(sheet, _appended(sheet, new), [*sheet.listings, *new])
    return len(new), there


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where one entry stands: lines start to end, half-open; columns of its dash and its keys."""

    start: int
    end: int
    dash: int
    column: int


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A list being edited: its text by lines, what it says, and where that is said."""

    path: Path
    lines: Sequence[str]
    document: CommentedMap
    listings: Sequence[Listing]

    @property
    def feeds(self) -> CommentedSeq:
        feeds: CommentedSeq = self.document["feeds"]
        return feeds

    @property
    def newline(self) -> str:
        return "\r\n" if self.lines and self.lines[0].endswith("\r\n") else "\n"

    def entry(self, index: int) -> _Entry:
        """Find an entry's lines; one in braces, or sharing a line with another, is refused."""
        first = _item_line(self.feeds, index)
        start = first
        while start > 0 and not self.lines[start].lstrip(" ").startswith("-"):
            start -= 1
        if self.feeds.fa.flow_style() or self.feeds[index].fa.flow_style():
            raise _error(self.path, first + 1, "found an entry in braces", "one key a line")
        dash = len(self.lines[start]) - len(self.lines[start].lstrip(" "))
        last = index + 1 == len(self.feeds)
        end = len(self.lines) if last else _item_line(self.feeds, index + 1)
        while end > start + 1 and _outside(self.lines[end - 1], dash):
            end -= 1
        return _Entry(start, end, dash, self.feeds.lc.data[index][1])


def _outside(line: str, dash: int) -> bool:
    """Whether a line after an entry's last one is no longer of it: blank, or a comment (or the
    next entry's dash) that is not indented deeper than its own dash.
    """
    text = line.strip()
    return not text or (text.startswith(("#", "-")) and len(line) - len(line.lstrip(" ")) <= dash)


def _blank(lines: Sequence[str], index: int) -> bool:
    return 0 <= index < len(lines) and not lines[index].strip()


def _sheet(path: Path) -> _Sheet:
    """Read a list to change it; a missing file is an empty list."""
    text = _text(path) if path.exists() else "feeds: []\n"
    if text and not text.endswith(("\n", "\r")):
        text += "\n"
    document = _parsed(path, text)
    return _Sheet(path, _LINE.findall(text), document, _listings(path, document))


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise FeedListError(f"{path}: cannot be read ({reason}), expected a feed list") from error
    if len(data) > MAX_BYTES:
        raise FeedListError(f"{path}: found {len(data):,} bytes, expected at most {MAX_BYTES:,}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _error(path, line, "found bytes that are not UTF-8", "UTF-8 text") from error


@lru_cache(maxsize=2)
def _loaded(path: Path, text: str) -> tuple[Listing, ...]:
    """A run asks twice, and a thousand sources take a while."""
    quick = read_quickly(text)
    return tuple(_listings(path, _parsed(path, text)) if quick is None else quick)


def _parsed(path: Path, text: str) -> CommentedMap:
    try:
        # The round-trip loader makes plain data only, and knows lines.
        document = YAML().load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = " ".join(str(error.problem or error.context).split())
        found = what if what.startswith("found") else f"found broken YAML ({what})"
        raise _error(path, mark.line + 1 if mark else 1, found, "YAML") from error
    except (YAMLError, ValueError, RecursionError) as error:
        what = " ".join(str(error).split())[:200]
        raise FeedListError(f"{path}: found broken YAML ({what}), expected YAML") from error
    if not isinstance(document, CommentedMap) or set(document) != {"feeds"}:
        raise _error(path, 1, f"found {_told(document)}", "the one key 'feeds'")
    if document["feeds"] is None:
        document["feeds"] = CommentedSeq()
    if not isinstance(document["feeds"], CommentedSeq):
        line = document.lc.key("feeds")[0] + 1
        found = type(document["feeds"]).__name__
        raise _error(path, line, f"found {found} under 'feeds'", "a sequence of sources")
    return document


def _told(document: object) -> str:
    if isinstance(document, CommentedMap):
        return "the keys " + ", ".join(repr(str(key)) for key in list(document)[:5])
    return "an empty file" if document is None else f"a {type(document).__name__}"


def _listings(path: Path, document: CommentedMap) -> list[Listing]:
    """Check every entry, then that no id and no URL is listed twice."""
    listings: list[Listing] = []
    ids: dict[str, int] = {}
    urls: dict[str, int] = {}
    for index, feed in enumerate(document["feeds"]):
        line = _item_line(document["feeds"], index) + 1
        if not isinstance(feed, CommentedMap):
            raise _error(path, line, f"found {str(feed)[:100]!r}", "a source with a url")
        try:
            listing = checked(dict(feed))
        except BadField as bad:
            raise _error(path, _key_line(feed, bad.key, line), bad.found, bad.expected) from bad
        for seen, key, name, shown in (
            (ids, listing.feed_id, "id", listing.feed_id),
            (urls, url_key(listing.url), "url", listing.url),
        ):
            at = _key_line(feed, name, line)
            if key in seen:
                raise _error(
                    path, at, f"found {name} {shown!r} again", f"it once, line {seen[key]}"
                )
            seen[key] = at
        listings.append(listing)
    return listings


def _item_line(feeds: CommentedSeq, index: int) -> int:
    return int(feeds.lc.data[index][0])


def _key_line(feed: CommentedMap, key: str, otherwise: int) -> int:
    """The line of a key, counted from 1; merged and missing keys stand where the entry begins."""
    if feed.lc.data and key in feed.lc.data:
        return int(feed.lc.key(key)[0]) + 1
    return otherwise


def _error(path: Path, line: int, found: str, expected: str) -> FeedListError:
    return FeedListError(f"{path}, line {line}: {found}, expected {expected}")


def _index(sheet: _Sheet, wanted: str) -> int:
    key = url_key(wanted)
    for index, listing in enumerate(sheet.listings):
        if wanted == listing.feed_id or key == url_key(listing.url):
            return index
    raise FeedListError(f"{sheet.path}: found no source {wanted!r}, expected an id or URL of it")


def _identified(listing: Listing) -> Listing:
    """A source that is written has an id, so that a later change of its URL leaves it."""
    return replace(listing, feed_id=listing.feed_id or stable_id("f", listing.url))


def _appended(sheet: _Sheet, listings: Sequence[Listing]) -> list[str]:
    """Write entries after the last one, in its style; before what comments end the file."""
    lines = list(sheet.lines)
    if sheet.listings:
        last = sheet.entry(len(sheet.listings) - 1)
        at, dash, column = last.end, last.dash, last.column
        apart = _blank(lines, last.start - 1)
    else:
        line = sheet.document.lc.key("feeds")[0]
        lines[line] = re.sub(r"^(\s*feeds\s*:)\s*\[\s*\]", r"\1", lines[line])
        at, dash, column, apart = line + 1, 2, 4, True
    new: list[str] = []
    for number, listing in enumerate(listings):
        if apart and (number or sheet.listings):
            new.append(sheet.newline)
        for row, text in enumerate(_rows(listing)):
            lead = f"{' ' * dash}-".ljust(column) if row == 0 else " " * column
            new.append(f"{lead}{text}{sheet.newline}")
    lines[at:at] = new
    return lines


def _rows(listing: Listing) -> list[str]:
    yaml = YAML()
    yaml.width = 1_000_000  # a value stays on its line
    stream = StringIO()
    yaml.dump(as_fields(listing), stream)
    return stream.getvalue().splitlines()


def _save(sheet: _Sheet, lines: Sequence[str], wanted: Sequence[Listing]) -> None:
    """Write the list whole or not at all, after reading back that it says what it should."""
    text = "".join(lines)
    if _listings(sheet.path, _parsed(sheet.path, text)) != list(wanted):
        raise FeedListError(
            f"{sheet.path}: found a layout that cannot be edited safely, expected one key a line;"
            " nothing was written"
        )
    try:
        _replace(sheet.path, text.encode("utf-8"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise FeedListError(f"{sheet.path}: cannot be written ({reason})") from error


def _replace(path: Path, data: bytes) -> None:
    """Put new bytes in a file's place so that a crash leaves the old ones or the new ones."""
    target = path.resolve()  # a link stays a link
    mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(handle)
        temporary.replace(target)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
