"""What is taken out of a parsed page before its text is: furniture, promotions, read-more links.

Trafilatura prunes inside the container it chooses; what is cut here is what it leaves in, and
what only costs it time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement

from extractors.containers import by_home, mark_home, spare_blocks
from extractors.furniture import BOX_HEADINGS, COMMENTS, HOUSE_RULES, MORE, NAMED_NOISE, RULE_WORDS
from extractors.layout import (
    is_sentence,
    name_paragraphs,
    settle_hidden_body,
    split_breaks,
    text_length,
    unwrap_layout,
    whole_text,
)
from extractors.teasers import cards, next_stories, teaser_rows

# Elements that never hold an article's words. Cutting them first halves trafilatura's work.
_FURNITURE = (
    "script", "style", "svg", "iframe", "template", "link", "meta", "noscript", "picture", "source",
    "video", "audio", "canvas", "object", "embed", "button", "select", "input", "textarea", "nav",
    "dialog", "map",
)  # fmt: skip

_NO_LETTER = re.compile(r"[\W_]+")
_SHORTEST_QUOTE, _LONGEST_QUOTE = 15, 300  # letters
_LONGEST_SPEAKER, _MOST_QUOTES = 30, 60
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BLOCKS = (
    "div", "section", "aside", "ul", "ol", "p", "span", "details", "figure", "footer", "h2", "h3",
    "h4", "dl", "table", "small", "figcaption", "blockquote", "em",
)  # fmt: skip
_HEADINGS = ("h2", "h3", "h4", "h5", "strong", "header", "b")
_LABELLED = frozenset({"section", "aside"})
_KICKERS = frozenset({"h2", "h3", "h4", "h5"})
_LONGEST_KICKER, _LONGEST_CAPTION = 60, 250  # characters
_BOXES = frozenset({"div", "section", "aside"})
_LARGEST_BOX = 800  # characters

# Characters of running text, and its share of all, below which the text may be in divisions.
_FEW_PARAGRAPHS, _MANY_PARAGRAPHS, _LITTLE_OF_PAGE = 1000, 2000, 0.25
_LONGEST_BLURB = 90  # characters below a teaser's headline

_LINKED_SHARE = 0.9  # a paragraph with this much of it in links is a link, not a sentence
_MORE_SHARE = 0.4
_NOTICES = frozenset({"p", "div", "li"})
_PARTS = re.compile("[-_.]")
_LONGEST_LINK, _LONGEST_NOTICE, _LONGEST_RULES = 250, 700, 30
_MOST_CUT = 0.3  # share of the page's running text one cut may take
_MOST_OF_A_CLASS = 0.5  # and what all elements of one class may take together
_MOST_COMMENTS = 0.85  # readers may well write more than the reporter did


@dataclass(frozen=True, slots=True)
class Running:
    """Running text of a page after pruning: the paragraphs that read like sentences.

    `characters` is their length together, `elements` the paragraphs, in document order.
    """

    characters: int
    elements: tuple[HtmlElement, ...]


def prune_page(tree: HtmlElement, addresses: tuple[str, ...] = ()) -> Running:
    """Cut from `tree`, in place, what is not the article, and return its running text.

    `addresses` are those that the page states as its own.

    Nothing is cut that holds an h1 or more than a third of the page's running text, whatever its
    class says, nor what holds half of it together with others of its class: an article may well
    come in blocks called promo.
    """
    etree.strip_elements(tree, *_FURNITURE, with_tail=False)
    for story in next_stories(tree, addresses):
        drop(story)
    unwrap_layout(tree)
    split_breaks(tree)
    running = _running(tree)
    total = sum(length for _, length in running)
    if total < _FEW_PARAGRAPHS or (
        total < _MANY_PARAGRAPHS and total < _LITTLE_OF_PAGE * text_length(tree)
    ):
        settle_hidden_body(tree)
        name_paragraphs(tree, running)
        running = _running(tree)
        total = sum(length for _, length in running)
    bare = total == 0  # no paragraphs at all: the whole text is the measure
    total = total or text_length(tree)
    limit = _MOST_CUT * total
    held = _held_by_class(running)
    quotes: list[HtmlElement] = []
    for element in list(tree.iter(*_BLOCKS)):
        classes, tag = element.get("class"), element.tag
        names = classes, element.get("id")
        if tag == "blockquote" or (classes and "quote" in classes):
            quotes.append(element)
        if tag in _LABELLED and (label := element.get("aria-label")):
            names = f"{classes or ''} {label}", names[1]
        if element.get("role") != "complementary" and (names == (None, None) or not _noisy(*names)):
            continue
        remarks = _comments(*names)
        if held.get(classes or "", 0) > (_MOST_COMMENTS if remarks else _MOST_OF_A_CLASS) * total:
            continue
        if _may_go(element, _MOST_COMMENTS * total if remarks else limit, bare):
            drop(element)
    for card in cards(running):
        drop(card)
    _cut_beside(tree)
    _cut_lists(tree, limit)
    for row in teaser_rows(tree, (item for item, length in running if length > _LONGEST_BLURB)):
        drop(row)
    _cut_links(tree)
    _cut_headings(tree, limit)
    _cut_quotes(tree, quotes)
    left = set(tree.iter("p"))  # what is cut keeps its document, not its place
    kept = [(item, length) for item, length in running if item in left]
    spare_blocks(kept)
    mark_home(kept)
    return Running(sum(length for _, length in kept), tuple(item for item, _ in kept))


def drop(element: HtmlElement) -> None:
    """Remove an element and its content; the text after it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        previous = element.getprevious()
        if previous is not None:
            previous.tail = f"{previous.tail or ''} {element.tail}"
        else:
            parent.text = f"{parent.text or ''} {element.tail}"
    parent.remove(element)


