"""What a page says of itself outside its text: every statement, with who makes it.

One pass over a parsed page gathers titles, dates, authors and the rest out of JSON-LD,
OpenGraph, microdata, <meta>, <time>, h1 and <title>. Nothing is chosen here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

from lxml import etree
from lxml.html import HtmlElement

from extractors.authors import choose_authors
from extractors.bylines import is_agency
from extractors.dates import parse_date
from extractors.jsonld import Node, read_linked_data, text_of, types_of, url_of
from extractors.meta_names import (
    AUTHOR_SET,
    FREE_NAMES,
    IMAGE_NAMES,
    ISSUED_SET,
    LEAD_NAMES,
    MODIFIED_SET,
    PUBLISHED,
    PUBLISHED_SET,
    SECTION_NAMES,
    SITE_NAMES,
    TAG_NAMES,
    TITLE_NAMES,
)
from extractors.records import Precision
from extractors.statements import Statements, add, inner_text
from extractors.teasers import in_card
from extractors.text import normalise_line
from extractors.titles import hung_names
from extractors.urls import registrable_domain
from extractors.visible import (
    headline_of,
    read_bylines,
    read_named_headline,
    read_signature,
    read_signed_line,
    read_times,
    read_visible_dates,
)

_HOUSES = frozenset({"organization", "newsmediaorganization", "corporation"})
_HEADLINES = frozenset({"h1", "opengraph", "microdata"})
_LAST_PART = re.compile("[.:]")  # vendors put their own name before
_DATE_PROPERTIES = {
    "datepublished": "published",
    "datecreated": "published",
    "datemodified": "modified",
}


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
                add(page.titles, "title", element.text)
        elif "ld+json" in (element.get("type") or "").lower() and element.text:
            scripts.append(element.text)
    for heading in tree.iter("h1"):
        if not _is_logo(heading, url):
            add(page.titles, "h1", headline_of(heading))
    _read_microdata(tree, page)
    if not any(origin in _HEADLINES for origin, _ in page.titles):
        read_named_headline(tree, page)
    own = frozenset(
        address.partition("#")[0].rstrip("/") for address in (url, *page.canonical) if address
    )
    known = tuple(title.casefold() for title in page.headlines if len(title) > 10)
    page.linked = read_linked_data(scripts, own, known)
    _read_linked(page)
    read_times(tree, page)
    _read_visible_names(tree, page, url)
    if not any(map(_exact, page.published)):
        read_visible_dates(tree, page)
    return page


_PROPERTIES = etree.XPath("descendant::*[@itemprop]")
_DOMAIN = re.compile(r"[\w-]{2,}(?:\.[\w-]{2,})+")


def site_names(page: Statements, url: str | None) -> tuple[str, ...]:
    """Return the names the site of a page at `url` goes by: those it states, and its host's."""
    names = [value for _, value in page.sites]
    host = urlsplit(url).hostname if url else None
    if host:
        names += [host.removeprefix("www."), registrable_domain(host).removeprefix("www.")]
    names += [name.partition(".")[0] for name in names if _DOMAIN.fullmatch(name)]
    return tuple(dict.fromkeys(name for name in names if name))


# Templates fill an unset date with the year 1 or 1970.
_NEVER = datetime(1971, 1, 1, tzinfo=UTC)


def _read_visible_names(tree: HtmlElement, page: Statements, url: str | None) -> None:
    """Read the byline readers see where the page's own data names neither people nor agency."""
    sites = (*site_names(page, url), *hung_names(tuple(page.titles)))
    known = -1
    for read in (read_bylines, read_signed_line, read_signature):
        if len(page.authors) != known:
            byline = choose_authors(page.authors, sites)
            if byline.people or byline.agency:
                return
        known = len(page.authors)
        read(tree, page)


def _exact(statement: tuple[str, str]) -> bool:
    """Say whether a statement gives a date of our time with its hour and zone."""
    instant, precision, _ = parse_date(statement[1])
    return instant is not None and instant > _NEVER and precision is Precision.INSTANT


def _read_title(element: HtmlElement, page: Statements) -> None:
    """Read the document's title; drawings have titles too."""
    if not any(outer.tag in ("svg", "symbol", "g", "body") for outer in element.iterancestors()):
        add(page.titles, "title", element.text)


def _is_logo(heading: HtmlElement, url: str | None) -> bool:
    """Say whether a headline is the site's name: its link leads to the front page."""
    link = heading.find(".//a")
    if link is None:
        link = next(heading.iterancestors("a"), None)
    if link is None:
        return False
    href = (link.get("href") or "").strip()
    if href in ("/", "./", "index.html", "/index.html"):
        return True
    parts = urlsplit(href)
    own = urlsplit(url or "").hostname or ""
    return parts.hostname == own and bool(own) and parts.path in ("", "/") and not parts.query


