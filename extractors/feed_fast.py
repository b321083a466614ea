"""Well-formed, plainly built RSS 1.0 and 2.0 and Atom 1.0 read at a tenth of feedparser's cost.

It gives what feedparser gives for the documents it takes, and takes no others: every element,
attribute and namespace has to be one whose effect in feedparser 6.0.14 is written down here, or
one that provably has none. Anything else raises Odd, and feedparser reads the document instead.
tests/extractors/test_feed_fast.py holds the two equal on generated and on real feeds.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree

from extractors.feed_bytes import Prepared
from extractors.feed_draft import DraftFeed
from extractors.feed_fast_entry import read_entry
from extractors.feed_fast_parts import (
    IN_AUTHOR,
    KNOWN,
    PREFIXES,
    QUERY_ENTITY,
    WORDPRESS,
    Names,
    Odd,
    bare,
    names_page,
    plain_attributes,
    read_title,
    resolve,
    resolve_text,
    text_of,
)
from extractors.feed_text import mend

_ATOM = "http://www.w3.org/2005/Atom"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_RSS10 = "http://purl.org/rss/1.0/"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}
# What `mend` could change: C1 controls, and UTF-8 that was encoded twice; literal or as references.
_MENDABLE = (
    re.compile(rb"\xc2[\x80-\x9f]"),
    re.compile(rb"\xc3[\x82-\xb4]\xc2"),
    re.compile(rb"&#(?:0*(?:1[2-9]|2[0-5])\d;|[xX]0*[89a-fA-F][0-9a-fA-F];)"),
)
_IDLE_IN_FEED = frozenset(
    {
        "description",
        "subtitle",
        "pubdate",
        "lastbuilddate",
        "updated",
        "generator",
        "docs",
        "ttl",
        "copyright",
        "rights",
        "managingeditor",
        "webmaster",
        "category",
        "rating",
        "icon",
        "logo",
        "site",
        "dc:date",
        "dc:creator",
        "dc:publisher",
        "dc:rights",
    }
)
_IN_IMAGE = frozenset({"title", "link", "description", "url", "width", "height"})


def read_fast(prepared: Prepared) -> DraftFeed | None:
    """Read the feed, or return None when it is not one of those this parser takes."""
    if prepared.entities or prepared.netscape or prepared.root not in ("rss", "feed", "rdf:rdf"):
        return None
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, collect_ids=False
    )
    try:
        data = prepared.text.encode("utf-8")
        root = etree.fromstring(data, parser)
        return _read_root(root, data)
    except (etree.XMLSyntaxError, UnicodeEncodeError, Odd):
        return None


def _read_root(root: etree._Element, data: bytes) -> DraftFeed:
    _check_namespaces(root, data)
    names = Names(root)
    if root.tag == _RDF + "RDF":
        return _read_rdf(root, names, data)
    base = root.get(_XML + "base") or ""
    if base and not base.startswith(("http://", "https://")):
        raise Odd
    for key in map(str, root.attrib):
        if key.rpartition("}")[2] in ("base", "lang") and not key.startswith(_XML):
            raise Odd
    language = (root.get(_XML + "lang") or "").replace("_", "-") or None
    if root.tag == "{" + _ATOM + "}feed":
        return _read_feed(root, "atom10", "entry", names, base, language, data)
    if root.tag != "rss":
        raise Odd
    stated = root.get("version") or ""
    version = _VERSIONS.get(stated) or ("rss20" if stated.startswith("2.") else "rss")
    inside = [child for child in root if isinstance(child.tag, str)]
    if len(inside) != 1 or inside[0].tag != "channel" or inside[0].keys():
        raise Odd
    return _read_feed(inside[0], version, "item", names, base, language, data)


def _check_namespaces(root: etree._Element, data: bytes) -> None:
    """Allow only declarations that mean the same to feedparser, which goes by prefix as well."""
    # It tells RSS 1.0 by this declaration, and Atom by its own: whichever comes first.
    rdf = root.tag == _RDF + "RDF"
    for prefix, uri in root.nsmap.items():
        low = uri.lower()
        mapped = KNOWN.get(low)
        if rdf and prefix is None and uri == _RSS10:
            continue
        if low == _RSS10 or (rdf and mapped == "") or "backend.userland.com/rss" in low:
            raise Odd
        if mapped == "":
            if low != _ATOM.lower():
                raise Odd
        elif prefix is None or (prefix in PREFIXES if mapped is None else prefix != mapped):
            raise Odd
    if data.count(b"xmlns") <= len(root.nsmap):
        return
    # More of them than the root declares: inside text they are harmless, on elements not all are.
    local = etree.iterwalk(root, events=("start-ns",))
    declared = [declaration for _, declaration in local]
    if any(uri != WORDPRESS for _, uri in declared[len(root.nsmap) :]):
        raise Odd


def _read_rdf(root: etree._Element, names: Names, data: bytes) -> DraftFeed:
    """Read RSS 1.0, whose items stand behind the channel and have their guids as attributes."""
    if root.keys() or root.nsmap.get(None) != _RSS10:
        raise Odd
    inside = [child for child in root if isinstance(child.tag, str)]
    if not inside or names[inside[0].tag] != "channel" or _about(inside[0]) is None:
        raise Odd
    feed = DraftFeed(version="rss10")
    reader = _FeedReader(feed, "", is_atom=False)
    for child in inside[0]:
        tag: object = child.tag
        if not isinstance(tag, str):
            continue
        name = names[tag]
        if name == "items":
            _check_order(child)
        elif name != "item":
            reader.read(name, child, names)
        else:
            raise Odd
    mend_long = _mend_long(data)
    for item in inside[1:]:
        about = _about(item)
        if names[item.tag] != "item" or about is None:
            raise Odd
        feed.entries.append(read_entry(item, names, "", False, mend_long, about))
    feed.link = reader.link or ""
    return feed


def _about(element: etree._Element) -> str | None:
    """Return what an element's only attribute says it is about; '' without one, None for others."""
    keys = element.keys()
    about: str | None = element.get(_RDF + "about", "") if len(keys) < 2 else None
    return None if keys and not about else about


