"""One plainly built entry, read as feedparser reads it; see `extractors.feed_fast`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lxml import etree

from extractors.feed_author import author_name
from extractors.feed_draft import Draft
from extractors.feed_fast_parts import (
    IN_AUTHOR,
    QUERY_ENTITY,
    Names,
    Odd,
    bare,
    names_page,
    plain_attributes,
    read_title,
    read_typed,
    resolve,
    resolve_text,
    text_of,
)
from extractors.feed_text import mend

# Elements that feedparser reads without any effect on what a draft holds.
_IDLE_IN_ENTRY = frozenset(
    {"comments", "source", "post-id", "site", "media:credit", "dc:publisher", "dc:rights", "rights"}
)


class _EntryReader:
    """One entry on its way: what feedparser's context would hold of it."""

    __slots__ = (
        "base",
        "content",
        "draft",
        "is_atom",
        "link",
        "mend",
        "people",
        "pictures",
        "seen",
    )

    def __init__(self, base: str, is_atom: bool, mend_long: Callable[[str], str]) -> None:
        self.draft = Draft()
        self.base = base
        self.is_atom = is_atom
        self.mend = mend_long
        self.link: str | None = None
        self.content: tuple[str, bool] | None = None
        # By the rank that `feed_tolerant` gives them: thumbnail, media:content, enclosure.
        self.pictures: list[tuple[int, str]] = []
        self.people = 0
        self.seen: set[str] = set()

    def once(self, key: str) -> None:
        """Note that a field was stated; feedparser's rules for repeated ones are its own."""
        if key in self.seen:
            raise Odd
        self.seen.add(key)

    def finish(self) -> Draft:
        draft = self.draft
        if self.people > max(len(draft.authors), 1):
            raise Odd  # of several authors one without a name takes another's
        draft.link = self.link or ""
        if self.content is not None:
            value, is_html = self.content
            # feedparser offers the content as summary where no summary is stated.
            if "summary" not in self.seen:
                draft.summary, draft.summary_is_html = value or None, is_html
            draft.content = value or None
        if self.pictures:
            draft.image = min(self.pictures, key=lambda picture: picture[0])[1]
        return draft


def read_entry(
    element: etree._Element,
    names: Names,
    base: str,
    is_atom: bool,
    mend_long: Callable[[str], str],
    about: str = "",
) -> Draft:
    """Read one <item> or <entry>; raises Odd for what is not plainly built.

    `about` is what the only attribute of an RSS 1.0 item says, which is its guid.
    """
    if len(element.keys()) != bool(about):
        raise Odd
    reader = _EntryReader(base, is_atom, mend_long)
    if about:
        reader.once("guid")
        reader.draft.guid = about
    for child in element:
        tag: object = child.tag
        if not isinstance(tag, str):  # a comment or a processing instruction
            continue
        name = names[tag]
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(reader, child, names)
        elif name in _IDLE_IN_ENTRY or not name:
            if child.keys():
                plain_attributes(child)
            if len(child):
                raise Odd
        else:
            raise Odd
    return reader.finish()


def _on_title(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    reader.once("title")
    title, reader.draft.title_is_html = read_title(element, reader.is_atom)
    reader.draft.title = title or None


def _on_link(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    if not element.keys() and not reader.is_atom:
        link = mend(resolve_text(text_of(element), reader.base)).replace("&amp;", "&")
        reader.link = QUERY_ENTITY.sub(r"&\1", link) if "&" in link else link
        return
    attributes = plain_attributes(element)
    if len(element) or "href" not in attributes or "url" in attributes or "uri" in attributes:
        raise Odd
    href = resolve(attributes["href"], reader.base)
    if names_page(attributes):
        reader.link = href
    if attributes.get("rel") == "enclosure" and _is_picture(attributes) and href:
        reader.pictures.append((2, href))


def _on_guid(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    reader.once("guid")
    attributes = plain_attributes(element)
    is_link = attributes.pop("ispermalink", "true") == "true"
    if attributes:
        raise Odd
    text = text_of(element)
    guid = mend(resolve_text(text, reader.base) if is_link else text)
    reader.draft.guid = guid
    if is_link and reader.link is None:
        reader.link = guid


def _on_published(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    reader.once("published")
    reader.draft.published = mend(bare(element)) or None


def _on_updated(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    reader.once("updated")
    reader.draft.updated = mend(bare(element)) or None


def _on_description(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    if reader.is_atom:
        raise Odd
    reader.once("summary")
    reader.draft.summary = reader.mend(bare(element)) or None
    reader.draft.summary_is_html = True


def _on_summary(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    if not reader.is_atom:
        raise Odd
    reader.once("summary")
    summary, reader.draft.summary_is_html = read_typed(element, reader.mend)
    reader.draft.summary = summary or None


def _on_content(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    if not reader.is_atom:
        raise Odd
    reader.once("content")
    reader.content = read_typed(element, reader.mend)


def _on_encoded(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    reader.once("content")
    reader.content = reader.mend(bare(element)), True


def _on_author(reader: _EntryReader, element: etree._Element, names: Names) -> None:
    if element.keys():
        raise Odd
    if not len(element):
        name = author_name(mend(text_of(element)))
    else:
        if (element.text or "").strip():
            raise Odd
        stated: dict[str, str] = {}
        for child in element:
            key = names[child.tag] if isinstance(child.tag, str) else ""
            if key not in IN_AUTHOR or key in stated or (child.tail or "").strip():
                raise Odd
            stated[key] = bare(child)
        name = stated.get("name") or stated.get("email") or ""
    reader.people += 1
    if name:
        reader.draft.authors.append(name)


def _on_category(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    attributes = plain_attributes(element)
    text = mend(text_of(element))
    if attributes.get("term"):
        reader.draft.tags.append(attributes["term"])
    elif attributes.get("label") or (not text and attributes):
        raise Odd  # a tag without a term takes the next one's text
    if text:
        reader.draft.tags.append(text)
    if len(reader.draft.tags) > 90:
        raise Odd


def _on_enclosure(reader: _EntryReader, element: etree._Element, names: Names) -> None:  # noqa: ARG001
    attributes = plain_attributes(element)
    if len(element) or "uri" in attributes or "href" in attributes:
        raise Odd
    if _is_picture(attributes) and attributes.get("url"):
        reader.pictures.append((2, attributes["url"]))


def _on_media(reader: _EntryReader, element: etree._Element, names: Names) -> None:
    attributes = plain_attributes(element)
    if len(element):
        raise Odd
    thumbnail = names[element.tag] == "media:thumbnail"
    if thumbnail and (not attributes.get("url") or (element.text or "").strip()):
        raise Odd
    if attributes.get("url") and (thumbnail or _is_picture(attributes)):
        reader.pictures.append((0 if thumbnail else 1, attributes["url"]))


def _is_picture(attributes: dict[str, str]) -> bool:
    return attributes.get("medium") == "image" or attributes.get("type", "").startswith("image/")


_HANDLERS: dict[str, Callable[[_EntryReader, Any, Names], None]] = {
    "title": _on_title,
    "link": _on_link,
    "guid": _on_guid,
    "id": _on_guid,
    "pubdate": _on_published,
    "published": _on_published,
    "updated": _on_updated,
    "dc:date": _on_updated,
    "description": _on_description,
    "summary": _on_summary,
    "content": _on_content,
    "content:encoded": _on_encoded,
    "author": _on_author,
    "dc:creator": _on_author,
    "category": _on_category,
    "dc:subject": _on_category,
    "enclosure": _on_enclosure,
    "media:content": _on_media,
    "media:thumbnail": _on_media,
}
