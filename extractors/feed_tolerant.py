"""feedparser, driven so that hostile documents cost no more than their size.

`feedparser.parse` opens files and addresses, believes a DOCTYPE, and compares each new tag with
all earlier ones of its entry. Its two parsers are used here directly on text that
`extractors.feed_bytes` has made safe, without its sanitiser and without rewriting the HTML inside
entries (which this project never shows raw); what they read is otherwise left as it is.
"""

from __future__ import annotations

import io
import xml.sax
from typing import Any
from xml.sax.handler import feature_external_ges, feature_namespaces
from xml.sax.xmlreader import InputSource

from defusedxml.sax import make_parser
from feedparser.api import LooseFeedParser, StrictFeedParser

from extractors.feed_author import author_name
from extractors.feed_bytes import Prepared
from extractors.feed_draft import Draft, DraftFeed, as_text
from extractors.records import Reason
from extractors.text import counted

MAX_DEPTH = 200
_MAX_TAGS = 100
_MAX_ATTRIBUTES = 200
_MAX_NAMESPACES = 200
_HTML_TYPES = ("text/html", "application/xhtml+xml")


class _RefusedError(Exception):
    """A document built to cost more than its size; the message says how."""


def _check_element(depth: int, max_depth: int, attributes: int) -> None:
    if depth >= max_depth:
        raise _RefusedError("elements nested too deep")
    if attributes > _MAX_ATTRIBUTES:
        raise _RefusedError(f"more than {_MAX_ATTRIBUTES} attributes on one element")


class _Bounds:
    """What in feedparser grows with the square of the input, bounded."""

    def _add_tag(self, term: Any, scheme: Any, label: Any) -> None:
        # Each tag is compared with all before it.
        if len(self._get_context().setdefault("tags", [])) < _MAX_TAGS:  # type: ignore[attr-defined]
            super()._add_tag(term, scheme, label)  # type: ignore[misc]

    def _sync_author_detail(self, key: str = "author") -> None:
        # feedparser searches for an address in time that grows with the square of the length.
        context = self._get_context()  # type: ignore[attr-defined]
        people = context.get(f"{key}s")
        if people and not people[-1] and (name := author_name(as_text(context.get(key)))):
            people[-1]["name"] = name
        elif people and people[-1]:
            super()._sync_author_detail(key)  # type: ignore[misc]


class _Strict(_Bounds, StrictFeedParser):  # type: ignore[misc]
    """feedparser's strict parser with bounds, on depth as well."""

    max_depth = MAX_DEPTH

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:
        _check_element(self.depth, self.max_depth, len(attrs))
        super().startElementNS(name, qname, attrs)

    def startPrefixMapping(self, prefix: Any, uri: Any) -> None:
        # Every element of an unknown namespace is compared with all that were declared.
        if len(self.namespaces_in_use) >= _MAX_NAMESPACES:
            raise _RefusedError(f"more than {_MAX_NAMESPACES} namespaces")
        super().startPrefixMapping(prefix, uri)


class _Loose(_Bounds, LooseFeedParser):  # type: ignore[misc]
    """feedparser's forgiving parser with the same bounds."""

    max_depth = MAX_DEPTH

    def unknown_starttag(self, tag: Any, attrs: Any) -> Any:
        # Elements that are never closed count as depth here.
        _check_element(self.depth, self.max_depth * 10, len(attrs))
        return super().unknown_starttag(tag, attrs)


def read_tolerantly(
    prepared: Prepared, max_depth: int = MAX_DEPTH
) -> tuple[DraftFeed | None, Reason | None, str]:
    """Read an XML feed with feedparser: the draft, or None with a reason and a detail.

    Elements nested deeper than `max_depth` are refused.

    The written policy for broken feeds: when a version is known and at least one entry parses,
    what is good is taken and `warning` keeps what was wrong; a broken feed without an entry is
    unparsable, a document without a version is not a feed.
    """
    try:
        parser, warning = _parse(prepared, max_depth)
    except _RefusedError as refused:
        return None, Reason.UNPARSABLE, f"refused: {refused}"
    if parser is None:
        return None, Reason.UNPARSABLE, warning or "unreadable"
    version = "rss091n" if prepared.netscape else as_text(parser.version)
    if not version:
        return None, Reason.NOT_A_FEED, f"a document of <{prepared.root[:40]}>, not a feed"
    if warning and not parser.entries:
        return None, Reason.UNPARSABLE, warning
    return _draft_feed(parser, version, warning), None, ""


def _parse(prepared: Prepared, max_depth: int) -> tuple[Any, str | None]:
    strict = _new(_Strict, max_depth)
    warning = _run_strict(strict, prepared)
    if warning is None:
        return strict, None
    loose = _new(_Loose, max_depth)
    loose.entities = dict(prepared.entities)
    try:
        loose.feed(prepared.text)
    except _RefusedError:
        raise
    # feedparser's forgiving parser meets input nobody foresaw: any exception of it is a bad feed.
    except Exception as error:
        loose = None
        warning = f"{warning}; {type(error).__name__}"
    if loose is None or (len(loose.entries) < len(strict.entries)):
        return (strict if strict.entries else None), warning
    return loose, warning