def _read_language(tree: HtmlElement, page: Statements) -> None:
    for name in ("lang", "{http://www.w3.org/XML/1998/namespace}lang", "xml:lang"):
        value = tree.get(name)
        if value:
            add(page.languages, "meta", value)


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
            add(page.languages, "meta", content)
        elif name == "refresh" and "url=" in content.lower():
            page.redirects_to = content
        return
    if attribute == "itemprop":
        _read_property(name, content, page)
        return
    origin = "opengraph" if name.startswith(("og:", "article:")) else "meta"
    if name in TITLE_NAMES:
        add(page.titles, TITLE_NAMES[name], content)
    elif name in PUBLISHED or name in PUBLISHED_SET or _LAST_PART.split(name)[-1] in ISSUED_SET:
        add(page.published, PUBLISHED.get(name, "meta"), content)
    elif name in MODIFIED_SET:
        add(page.modified, origin, content)
    elif name in AUTHOR_SET:
        add(page.authors, origin, content)
    elif name in SITE_NAMES:
        add(page.sites, origin, content)
    else:
        _read_rest(name, content, origin, page)


def _read_rest(name: str, content: str, origin: str, page: Statements) -> None:
    if name in LEAD_NAMES:
        add(page.leads, origin, content)
    elif name in IMAGE_NAMES:
        page.images.append(content)
    elif name in SECTION_NAMES:
        page.sections.append(content)
    elif name in TAG_NAMES:
        page.tags += content.split(",") if "keyword" in name or "tags" in name else [content]
    elif name == "og:locale" or name in ("language", "dc.language", "dcterms.language"):
        add(page.languages, origin, content)
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
        add(page.published, "microdata", value)
    elif what == "modified":
        add(page.modified, "microdata", value)
    elif name in ("headline", "name headline", "headline name"):
        add(page.titles, "microdata", value)
    elif name == "inlanguage":
        add(page.languages, "microdata", value)
    elif name == "isaccessibleforfree":
        page.accessible.append(value.strip().lower())
    elif name == "articlesection":
        page.sections.append(value)


def _read_microdata(tree: HtmlElement, page: Statements) -> None:
    titles = page.headlines
    found: list[HtmlElement] = _PROPERTIES(tree)  # type: ignore[assignment]
    for element in found:
        if element.tag == "meta":
            continue
        name = element.get("itemprop").strip().lower()
        if name in _DATE_PROPERTIES:
            value = element.get("datetime") or element.get("content") or inner_text(element)
            if not _nested_article(element):
                _read_property(name, value[:200], page)
        elif "headline" in name.split() and not _nested_article(element):
            add(page.titles, "microdata", inner_text(element)[:500])
        elif name == "author" and not _nested_article(element) and not in_card(element, titles):
            inner = element.findall(".//*[@itemprop='name']")
            for named in inner or [element]:
                add(page.authors, "microdata", (named.get("content") or inner_text(named))[:200])


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


def _read_linked(page: Statements) -> None:
    article = page.linked.article
    for node in page.linked.nodes:
        kinds = types_of(node)
        if kinds & {"newsmediaorganization", "website"}:
            add(page.sites, "json-ld", text_of(node.get("name")))
            add(page.sites, "json-ld", text_of(node.get("alternateName")))
    if article is None:
        return
    for key in ("headline", "name", "alternativeHeadline"):
        title = text_of(article.get(key))
        if title and (key == "headline" or "headline" not in article):
            page.titles.insert(0, ("json-ld", normalise_line(title)))
            break
    for key in ("datePublished", "dateCreated", "uploadDate"):
        for value in _several(article.get(key)):
            add(page.published, "json-ld", value)
        if page.published and page.published[-1][0] == "json-ld":
            break
    add(page.modified, "json-ld", text_of(article.get("dateModified")))
    for person in authors_of(article.get("author") or article.get("creator")):
        add(page.authors, "json-ld", person)
    add(page.sites, "json-ld", text_of(article.get("publisher")))
    add(page.languages, "json-ld", text_of(article.get("inLanguage")))
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
        people = [item for item in value if not _is_house(item)]
        return [
            name
            for item in value[:30]
            for name in authors_of(item)
            if not people or not _is_house(item) or is_agency(name)
        ]
    if isinstance(value, dict):
        named = value.get("name")
        if isinstance(named, (list, dict)):
            return authors_of(named)
        given, family = text_of(value.get("givenName")), text_of(value.get("familyName"))
        name = text_of(named) or " ".join(part for part in (given, family) if part)
        return [name] if name else []
    plain = text_of(value)
    return [plain] if plain else []


def _is_house(value: object) -> bool:
    """Say whether a JSON-LD author is called an organisation; agencies are kept apart later."""
    return isinstance(value, dict) and bool(types_of(value) & _HOUSES)


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
    add(page.leads, "json-ld", text_of(article.get("description")))
    image = url_of(article.get("image")) or url_of(article.get("thumbnailUrl"))
    if image:
        page.images.append(image)
    free = article.get("isAccessibleForFree")
    if free is not None:
        page.accessible.append("free:" + str(free).strip().lower().rsplit("/", 1)[-1])
    for kind in sorted(types_of(article)):
        page.page_types.append(kind)