def link_share(element: HtmlElement, length: int) -> float:
    """Return the share of an element's `length` characters of text that stands in links."""
    linked = 0
    for link in element.iter("a"):
        linked += text_length(link)
    return linked / length if length else 0.0


def _running(tree: HtmlElement) -> list[tuple[HtmlElement, int]]:
    found = []
    for paragraph in tree.iter("p"):
        length = text_length(paragraph)
        if (
            is_sentence(paragraph, length)
            and link_share(paragraph, length) < 0.5
            and not _in_link(paragraph)
        ):
            found.append((paragraph, length))
    return found


def _held_by_class(running: list[tuple[HtmlElement, int]]) -> dict[str, int]:
    """Count how much running text stands inside elements of each class."""
    held: dict[str, int] = {}
    for around, length in by_home(running):
        for name in {outer.get("class") for outer in around}:
            if name:
                held[name] = held.get(name, 0) + length
    return held


def _in_link(element: HtmlElement) -> bool:
    """Say whether a link stands around the element, as it does around teasers."""
    outer = element.getparent()
    for _ in range(5):
        if outer is None:
            return False
        if outer.tag == "a":
            return True
        outer = outer.getparent()
    return False


@lru_cache(maxsize=32768)
def _noisy(classes: str | None, identity: str | None) -> bool:
    names = f"{classes or ''} {identity or ''}"
    if NAMED_NOISE.search(names):
        return True
    parted = _CAMEL.sub("-", names)
    return parted != names and NAMED_NOISE.search(parted) is not None


@lru_cache(maxsize=8192)
def _comments(classes: str | None, identity: str | None) -> bool:
    return bool(COMMENTS.search(classes or "") or COMMENTS.search(identity or ""))


def _may_go(element: HtmlElement, limit: float, bare: bool) -> bool:
    length = text_length(element)
    if length > limit and (bare or sum(own for _, own in _running(element)) > limit):
        return False
    return length < 200 or element.find(".//h1") is None


def _cut_lists(tree: HtmlElement, limit: float) -> None:
    """Cut lists of which every item is a link, menus and more articles, with the headings of the
    boxes they fill.
    """
    for element in list(tree.iter("ul", "ol")):
        length = text_length(element)
        if 0 < length <= limit and link_share(element, length) >= _LINKED_SHARE:
            heading = element.getprevious() if element.getnext() is None else None
            drop(element)
            if heading is not None and heading.tag in _KICKERS and heading.getprevious() is None:
                drop(heading)


def _cut_beside(tree: HtmlElement) -> None:
    """Cut the heading right above the headline, its kicker, and tables around a picture."""
    headline = tree.find(".//h1")
    above = headline.getprevious() if headline is not None else None
    if above is not None and above.tag in _KICKERS and text_length(above) <= _LONGEST_KICKER:
        drop(above)
    for table in list(tree.iter("table")):
        if table.find(".//img") is not None and text_length(table) <= _LONGEST_CAPTION:
            drop(table)


