"""The blocks around a page's running text, told to trafilatura by the names it goes by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from lxml.html import HtmlElement

from extractors.furniture import BODY_LIKE, TRAFILATURA_DROPS
from extractors.layout import text_length

_DROPPABLE = frozenset({"div", "section", "p", "span"})
_MOST_OF_A_CLASS = 0.5  # share of the running text
_HOMES = frozenset({"div", "section", "main", "span"})
_LEAST_OF_HOME = 0.6  # share of a home's text that reads
_ALMOST_ALL, _FEWEST = 0.9, 3  # share of the running text in its home, and its paragraphs
# Names by which trafilatura knows an article's container.
_KNOWN = re.compile(
    r"(?:entry|page|text|article|art|post|story)[-_]{0,2}(?:content|body|text)|post-?entry|"
    r"article__container|body-text|^article |(?:theme|blog|section|single)-content|single-post|"
    r"main-column|wpb_text_column|field-body|fulltext",
    re.IGNORECASE,
)


def spare_blocks(running: list[tuple[HtmlElement, int]]) -> None:
    """Take off blocks the classes for which trafilatura would drop them, where they and their
    siblings of the same first class, or all blocks of just their classes, hold most of the running
    text: 'Text Text--icon' is text. An aside that holds all of it is none.
    """
    held: dict[tuple[HtmlElement | None, str], int] = {}
    alike: dict[str, int] = {}
    suspects: dict[HtmlElement, tuple[HtmlElement | None, str]] = {}
    asides: dict[HtmlElement, int] = {}
    for around, length in by_home(running):
        for outer in around:
            if outer.tag == "aside":
                asides[outer] = asides.get(outer, 0) + length
            names = outer.get("class")
            if not names or names.isspace():
                continue
            kind = outer.getparent(), names.split(maxsplit=1)[0]
            held[kind] = held.get(kind, 0) + length
            alike[names] = alike.get(names, 0) + length
            if outer.tag in _DROPPABLE and _dropped(names):
                suspects[outer] = kind
    total = sum(length for _, length in running)
    for element, length in asides.items():
        if length == total:
            element.tag = "div"
    for element, kind in suspects.items():
        names = element.get("class")
        if max(held[kind], alike[names]) > _MOST_OF_A_CLASS * total:
            harmless = [name for name in names.split() if not _dropped(name)]
            if BODY_LIKE.search(names):
                harmless.append("post-content")
            element.set("class", " ".join(harmless))


def mark_home(running: list[tuple[HtmlElement, int]]) -> None:
    """Name the smallest block with nearly all running text the article's body, where no block
    around its beginning or around most of it is called so: old layouts, and names of a site's own.
    """
    if len(running) < _FEWEST:
        return
    held: dict[HtmlElement, int] = {}
    for around, length in by_home(running):
        for outer in around:
            held[outer] = held.get(outer, 0) + length
    total = sum(length for _, length in running)
    first = set(running[0][0].iterancestors())
    known = (item for item, length in held.items() if item in first or 2 * length > total)
    if any(map(_is_known, known)):
        return
    home = _home(running, held, _ALMOST_ALL * total)
    if home is not None and held[home] >= _LEAST_OF_HOME * text_length(home):
        home.tag = "div"
        home.set("class", "article-body")


def _home(
    running: list[tuple[HtmlElement, int]], held: dict[HtmlElement, int], least: float
) -> HtmlElement | None:
    """Return the innermost block that holds `least` characters. One that the text begins before
    must hold them undivided: below a short article stand longer teasers.
    """
    whole: dict[HtmlElement, int] = {}
    for paragraph, length in running:
        parent = paragraph.getparent()
        if parent is not None:
            whole[parent] = whole.get(parent, 0) + length
    likely = {*running[0][0].iterancestors(), *(item for item in whole if whole[item] >= least)}
    homes = [item for item in likely if held[item] >= least and item.tag in _HOMES]
    return max(homes, key=lambda item: sum(1 for _ in item.iterancestors()), default=None)


def _is_known(element: HtmlElement) -> bool:
    if element.tag == "article" or element.get("itemprop") == "articleBody":
        return True
    return any(_called_body(names) for names in (element.get("class"), element.get("id")) if names)


@lru_cache(maxsize=16384)
def _called_body(names: str) -> bool:
    return bool(_KNOWN.search(names))


def by_home(running: list[tuple[HtmlElement, int]]) -> Iterator[tuple[list[HtmlElement], int]]:
    """Yield the elements around running paragraphs, once for those that have the same, with the
    characters of these; a paragraph with a class of its own stands for itself.
    """
    homes: dict[HtmlElement, int] = {}
    for paragraph, length in running:
        home = paragraph if paragraph.get("class") else paragraph.getparent()
        if home is not None:
            homes[home] = homes.get(home, 0) + length
    for home, length in homes.items():
        yield [home, *home.iterancestors()], length


@lru_cache(maxsize=32768)
def _dropped(classes: str) -> bool:
    return bool(TRAFILATURA_DROPS.search(classes))