def _new(kind: type[Any], max_depth: int) -> Any:
    parser = kind("", None, "utf-8")
    parser.max_depth = max_depth
    parser.resolve_relative_uris = False
    parser.sanitize_html = False
    return parser


def _run_strict(parser: Any, prepared: Prepared) -> str | None:
    """Run the strict parser; return what is wrong with the document, or None."""
    reader = make_parser()
    # The only DOCTYPE it will meet is the one written below, of entities already judged.
    reader.forbid_entities = False
    reader.setFeature(feature_namespaces, True)
    reader.setFeature(feature_external_ges, False)
    reader.setContentHandler(parser)
    reader.setErrorHandler(parser)
    source = InputSource()
    doctype = "".join(f'<!ENTITY {name} "{value}">' for name, value in prepared.entities)
    doctype = f"<!DOCTYPE feed [{doctype}]>" if doctype else ""
    declared = f"<?xml version='1.0' encoding='utf-8'?>{doctype}"
    source.setByteStream(io.BytesIO((declared + prepared.text).encode("utf-8", "replace")))
    try:
        reader.parse(source)
    except xml.sax.SAXParseException as error:
        return f"not well-formed: {error.getMessage()} at line {error.getLineNumber()}"
    except _RefusedError:
        raise
    # Handlers raise what they like on structures they did not foresee.
    except Exception as error:
        return f"not well-formed: {type(error).__name__}"
    return None


def _draft_feed(parser: Any, version: str, warning: str | None) -> DraftFeed:
    feed = parser.feeddata
    drafts = []
    bad = 0
    for entry in parser.entries:
        try:
            drafts.append(_draft(entry, version))
        except (AttributeError, KeyError, TypeError, ValueError, IndexError):
            bad += 1
    if bad:
        warning = "; ".join(
            filter(None, (warning, f"{counted(bad, 'entry', 'entries')} unreadable"))
        )
    return DraftFeed(
        version=version,
        title=as_text(feed.get("title")) or None,
        title_is_html=_is_html(feed.get("title_detail"), "text/plain"),
        link=as_text(feed.get("link")),
        language=as_text(feed.get("language")) or None,
        links=[(as_text(one.get("rel")), as_text(one.get("href"))) for one in _all(feed, "links")],
        entries=drafts,
        warning=warning,
    )


def _draft(entry: Any, version: str) -> Draft:
    content = next((one for one in _all(entry, "content") if _is_article(one, version)), None)
    value = as_text(content.get("value")) if content else None
    detail = entry.get("summary_detail") or (content if content else None)
    return Draft(
        guid=as_text(entry.get("id")),
        link=as_text(entry.get("link")),
        title=as_text(entry.get("title")) or None,
        title_is_html=_is_html(entry.get("title_detail"), "text/plain"),
        published=_first(entry, "published", "created"),
        updated=_first(entry, "updated"),
        summary=as_text(entry.get("summary")) or None,
        summary_is_html=_is_html(detail, "text/html"),
        content=value or None,
        authors=_authors(entry),
        tags=[as_text(tag.get("term")) for tag in _all(entry, "tags")],
        language=as_text(entry.get("language")) or None,
        image=_image(entry),
    )


def _is_article(content: Any, version: str) -> bool:
    # In RSS feedparser takes a second description, often a picture's, for plain-text content.
    plain_rss = version.startswith("rss") and as_text(content.get("type")) == "text/plain"
    return bool(content.get("value")) and not plain_rss


def _first(entry: Any, *keys: str) -> str | None:
    # `dict.get`: feedparser's own answers `updated` with `published`, and warns.
    return next((value for key in keys if (value := as_text(dict.get(entry, key)))), None)


def _all(holder: Any, key: str) -> list[Any]:
    value = holder.get(key)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _is_html(detail: Any, default: str) -> bool:
    kind = as_text(detail.get("type")) if isinstance(detail, dict) else default
    return (kind or default) in _HTML_TYPES


def _authors(entry: Any) -> list[str]:
    people = _all(entry, "authors")
    names = [as_text(one.get("name")) or as_text(one.get("email")) for one in people]
    return [name for name in names if name]


def _image(entry: Any) -> str | None:
    """Return the first picture: media:thumbnail, media:content, enclosure, then itunes:image."""
    for one in _all(entry, "media_thumbnail"):
        if url := as_text(one.get("url")):
            return url
    for one in _all(entry, "media_content"):
        if _is_picture(one) and (url := as_text(one.get("url"))):
            return url
    for one in _all(entry, "links"):
        if one.get("rel") == "enclosure" and _is_picture(one) and (url := as_text(one.get("href"))):
            return url
    picture = entry.get("image")
    return as_text(picture.get("href")) or None if isinstance(picture, dict) else None


def _is_picture(one: Any) -> bool:
    return one.get("medium") == "image" or as_text(one.get("type")).startswith("image/")