def _check_order(items: etree._Element) -> None:
    """Take a channel's list of its items, which feedparser reads without effect."""
    if items.keys():
        raise Odd
    for order in items:
        if order.tag != _RDF + "Seq" or order.keys():
            raise Odd
        for one in order:
            other = any(key != _RDF + "resource" for key, _ in one.items())
            if one.tag != _RDF + "li" or len(one) or other:
                raise Odd


def _mend_long(data: bytes) -> Callable[[str], str]:
    """Return how long texts are mended: only where the document holds anything to mend."""
    return mend if any(pattern.search(data) for pattern in _MENDABLE) else str


def _read_feed(
    channel: etree._Element,
    version: str,
    entry_name: str,
    names: Names,
    base: str,
    language: str | None,
    data: bytes,
) -> DraftFeed:
    feed = DraftFeed(version=version, language=language)
    reader = _FeedReader(feed, base, version == "atom10")
    mend_long = _mend_long(data)
    entry_tag = "{" + _ATOM + "}entry" if entry_name == "entry" else "item"
    for child in channel:
        tag = child.tag
        if tag == entry_tag:
            feed.entries.append(read_entry(child, names, base, reader.is_atom, mend_long))
        elif isinstance(tag, str):
            reader.read(names[tag], child, names)
    feed.link = reader.link or ""
    return feed


class _FeedReader:
    """What stands around the entries."""

    def __init__(self, feed: DraftFeed, base: str, is_atom: bool) -> None:
        self.feed = feed
        self.base = base
        self.is_atom = is_atom
        self.link: str | None = None

    def read(self, name: str, element: etree._Element, names: Names) -> None:
        if name == "title":
            if self.feed.title is not None:
                raise Odd
            self.feed.title, self.feed.title_is_html = read_title(element, self.is_atom)
        elif name == "link":
            self._read_link(element)
        elif name == "id":
            identifier = mend(resolve_text(bare(element), self.base))
            self.link = identifier if self.link is None else self.link
        elif name in ("language", "dc:language"):
            self.feed.language = mend(bare(element)) or None
        elif name in ("image", "skiphours", "skipdays", "author"):
            _check_inside(name, element, names)
        elif name in _IDLE_IN_FEED or not name:
            plain_attributes(element)
            text_of(element)
        else:
            raise Odd

    def _read_link(self, element: etree._Element) -> None:
        attributes = plain_attributes(element)
        text_of(element)
        rel = attributes.get("rel", "alternate")
        if "href" in attributes and "url" not in attributes and "uri" not in attributes:
            href = resolve(attributes["href"], self.base)
            self.feed.links.append((rel, href))
            if names_page(attributes):
                self.link = href
        elif attributes or self.is_atom:
            raise Odd
        else:
            link = mend(resolve_text(text_of(element), self.base))
            self.link = QUERY_ENTITY.sub(r"&\1", link)
            self.feed.links.append(("alternate", self.link))


def _check_inside(name: str, element: etree._Element, names: Names) -> None:
    """Take an element whose children have no effect, as long as they are the known ones."""
    if element.keys():
        raise Odd
    allowed = {"image": _IN_IMAGE, "author": IN_AUTHOR}.get(name, frozenset({"hour", "day"}))
    for child in element:
        if not isinstance(child.tag, str) or names[child.tag] not in allowed:
            raise Odd
        bare(child)
