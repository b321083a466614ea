"""One item as the feed says it, and how it becomes an `Entry`: the same for every parser."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from feedparser.datetimes import _parse_date as feedparser_date

from extractors.dates import parse_date
from extractors.feed_text import html_to_text, one_line
from extractors.fingerprints import content_hash
from extractors.language import normalise_language
from extractors.records import Entry, Precision
from extractors.text import counted
from extractors.urls import without_login

_EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
# Nobody's title, name or guid is longer; megabytes of it would go into every table and report.
_MAX_LINE = 2_000
_MAX_TAGS = 50
_MAX_AUTHORS = 50
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_WEB = re.compile(r"(https?):/*(?=[^/])", re.IGNORECASE)
_GOOD_URL = re.compile(r"https?://[A-Za-z0-9.\-]+(?::\d+)?(?:[/?#][!$-;=?-Z_a-z~#]*)?")
_URL_WHITE = re.compile(r"[\t\r\n\x00-\x1f]+")
_AMP = re.compile(r"&(?:amp|#0*38|#x0*26);", re.IGNORECASE)
_HOST = re.compile(r"(?:www\.[\w\-]+\.|[\w\-]+(?:\.[\w\-]+)+(?=[/?#:]|$))", re.IGNORECASE)


@dataclass(slots=True)
class Draft:
    """An item as it stands in the feed: strings as written, nothing repaired.

    `title_is_html` and `summary_is_html` say whether those hold markup (or escaped markup).
    `content` is what the feed offers as the full article; `language` is the item's own.
    """

    guid: str = ""
    link: str = ""
    title: str | None = None
    title_is_html: bool = False
    published: str | None = None
    updated: str | None = None
    summary: str | None = None
    summary_is_html: bool = True
    content: str | None = None
    authors: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    language: str | None = None
    image: str | None = None


@dataclass(slots=True)
class DraftFeed:
    """A whole feed in the same state."""

    version: str
    title: str | None = None
    title_is_html: bool = False
    link: str = ""
    language: str | None = None
    links: list[tuple[str, str]] = field(default_factory=list)
    entries: list[Draft] = field(default_factory=list)
    warning: str | None = None
    unread: int = 0  # items passed over before anything was known of them


def finish_entries(
    drafts: Sequence[Draft], base: str, site: str | None, max_entries: int
) -> tuple[tuple[Entry, ...], int, list[str]]:
    """Make entries out of drafts: links absolute, dates UTC, guids told apart, newest kept.

    `base` is the address relative links are resolved against, `site` the feed's own page.
    Returns the entries in the feed's order, how many the bound cut, and notes on what was passed
    over.
    """
    hosts = frozenset(filter(None, (_host(base), _host(site or ""))))
    entries: list[Entry] = []
    bad = 0
    for draft in drafts:
        try:
            entry = _finish(draft, base, hosts)
        except (ValueError, TypeError, AttributeError, OverflowError):
            entry = None
        if entry is None:
            bad += 1
        else:
            entries.append(entry)
    notes = (
        [f"passed over {counted(bad, 'entry', 'entries')} without anything to know them by"]
        if bad
        else []
    )
    told_apart = _tell_apart(entries)
    if len(told_apart) < len(entries):
        notes.append(f"{len(entries) - len(told_apart)} repeated entries passed over")
    kept = _newest(told_apart, max_entries)
    return tuple(kept), len(told_apart) - len(kept), notes


def _finish(draft: Draft, base: str, hosts: frozenset[str]) -> Entry | None:
    link = repair_link(draft.link, base, hosts)
    if link and draft.link == draft.guid and not _addressed(draft.guid):
        link = None  # a guid that only says by default that it is a permalink
    raw, published, precision = _read_date(draft.published)
    _, modified, _ = _read_date(draft.updated)
    if published is None and modified is not None:
        raw, published, precision = _read_date(draft.updated)
        modified = None
    title = _cut(_plain(draft.title, draft.title_is_html))
    summary = _plain(draft.summary, draft.summary_is_html)
    authors = tuple(dict.fromkeys(filter(None, map(_short_line, draft.authors[:_MAX_AUTHORS]))))
    guid = (
        _short_guid(without_login(one_line(draft.guid)))
        or link
        or _own_guid(title, raw, summary, draft.content)
    )
    if not guid:
        return None
    # Attributes change with every rendering of some feeds: tags are left out of the hash.
    hashed = summary if draft.content is None else _between_tags(draft.content)
    return Entry(
        guid=guid,
        link=link,
        title=title,
        published_at=published,
        published_raw=raw,
        published_precision=precision,
        modified_at=modified,
        summary=summary,
        content=draft.content or None,
        authors=authors,
        language=normalise_language(draft.language),
        tags=tuple(dict.fromkeys(filter(None, map(_short_line, draft.tags))))[:_MAX_TAGS],
        image=repair_link(draft.image or "", base, hosts),
        content_hash=content_hash(title, link, hashed, *authors),
    )


def _cut(line: str | None) -> str | None:
    return line if line is None or len(line) <= _MAX_LINE else line[: _MAX_LINE - 1] + "…"


def _short_line(text: str) -> str:
    return _cut(one_line(text)) or ""


def _short_guid(guid: str) -> str:
    """A guid too long to keep is known by its hash, so that two of them stay apart."""
    return guid if len(guid) <= _MAX_LINE else "hash:" + content_hash(guid)


def _between_tags(markup: str) -> str:
    """Return what stands outside of angle brackets; crude, fast, and only ever hashed."""
    first, *rest = markup.split("<")
    return first + "".join([piece.partition(">")[2] for piece in rest])


def _own_guid(title: str | None, raw: str | None, summary: str | None, content: str | None) -> str:
    if title or raw:
        return "hash:" + content_hash(title, raw)
    return "hash:" + content_hash(summary, content) if summary or content else ""


def _plain(text: str | None, is_html: bool) -> str | None:
    if not text:
        return None
    return (html_to_text(text) if is_html else one_line(text)) or None


def _read_date(raw: str | None) -> tuple[str | None, datetime | None, Precision]:
    """Read a date with our reader, else with feedparser's, whose zone is then not known."""
    if not raw:
        return None, None, Precision.NONE
    instant, precision, _ = parse_date(raw)
    if instant is not None:
        return raw, instant, precision
    parts = feedparser_date(raw[:200])
    if not parts:
        return raw, None, Precision.NONE
    try:
        instant = datetime(
            parts[0], parts[1], parts[2], parts[3], parts[4], min(parts[5], 59), tzinfo=UTC
        )
    except (ValueError, OverflowError):
        return raw, None, Precision.NONE
    return raw, instant, Precision.LOCAL


