"""What a page says of itself outside its text: every statement, with who makes it.

One pass over a parsed page gathers titles, dates, authors and the rest out of JSON-LD,
OpenGraph, microdata, <meta>, <time>, h1 and <title>. Nothing is chosen here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml.etree import XPath
from lxml.html import HtmlElement

from extractors.jsonld import LinkedData, Node, read_linked_data, text_of, types_of, url_of
from extractors.meta_names import (
    AUTHOR_SET,
    FREE_NAMES,
    IMAGE_NAMES,
    LEAD_NAMES,
    MODIFIED_SET,
    PUBLISHED,
    PUBLISHED_SET,
    SECTION_NAMES,
    SITE_NAMES,
    TAG_NAMES,
    TITLE_NAMES,
)
from extractors.text import normalise_line

Statement = tuple[str, str]  # (origin, value as it stood)

_DATE_PROPERTIES = {
    "datepublished": "published",
    "datecreated": "published",
    "datemodified": "modified",
}
_BYLINES = XPath(
    "//a[contains(@rel,'author')]|"
    "//*[self::a or self::span or self::div or self::p or self::address]"
    "[contains(@class,'uthor') or contains(@class,'yline') or contains(@class,'y-line')]"
)
_BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?line|author|authors|writer|journalist|reporter|autor)", re.I
)
_BYLINE_INNER = re.compile(
    r"bio|avatar|image|img|photo|social|about|follow|email|twitter|box|info|comment|desc|date|"
    r"time|role|title",
    re.I,
)


@dataclass(slots=True)
class Statements:
    """Everything a page states, in document order; filled by `read_statements` and then only read.

    Dates are raw; `accessible` holds raw words on whether the page is free to read.
    """

    titles: list[Statement] = field(default_factory=list)
    published: list[Statement] = field(default_factory=list)
    modified: list[Statement] = field(default_factory=list)
    authors: list[Statement] = field(default_factory=list)
    sites: list[Statement] = field(default_factory=list)
    languages: list[Statement] = field(default_factory=list)
    leads: list[Statement] = field(default_factory=list)
    canonical: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    accessible: list[str] = field(default_factory=list)
    page_types: list[str] = field(default_factory=list)
    linked: LinkedData = field(default_factory=LinkedData)
    body: str | None = None  # JSON-LD articleBody, as it stood
    words: int | None = None  # JSON-LD wordCount
    amp: bool = False
    redirects_to: str | None = None  # <meta http-equiv=refresh>
    indexed: bool = True


def read_statements(tree: HtmlElement, url: str | None) -> Statements:
    """Gather what the page `tree`, asked for at `url`, states of itself; the tree is kept."""
    page = Statements()
    scripts: list[str] = []
    _read_language(tree, page)
    for element in tree.iter("meta", "link", "title", "script"):
        tag = element.tag
        if tag == "meta":
            _read_meta(element, page)
        elif tag == "link":
            _read_link(element, page)
        elif tag == "title":
            if (
                element.text
                and element.getparent() is not None
                and element.getparent().tag != "svg"
            ):
                _add(page.titles, "title", element.text)
        elif "ld+json" in (element.get("type") or "").lower() and element.text:
            scripts.append(element.text)
    for heading in tree.iter("h1"):
        _add(page.titles, "h1", _heading_text(heading))
    _read_microdata(tree, page)
    _read_times(tree, page)
    own = frozenset(
        address.partition("#")[0].rstrip("/") for address in (url, *page.canonical) if address
    )
    known = tuple(value.casefold() for _, value in page.titles if len(value) > 10)
    page.linked = read_linked_data(scripts, own, known)
    _read_linked(page)
    if not page.authors:
        _read_bylines(tree, page)
    return page


def _read_language(tree: HtmlElement, page: Statements) -> None:
    for name in ("lang", "{http://www.w3.org/XML/1998/namespace}lang", "xml:lang"):
        value = tree.get(name)
        if value:
            _add(page.languages, "meta", value)


def _add(statements: list[Statement], origin: str, value: str | None) -> None:
    text = normalise_line(value or "")
    if text and (origin, text) not in statements:
        statements.append((origin, text))


def _heading_text(heading: HtmlElement) -> str:
    return " ".join(part for part in heading.itertext() if part)


def _read_meta(element: HtmlElement, page: Statements) -> None:
    content = element.get("content")
    if not content:
        return
    for attribute in ("property", "name", "itemprop", "http-equiv"):
        name = element.get(attribute)
        if name:
            _read_named(name.strip().lower(), content, attribute, page)


def _read_named(name: str, content: str, attribute: str, page: Statements) -> None:
    if attribute == "http-equiv":
        if name == "content-language":
            _add(page.languages, "meta", content)
        elif name == "refresh" and "url=" in content.lower():
            page.redirects_to = content
        return
    if attribute == "itemprop":
        _read_property(name, content, page)
        return
    origin = "opengraph" if name.startswith(("og:", "article:")) else "meta"
    if name in TITLE_NAMES:
        _add(page.titles, TITLE_NAMES[name], content)
    elif name in PUBLISHED or name in PUBLISHED_SET:
        _add(page.published, PUBLISHED.get(name, "meta"), content)
    elif name in MODIFIED_SET:
        _add(page.modified, origin, content)
    elif name in AUTHOR_SET:
        _add(page.authors, origin, content)
    elif name in SITE_NAMES:
        _add(page.sites, origin, content)
    else:
        _read_rest(name, content, origin, page)


def _read_rest(name: str, content: str, origin: str, page: Statements) -> None:
    if name in LEAD_NAMES:
        _add(page.leads, origin, content)
    elif name in IMAGE_NAMES:
        page.images.append(content)
    elif name in SECTION_NAMES:
        page.sections.append(content)
    elif name in TAG_NAMES:
        page.tags += content.split(",") if "keyword" in name or "tags" in name else [content]
    elif name == "og:locale" or name in ("language", "dc.language", "dcterms.language"):
        _add(page.languages, origin, content)
    elif name == "og:url":
        page.canonical.append(content)
    elif name == "og:type":
        page.page_types.append(content.strip().lower())
    elif name in FREE_NAMES:
        page.accessible.append(content.strip().lower())


def _read_link(element: HtmlElement, page: Statements) -> None:
    rel, href = (element.get("rel") or "").lower().split(), element.get("href")
    if href and "canonical" in rel:
        page.canonical.insert(0, href)


def _read_property(name: str, value: str, page: Statements) -> None:
    what = _DATE_PROPERTIES.get(name)
    if what == "published":
        _add(page.published, "microdata", value)
    elif what == "modified":
        _add(page.modified, "microdata", value)
    elif name in ("headline", "name headline", "headline name"):
        _add(page.titles, "microdata", value)
    elif name == "inlanguage":
        _add(page.languages, "microdata", value)
    elif name == "isaccessibleforfree":
        page.accessible.append(value.strip().lower())
    elif name == "articlesection":
        page.sections.append(value)


def _read_microdata(tree: HtmlElement, page: Statements) -> None:
    for element in tree.xpath("//*[@itemprop][not(self::meta)]"):
        name = element.get("itemprop").strip().lower()
        if name in _DATE_PROPERTIES:
            value = element.get("datetime") or element.get("content") or _heading_text(element)
            if not _nested_article(element):
                _read_property(name, value[:200], page)
        elif "headline" in name.split() and not _nested_article(element):
            _add(page.titles, "microdata", _heading_text(element)[:500])
        elif name == "author" and not _nested_article(element):
            inner = element.xpath(".//*[@itemprop='name']")
            for named in inner or [element]:
                _add(
                    page.authors, "microdata", (named.get("content") or _heading_text(named))[:200]
                )


def _nested_article(element: HtmlElement) -> bool:
    """Say whether the element describes a linked article, a comment or a list item instead."""
    for ancestor in element.iterancestors():
        kind = (ancestor.get("itemtype") or "").lower()
        if kind.endswith(
            (
                "/comment",
                "/usercomments",
                "/listitem",
                "/itemlist",
                "/person",
                "/videoobject",
                "/imageobject",
            )
        ):
            return True
        if (ancestor.get("itemprop") or "").lower() in ("comment", "itemlistelement", "ispartof"):
            return True
        if ancestor.tag in ("aside", "nav"):
            return True
    return False


_MOST_TIMES = 40


def _read_times(tree: HtmlElement, page: Statements) -> None:
    for count, element in enumerate(tree.iter("time")):
        if count >= _MOST_TIMES:
            return
        if _in_list(element):
            continue
        value = element.get("datetime") or element.get("content") or _heading_text(element)
        words = " ".join(
            (
                element.get("class") or "",
                element.get("itemprop") or "",
                (element.getparent().get("class") or "") if element.getparent() is not None else "",
            )
        ).lower()
        target = (
            page.modified
            if re.search(r"updat|modif|edited|aktualis|changed", words)
            else page.published
        )
        _add(target, "time", value[:120])


def _in_list(element: HtmlElement) -> bool:
    """Say whether the element sits in a link, a list, an aside, the frame or an inner article."""
    articles = 0
    for ancestor in element.iterancestors():
        if ancestor.tag in ("a", "li", "aside", "nav", "footer"):
            return True
        articles += ancestor.tag == "article"
    return articles > 1


def _read_bylines(tree: HtmlElement, page: Statements) -> None:
    found = 0
    for element in _elements(_BYLINES, tree):
        if found >= 6:
            return
        if _in_list(element) and element.get("rel") is None and not _link_itself(element):
            continue
        classes = element.get("class") or ""
        if element.get("rel") is None and (
            not _BYLINE_CLASS.search(classes) or _BYLINE_INNER.search(classes)
        ):
            continue
        value = normalise_line(_heading_text(element))
        if 3 <= len(value) <= 120:
            found += 1
            _add(page.authors, "text", value)


def _elements(path: XPath, tree: HtmlElement) -> list[HtmlElement]:
    found = path(tree)
    return (
        [item for item in found if isinstance(item, HtmlElement)] if isinstance(found, list) else []
    )


def _link_itself(element: HtmlElement) -> bool:
    parent = element.getparent()
    return element.tag == "a" or (parent is not None and parent.tag == "a" and not _in_list(parent))


def _read_linked(page: Statements) -> None:
    article = page.linked.article
    for node in page.linked.nodes:
        kinds = types_of(node)
        if kinds & {"newsmediaorganization", "website"}:
            _add(page.sites, "json-ld", text_of(node.get("name")))
            _add(page.sites, "json-ld", text_of(node.get("alternateName")))
    if article is None:
        return
    for key in ("headline", "name", "alternativeHeadline"):
        title = text_of(article.get(key))
        if title and (key == "headline" or "headline" not in article):
            page.titles.insert(0, ("json-ld", normalise_line(title)))
            break
    for key in ("datePublished", "dateCreated", "uploadDate"):
        for value in _several(article.get(key)):
            _add(page.published, "json-ld", value)
        if page.published and page.published[-1][0] == "json-ld":
            break
    _add(page.modified, "json-ld", text_of(article.get("dateModified")))
    for person in authors_of(article.get("author") or article.get("creator")):
        _add(page.authors, "json-ld", person)
    _add(page.sites, "json-ld", text_of(article.get("publisher")))
    _add(page.languages, "json-ld", text_of(article.get("inLanguage")))
    _read_linked_rest(article, page)


def _several(value: object) -> list[str]:
    found = value if isinstance(value, list) else [value]
    return [
        str(item)
        for item in found
        if isinstance(item, (str, int, float)) and not isinstance(item, bool)
    ]


def authors_of(value: object) -> list[str]:
    """Return the names in a JSON-LD author: strings, persons, organisations, or lists of them."""
    if isinstance(value, list):
        return [name for item in value[:30] for name in authors_of(item)]
    if isinstance(value, dict):
        named = value.get("name")
        if isinstance(named, (list, dict)):
            return authors_of(named)
        given, family = text_of(value.get("givenName")), text_of(value.get("familyName"))
        name = text_of(named) or " ".join(part for part in (given, family) if part)
        return [name] if name else []
    plain = text_of(value)
    return [plain] if plain else []


def _read_linked_rest(article: Node, page: Statements) -> None:
    body = article.get("articleBody")
    page.body = body if isinstance(body, str) and body.strip() else None
    words = article.get("wordCount")
    if isinstance(words, (int, str)) and str(words).strip().isdigit():
        page.words = int(str(words).strip()[:9])
    for value in _several(article.get("articleSection")):
        page.sections.insert(0, value)
    keywords = article.get("keywords")
    page.tags += keywords.split(",") if isinstance(keywords, str) else _several(keywords)
    _add(page.leads, "json-ld", text_of(article.get("description")))
    image = url_of(article.get("image")) or url_of(article.get("thumbnailUrl"))
    if image:
        page.images.append(image)
    free = article.get("isAccessibleForFree")
    if free is not None:
        page.accessible.append("free:" + str(free).strip().lower().rsplit("/", 1)[-1])
    for kind in sorted(types_of(article)):
        page.page_types.append(kind)
