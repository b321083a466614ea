"""A feed's bytes to records: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1.0 and 1.1.

Read this file first; what it calls: `feed_bytes` (decoding and refusing), `feed_tolerant`
(feedparser, the authority), `feed_fast` (the same for plainly built feeds at a tenth of the
cost), `jsonfeed`, and `feed_draft` (repairs, the same for all).
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml import html as lxml_html

from extractors.charsets import decode
from extractors.feed_bounds import cut_items, items_read, refusal
from extractors.feed_bytes import Prepared, prepare
from extractors.feed_draft import DraftFeed, finish_entries, repair_link
from extractors.feed_fast import read_fast
from extractors.feed_hints import read_hints
from extractors.feed_text import html_to_text, one_line
from extractors.feed_tolerant import MAX_DEPTH, read_tolerantly
from extractors.jsonfeed import read_json_feed
from extractors.language import normalise_language
from extractors.records import FeedHints, ParsedFeed, Reason

_FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/rdf+xml",
        "application/feed+json",
        "application/json",
        "application/xml",
        "text/xml",
    }
)
_RELS = frozenset({"self", "hub", "next", "prev-archive", "alternate"})
_MAX_PAGE = 2_000_000
_MAX_FEEDS = 50


def parse_feed(
    body: bytes,
    url: str,
    *,
    content_type: str | None = None,
    content_location: str | None = None,
    max_entries: int = 2000,
    max_depth: int = MAX_DEPTH,
) -> ParsedFeed:
    """Read a feed's body as it came from `url` (the final one, after redirects).

    Takes the decompressed bytes, the Content-Type and Content-Location headers as sent, and how
    many entries to keep, newest first (`dropped` counts the rest). Gives entries with absolute
    links and UTC dates, or a reason: empty, binary, unparsable, not_a_feed. Never raises, never
    opens a file or an address, reads nothing nested deeper than `max_depth`, and expands no entity
    of more than a few characters.
    """
    prepared, unread = _bounded(prepare(body, content_type), items_read(max_entries))
    if prepared.reason is not None:
        return ParsedFeed("", reason=prepared.reason, detail=prepared.detail)
    read = _read_quickly(prepared, max_entries) or _with_path(
        "feedparser", *read_tolerantly(prepared, max_depth)
    )
    return _finish(read, prepared, unread, _base(url, content_location), max_entries)


def parse_quickly(
    body: bytes,
    url: str,
    *,
    content_type: str | None = None,
    content_location: str | None = None,
    max_entries: int = 2000,
) -> ParsedFeed | None:
    """As `parse_feed`, but None for a feed that only feedparser reads, at ten times the cost."""
    prepared, unread = _bounded(prepare(body, content_type), items_read(max_entries))
    if prepared.reason is not None:
        return ParsedFeed("", reason=prepared.reason, detail=prepared.detail)
    read = _read_quickly(prepared, max_entries)
    if read is None:
        return None
    return _finish(read, prepared, unread, _base(url, content_location), max_entries)


def _bounded(prepared: Prepared, most: int) -> tuple[Prepared, int]:
    """Leave out of an XML feed the items that nobody reads, and refuse one built to cost."""
    if prepared.kind != "xml":
        return prepared, 0
    text, unread = cut_items(prepared.text, most)
    words = refusal(text)
    if words is not None:
        return Prepared("", reason=Reason.UNPARSABLE, detail=f"refused: {words}"), 0
    return (replace(prepared, text=text) if unread else prepared), unread


_Read = tuple[DraftFeed | None, str, Reason | None, str]


def _read_quickly(prepared: Prepared, max_entries: int) -> _Read | None:
    if prepared.kind == "json":
        return _with_path("json", *read_json_feed(prepared.text, items_read(max_entries)))
    draft = read_fast(prepared)
    return None if draft is None else (draft, "fast", None, "")


def _with_path(path: str, draft: DraftFeed | None, reason: Reason | None, detail: str) -> _Read:
    return draft, path, reason, detail


def _finish(
    read: _Read, prepared: Prepared, unread: int, base: str, max_entries: int
) -> ParsedFeed:
    draft, path, reason, detail = read
    if draft is None:
        return ParsedFeed("", path=path, reason=reason, detail=detail)
    draft.unread += unread
    link = repair_link(draft.link, base)
    entries, dropped, notes = finish_entries(draft.entries, base, link, max_entries)
    if draft.unread:
        notes.append(f"{draft.unread:,} items in the middle of a very long list left unread")
    notes = [*prepared.notes, *([draft.warning] if draft.warning else []), *notes]
    if draft.entries and not entries and max_entries > 0:
        detail = "; ".join(notes)
        return ParsedFeed(draft.version, path=path, reason=Reason.UNPARSABLE, detail=detail)
    title = draft.title or ""
    return ParsedFeed(
        version=draft.version,
        title=(html_to_text(title) if draft.title_is_html else one_line(title)) or None,
        link=link,
        language=normalise_language(draft.language),
        entries=entries,
        hints=read_hints(prepared.text) if prepared.kind == "xml" else FeedHints(),
        links=_links(draft, base),
        path=path,
        dropped=dropped + draft.unread,
        warning="; ".join(notes) or None,
    )


def _links(draft: DraftFeed, base: str) -> tuple[tuple[str, str], ...]:
    found = (
        (rel, absolute)
        for rel, href in draft.links
        if rel in _RELS and (absolute := repair_link(href, base))
    )
    return tuple(dict.fromkeys(found))[:_MAX_FEEDS]


def _base(url: str, content_location: str | None) -> str:
    """Return what relative links hang on: Content-Location (RFC 9110, 8.7) on the same host."""
    if not content_location:
        return url
    try:
        joined = urljoin(url, content_location.strip())
        same = urlsplit(joined).netloc == urlsplit(url).netloc or not urlsplit(url).netloc
    except ValueError:
        return url
    return joined if same and joined.startswith(("http://", "https://")) else url


def discover_feeds(html: bytes, url: str) -> list[tuple[str, str]]:
    """Return the feeds an HTML page announces: (absolute URL, title), in the page's order.

    Reads `<link rel="alternate" type="application/rss+xml">` and its like for Atom and JSON Feed;
    `application/json` and plain XML count only with a title or address that speaks of a feed.
    Comment feeds come last. Never raises.
    """
    text = decode(html[:_MAX_PAGE]).text
    try:
        tree = lxml_html.document_fromstring(text.encode("utf-8"), parser=_parser())
    except (etree.LxmlError, ValueError):
        return []
    base = url
    for element in tree.iter("base"):
        base = repair_link(element.get("href") or "", url) or url
        break
    found: dict[str, str] = {}
    for element in tree.iter("link"):
        address = _announced(element, base)
        if address:
            found.setdefault(address, one_line(element.get("title") or ""))
    feeds = sorted(found.items(), key=lambda feed: "comment" in (feed[0] + feed[1]).lower())
    return feeds[:_MAX_FEEDS]


def _parser() -> lxml_html.HTMLParser:
    return lxml_html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)


def _announced(element: lxml_html.HtmlElement, base: str) -> str | None:
    rels = (element.get("rel") or "").lower().split()
    kind = (element.get("type") or "").split(";")[0].strip().lower()
    href = element.get("href") or ""
    if "feed" not in rels and ("alternate" not in rels or kind not in _FEED_TYPES):
        return None
    if kind in ("application/json", "application/xml", "text/xml"):
        words = (href + " " + (element.get("title") or "")).lower()
        if not any(word in words for word in ("feed", "rss", "atom")):
            return None
    return repair_link(href, base)