def repair_link(link: str, base: str, hosts: frozenset[str] = frozenset()) -> str | None:
    """Return an absolute http or https address, or None when there is none in it.

    Relative addresses are resolved against `base`; `www.…` and names out of `hosts` without a
    scheme get one; `&amp;` encoded twice, white space inside and slashes too many or too few
    after the scheme are repaired. A user name and password are left out, tracking parameters
    are not.
    """
    if _GOOD_URL.fullmatch(link):
        return link
    text = _AMP.sub("&", _URL_WHITE.sub("", link.strip())).replace(" ", "%20")
    if not text:
        return None
    if web := _WEB.match(text):
        text = f"{web[1].lower()}://{text[web.end() :]}"
    elif _SCHEME.match(text) and not _HOST.match(text):
        return None
    elif (named := _HOST.match(text)) and _names_host(text, named[0], hosts):
        text = f"{urlsplit(base).scheme or 'https'}://{text}"
    try:
        absolute = urljoin(base, text)
        parts = urlsplit(absolute)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return None
    return without_login(absolute) if usable else None


def _names_host(text: str, start: str, hosts: frozenset[str]) -> bool:
    return start.lower().startswith("www.") or re.split("[/?#:]", text, maxsplit=1)[0] in hosts


def _addressed(guid: str) -> bool:
    return bool(_WEB.match(guid)) or guid.startswith("/") or guid.lower().startswith("www.")


def _host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


def _tell_apart(entries: list[Entry]) -> list[Entry]:
    """Give entries that share a guid their link as well, else their title; drop plain repeats.

    All of them change, not only the later ones, so that an entry's guid does not hang on the
    order in which the feed lists them.
    """
    counts = Counter(entry.guid for entry in entries)
    if len(counts) == len(entries):
        return entries
    distinct: dict[str, Entry] = {}
    groups: dict[str, set[str]] = {}
    for entry in entries:
        groups.setdefault(entry.guid, set()).add(_told_by(entry))
    for entry in entries:
        if len(groups[entry.guid]) > 1:
            entry = replace(entry, guid=f"{entry.guid} {_told_by(entry)}")  # noqa: PLW2901
        known = distinct.get(entry.guid)
        if known is None or _age(entry) > _age(known):
            distinct[entry.guid] = entry
    return list(distinct.values())


def _told_by(entry: Entry) -> str:
    return entry.link if entry.link and entry.link != entry.guid else content_hash(entry.title)


def _age(entry: Entry) -> datetime:
    return entry.modified_at or entry.published_at or _EARLIEST


def _newest(entries: list[Entry], max_entries: int) -> list[Entry]:
    if len(entries) <= max_entries:
        return entries
    ranked = sorted(range(len(entries)), key=lambda index: _age(entries[index]), reverse=True)
    kept = sorted(ranked[: max(max_entries, 0)])
    return [entries[index] for index in kept]


def as_text(value: Any) -> str:
    """Return a parser's value when it is text, else nothing."""
    return value if isinstance(value, str) else ""