def _cut_quotes(tree: HtmlElement, found: list[HtmlElement]) -> None:
    """Cut quotations pulled out of the text to be set large: it tells the same words again."""
    likely = [quote for quote in found if quote.tag != "p"][:_MOST_QUOTES]
    quotes = [(quote, _letters(whole_text(quote))) for quote in likely]
    quotes = [item for item in quotes if _SHORTEST_QUOTE <= len(item[1]) <= _LONGEST_QUOTE]
    if not quotes:
        return
    inside = {item for quote, _ in quotes for item in quote.iter("p")}
    told = _letters(" ".join(whole_text(item) for item in tree.iter("p") if item not in inside))
    for quote, whole in quotes:
        first = quote.find(".//p")
        said = _letters(whole_text(first)) if first is not None else whole
        speaker = len(whole) - len(said)
        if len(said) >= _SHORTEST_QUOTE and speaker <= _LONGEST_SPEAKER and said in told:
            drop(quote)


def _letters(text: str) -> str:
    return _NO_LETTER.sub("", text.lower())


def _cut_links(tree: HtmlElement) -> None:
    """Cut paragraphs that only lead to other articles."""
    for link in list(tree.iter("a")):
        element = link.getparent()
        while element is not None and element.tag in (
            "strong",
            "em",
            "b",
            "i",
            "span",
            "u",
            "font",
        ):
            element = element.getparent()
        if element is None or element.tag not in ("p", "div", "li", "h2", "h3", "h4", "h5"):
            continue
        if element.tag == "div" and (len(element) > 6 or element.find(".//p") is not None):
            continue
        text = whole_text(element)
        if _is_notice(link, element, len(text)):
            drop(element)
            continue
        if not 0 < len(text) <= _LONGEST_LINK or element.getparent() is None:
            continue
        share = link_share(element, len(text))
        button = (link.get("href") or "").startswith("javascript:")
        whole = element.tag in ("p", "div") and (button or len(text) > 15)
        if (share >= _LINKED_SHARE and whole) or (share >= _MORE_SHARE and MORE.match(text)):
            drop(element)


def _is_notice(link: HtmlElement, element: HtmlElement, length: int) -> bool:
    """Say whether a paragraph links to the house's own rules: what agrees who signs up, and how
    to remark. A story on such rules links to one of another house.
    """
    if length > _LONGEST_NOTICE or element.tag not in _NOTICES or not _to_rules(link):
        return False
    own = not (link.get("href") or "").startswith(("http:", "https:", "//"))
    return own or sum(map(_to_rules, element.iter("a"))) > 1


def _to_rules(link: HtmlElement) -> bool:
    address = (link.get("href") or "").partition("?")[0].partition("#")[0]
    address = address.rstrip("/")
    last = address.rpartition("/")[2]
    if len(last) > _LONGEST_RULES or RULE_WORDS.isdisjoint(_PARTS.split(last.lower())):
        return False  # asked of each link: most say so at once
    return HOUSE_RULES.match(address) is not None


def _box(heading: HtmlElement, limit: float) -> HtmlElement | None:
    """Return the small block that a heading opens, None where the story goes on in it."""
    box = heading.getparent()
    if box is None or box.tag not in _BOXES or heading.getprevious() is not None:
        return None
    return (
        box if text_length(box) < min(_LARGEST_BOX, limit) and box.find(".//h1") is None else None
    )


def _cut_headings(tree: HtmlElement, limit: float) -> None:
    """Cut boxes of facts, polls or about the author, and read-more headings with what follows
    them if that is links.
    """
    for heading in list(tree.iter(*_HEADINGS)):
        text = whole_text(heading)
        if not 0 < len(text) < 60:
            continue
        more = MORE.match(text)
        if not more and not BOX_HEADINGS.match(text):
            continue
        box = _box(heading, limit)
        if box is not None and (not more or link_share(box, text_length(box)) > _MORE_SHARE):
            drop(box)
            continue
        if not more:
            continue
        following = heading.getnext()
        if following is None:
            if heading.tag not in ("strong", "b"):
                drop(heading)
        elif following.tag in ("ul", "ol", "div"):
            length = text_length(following)
            if length < 1500 and link_share(following, length) > 0.6:
                drop(following)
                drop(heading)
