"""What the fast reading of a feed and of its entries share: names, attributes, texts, links.

Each function does what feedparser 6.0.14 does to the same element, or raises Odd.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from feedparser.api import StrictFeedParser
from feedparser.urls import _urljoin as feedparser_join
from lxml import etree

from extractors.feed_text import mend

WORDPRESS = "com-wordpress:feed-additions:1"  # declared on each <post-id> of many blogs
KNOWN = {uri.lower(): prefix for uri, prefix in StrictFeedParser.namespaces.items()}
PREFIXES = frozenset(KNOWN.values())
_TEXT_TYPES = {"text": False, "text/plain": False, "html": True, "text/html": True}
_LINK_TYPES = frozenset({"html", "text/html", "xhtml", "application/xhtml+xml"})
QUERY_ENTITY = re.compile(r"&([A-Za-z0-9_]+);")

IN_AUTHOR = frozenset({"name", "email", "uri", "url"})


class Odd(Exception):
    """Something whose effect in feedparser is not written down here: not an error."""


class Names(dict[str, str]):
    """Element tags to the names that feedparser handles them by; '' is one without effect."""

    def __init__(self, root: etree._Element) -> None:
        super().__init__()
        self._prefixes = {uri: prefix for prefix, uri in root.nsmap.items()}

    def __missing__(self, tag: str) -> str:
        uri, _, local = tag[1:].rpartition("}") if tag[0] == "{" else ("", "", tag)
        local = local.lower()
        prefix = KNOWN.get(uri.lower())
        if prefix is None:
            prefix = "" if uri == WORDPRESS else self._prefixes.get(uri) or ""
            if not prefix and (uri != WORDPRESS or local not in ("post-id", "site")):
                raise Odd
        name = f"{prefix}:{local}" if prefix else local
        self[tag] = "" if prefix and _without_effect(prefix, local) else name
        return self[tag]


def _without_effect(prefix: str, local: str) -> bool:
    handler = f"{prefix.lower()}_{local}"
    return not any(hasattr(StrictFeedParser, f"{verb}{handler}") for verb in ("_start_", "_end_"))


def plain_attributes(element: etree._Element) -> dict[str, str]:
    """Return an element's attributes as feedparser names them; Odd for those that reach further."""
    found: dict[str, str] = {}
    for key, value in element.items():
        local = str(key).rpartition("}")[2].lower()
        if local in ("base", "lang", "mode") or local in found:
            raise Odd
        found[local] = str(value).lower() if local in ("rel", "type") else str(value)
    return found


def text_of(element: etree._Element) -> str:
    """Return an element's text without white space at its ends; Odd when anything is inside it."""
    if len(element):
        raise Odd
    text: str | None = element.text
    return text.strip() if text else ""


def bare(element: etree._Element) -> str:
    """Return the text of an element that may have no attributes."""
    if element.keys():
        raise Odd
    return text_of(element)


def resolve(uri: str, base: str) -> str:
    """Resolve an address as feedparser does: slashes too many repaired, joined to the base."""
    if not base and "///" not in uri:
        return uri
    resolved: str = feedparser_join(base, uri)
    return resolved


def resolve_text(uri: str, base: str) -> str:
    """Resolve the address that an element's text is; feedparser leaves an empty one empty."""
    return resolve(uri, base) if uri else uri


def names_page(attributes: dict[str, str]) -> bool:
    """Say whether a link is one to the page that an entry or a feed stands for."""
    page = attributes.get("type", "text/html") in _LINK_TYPES
    return page and attributes.get("rel", "alternate") == "alternate"


def read_title(element: etree._Element, is_atom: bool) -> tuple[str, bool]:
    """Return a title and whether it holds HTML: stated in Atom, guessed elsewhere."""
    if is_atom:
        return read_typed(element, mend)
    text = bare(element)
    looks = ("<" in text or "&" in text) and StrictFeedParser.looks_like_html(text)
    return mend(text), bool(looks)


def read_typed(element: etree._Element, mending: Callable[[str], str]) -> tuple[str, bool]:
    """Return an Atom text construct and whether it is HTML; XHTML and the like are Odd."""
    attributes = plain_attributes(element)
    is_html = _TEXT_TYPES.get(attributes.pop("type", "text"))
    if is_html is None or attributes:
        raise Odd
    return mending(text_of(element)), is_html
