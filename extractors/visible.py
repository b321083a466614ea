"""What a page shows its readers: times, bylines and dates written out."""

from __future__ import annotations

import re

from lxml.etree import XPath
from lxml.html import HtmlElement

from extractors.dates import parse_date
from extractors.statements import Statements, add, inner_text
from extractors.text import normalise_line

_BYLINES = XPath(
    "//a[contains(@rel,'author')]|"
    "//*[self::a or self::span or self::div or self::p or self::address]"
    "[contains(@class,'uthor') or contains(@class,'yline') or contains(@class,'y-line') or "
    "contains(@class,'eporter') or contains(@class,'ournalist') or contains(@class,'riter')]"
)
_BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?line|author|authors|writer|journalist|reporter|autor)", re.I
)
# What follows a name in a byline's box.
_DATELINE = re.compile(
    r"\d|\b(?:published|updated|posted|last modified|monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday|january|february|march|april|june|july|august|september|october|november|"
    r"december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b",
    re.IGNORECASE,
)
_BYLINE_INNER = re.compile(
    r"bio|avatar|image|img|photo|social|about|follow|email|twitter|box|info|comment|desc|date|"
    r"time|role|title",
    re.I,
)


_MOST_TIMES = 40


def read_times(tree: HtmlElement, page: Statements) -> None:
    """Read <time> elements outside lists, asides and comments."""
    for count, element in enumerate(tree.iter("time")):
        if count >= _MOST_TIMES:
            return
        if _in_list(element):
            continue
        value = element.get("datetime") or element.get("content") or inner_text(element)
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
        add(target, "time", value[:120])


_MOST_LEAVES = 60
_DATE_CLASS = re.compile(r"date|time|publish|posted|datum|fecha|data", re.IGNORECASE)
# What stands before a date that is the article's own.
_DATE_LABEL = re.compile(
    r"^[\W_]*(?:(?:기사\s?)?입력|승인|송고|발행|发布|發布|發佈|刊登|公開日|配信|掲載|published|posted|veröffentlicht|"
    r"erschienen|publié|publicado|pubblicato|опубликован|опубліковано|дата публикации|opublikowano|"
    r"yayın|نُ?شر|פורסם)",
    re.IGNORECASE,
)


def read_visible_dates(tree: HtmlElement, page: Statements) -> None:
    """Read the first dates written out on a page that states none for machines.

    Looked at are short texts after the headline, and elsewhere those whose class or first word
    speaks of publishing.
    """
    seen = found = 0
    below = False
    for element in tree.iter(
        "h1", "h2", "span", "p", "div", "font", "td", "li", "em", "i", "b", "small", "dl", "br"
    ):
        if element.tag in ("h1", "h2"):
            below = below or element.tag == "h1"
            continue
        text = (element.text or "").strip() or (element.tail or "").strip()
        if not 8 <= len(text) <= 80 or not any(char.isdigit() for char in text):
            continue
        seen += below
        if seen > _MOST_LEAVES or found >= 2:
            return
        named = bool(_DATE_CLASS.search(element.get("class") or "") or _DATE_LABEL.match(text))
        if (below or named) and not _in_list(element) and parse_date(text)[0]:
            add(page.published, "text", text)
            found += 1


def _in_list(element: HtmlElement) -> bool:
    """Say whether the element sits in a link, a list, an aside, the frame or an inner article."""
    articles = 0
    for ancestor in element.iterancestors():
        if ancestor.tag in ("a", "li", "aside", "nav", "footer"):
            return True
        if "comment" in (ancestor.get("class") or "").lower():
            return True
        if "footer" in (ancestor.get("id") or "").lower():
            return True
        articles += ancestor.tag == "article"
    return articles > 1


def read_bylines(tree: HtmlElement, page: Statements) -> None:
    """Read the names that stand in links and elements made for authors."""
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
        value = _DATELINE.split(normalise_line(inner_text(element)), maxsplit=1)[0].strip(" -–—|,·")
        if 3 <= len(value) <= 120:
            found += 1
            add(page.authors, "text", value)


def _elements(path: XPath, tree: HtmlElement) -> list[HtmlElement]:
    found = path(tree)
    return (
        [item for item in found if isinstance(item, HtmlElement)] if isinstance(found, list) else []
    )


def _link_itself(element: HtmlElement) -> bool:
    parent = element.getparent()
    return element.tag == "a" or (parent is not None and parent.tag == "a" and not _in_list(parent))
