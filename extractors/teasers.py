"""Other stories on a page: headlines that are links, alone, with blurbs, or in cards, and whole
ones below the first. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from urllib.parse import SplitResult, urlsplit

from lxml.html import HtmlElement

from extractors.layout import is_sentence, text_length, whole_text

_FEWEST = 3  # headlines of a row
_SHORTEST = 12  # characters of a headline; Han, kana and Hangul say the same in a third
_SHORTEST_DENSE = 5
_LEAST_LINKED = 0.35  # share of the row's text that stands in links
_LONGEST_REST = 90  # characters of the longest piece beside the headlines: a blurb, a date
_HIGHEST = 5  # levels above a headline at which its row is looked for
_ROWS = frozenset({"div", "section", "aside", "ul", "ol", "td", "table", "dl", "footer"})
_WHOLE = frozenset({"p", "div", "li", "h2", "h3", "h4", "h5", "td", "dt", "article", "header"})
# Cards with whole paragraphs: how deep these lie in one, how many make a row, what share of the
# running text they may hold, and how long a headline is at least.
_CARD_TAGS = frozenset({"div", "article", "section", "li"})
_ROW_DEPTH, _FEWEST_CARDS, _MOST_CARDS, _SHORTEST_TEASER = 3, 4, 0.9, 15
_CARD_DEPTH, _MOST_OF_CARD = 7, 80  # levels above a byline, and elements of a card
# The next story below: where its address stands, its length beside the page's own, and how many
# blocks with a time each are a live blog's updates.
_ADDRESSES = ("data-url", "data-href", "data-permalink", "data-uri", "about", "itemid")
_SHORTEST_STORY, _MOST_CUT, _FEWEST_UPDATES, _FEWEST_SENTENCES = 300, 1.5, 2, 2
_NUMBER, _NOT_WORDS = re.compile(r"\d{5,}"), re.compile(r"[\W\d_]+")
_SITE_NAME = re.compile(r"logo|brand|masthead|site-?(?:title|name|header)", re.IGNORECASE)
_HEADINGS = frozenset({"h2", "h3", "h4", "h5"})
_INLINE = frozenset({"strong", "em", "b", "i", "span", "u", "font", "small"})


def teaser_rows(tree: HtmlElement, sentences: Iterable[HtmlElement]) -> list[HtmlElement]:
    """Return the outermost blocks of nothing but teasers: three headlines or more that are links
    to other pages, each a block or a line of its own, and only short pieces beside them. What
    holds one of `sentences` is none.
    """
    homes_of_text = {item.getparent() for item in sentences}
    failed = {outer for home in homes_of_text if home is not None for outer in _around(home)}
    homes: dict[HtmlElement, list[HtmlElement]] = {}
    for link in tree.iter("a"):
        block = _block(link)
        home = block.getparent() if block is not None else None
        if home is not None and home not in failed:
            homes.setdefault(home, []).append(link)
    rows: dict[HtmlElement, list[int]] = {}
    for home, links in homes.items():
        said = [length for link in links if (length := _headline(link))]
        outer: HtmlElement | None = home if said else None
        for _ in range(_HIGHEST):
            if outer is None or outer.tag == "body" or outer in failed:
                break
            if outer.tag in _ROWS:
                rows.setdefault(outer, []).extend(said)
            outer = outer.getparent()
    found: set[HtmlElement] = set()
    for row, linked in sorted(rows.items(), key=lambda item: len(item[1])):  # inner ones first
        if len(linked) < _FEWEST or row in failed:
            continue
        if _is_row(row, sum(linked), found):
            found.add(row)
        else:
            failed.update(row.iterancestors())
    return [row for row in rows if row in found and found.isdisjoint(row.iterancestors())]


def cards(running: list[tuple[HtmlElement, int]]) -> set[HtmlElement]:
    """Return the cards that stand in rows with whole paragraphs of the `running` text: siblings of
    one class that all begin with a link to a page of the site. None are they beside paragraphs of
    their row, and on a page of little else: a list.
    """
    homes: dict[HtmlElement, int] = {}
    for paragraph, length in running:
        home = paragraph.getparent()
        if home is not None:
            homes[home] = homes.get(home, 0) + length
    if len(homes) < _FEWEST_CARDS:
        return set()
    rows: dict[tuple[HtmlElement, str], dict[HtmlElement, int]] = {}
    for home, length in homes.items():
        card = home
        for _ in range(_ROW_DEPTH):
            row = card.getparent()
            if row is None:
                break
            names = card.get("class")
            if names and card.tag in _CARD_TAGS:
                alike = rows.setdefault((row, names), {})
                alike[card] = alike.get(card, 0) + length
            card = row
    total = sum(length for _, length in running)
    found = [
        alike
        for (row, _), alike in rows.items()
        if len(alike) >= _FEWEST_CARDS and row not in homes and all(map(_begins_with_link, alike))
    ]
    if sum(sum(alike.values()) for alike in found) > _MOST_CARDS * total:
        return set()
    return {card for alike in found for card in alike}


def next_stories(tree: HtmlElement, addresses: Collection[str]) -> list[HtmlElement]:
    """Return the whole stories that a site shows below the page's own when a reader scrolls on:
    blocks like the one that holds the headline and its text, each with a headline dressed alike and
    an address that is none of `addresses`, the page's own. None where these are not known, where
    what would go is much more than stays, and of a live blog.
    """
    headline = tree.find(".//h1")
    if headline is None or not addresses:
        return []
    pages = [_address(own) for own in addresses]
    for block in headline.iterancestors("section", "article", "div", "li"):
        names = block.get("class")
        if not names:
            continue
        alike = [other for other in block.itersiblings(block.tag) if other.get("class") == names]
        found = [other for other in alike if _is_story(other, headline, pages)]
        if not found:
            continue
        timed = sum(other.find(".//time") is not None for other in alike)
        longest = _MOST_CUT * text_length(block)
        safe = timed < _FEWEST_UPDATES and sum(map(text_length, found)) <= longest
        return found if safe and _tells_story(block, headline) else []
    return []


def _address(value: str) -> SplitResult:
    try:
        return urlsplit(value.strip())
    except ValueError:
        return urlsplit("")


def _is_story(block: HtmlElement, headline: HtmlElement, pages: list[SplitResult]) -> bool:
    own = next(block.iter("h1", "h2"), None)
    if own is None or text_length(block) < _SHORTEST_STORY:
        return False
    dress = set((headline.get("class") or "").split())
    if own.tag != "h1" and dress.isdisjoint((own.get("class") or "").split()):
        return False
    said = (block.get(name, "") for name in _ADDRESSES)
    addresses = [_address(value) for value in said if value.startswith(("/", "http"))]
    return bool(addresses) and all(_parted(one, page) for one in addresses for page in pages)


def _parted(one: SplitResult, page: SplitResult) -> bool:
    """Say whether two addresses are of two stories: alike but for the last words. A picture's, a
    chapter's, a translation's, or one with the same number as the page's is not.
    """
    if one.netloc and page.netloc and one.netloc != page.netloc:
        return False
    *road, last = one.path.lower().strip("/").split("/")
    *pages_road, pages_last = page.path.lower().strip("/").split("/")
    if len(road) != len(pages_road) or road[:1] != pages_road[:1]:
        return False
    if not set(_NUMBER.findall(last)).isdisjoint(_NUMBER.findall(pages_last)):
        return False
    words, pages_words = _NOT_WORDS.sub("", last), _NOT_WORDS.sub("", pages_last)
    return words not in pages_words and pages_words not in words  # '' is in all


def _tells_story(block: HtmlElement, headline: HtmlElement) -> bool:
    """Say whether a block holds running text and not the head of the site with its name."""
    if any(_SITE_NAME.search(item.get("class") or "") for item in (headline, block)):
        return False
    if any(outer in block.iterancestors() for outer in headline.iterancestors("header", "nav")):
        return False
    told = (item for item in block.iter("p") if is_sentence(item, text_length(item)))
    return len(list(islice(told, _FEWEST_SENTENCES))) == _FEWEST_SENTENCES


def _begins_with_link(card: HtmlElement) -> bool:
    for link in card.iter("a"):
        text = whole_text(link)
        if text:
            shop = link.get("target") == "_blank" or "nofollow" in (link.get("rel") or "")
            leads = not shop and not (link.get("href") or "#").startswith("#")
            return leads and len(text) >= _SHORTEST_TEASER and whole_text(card).startswith(text)
    return False


def in_card(element: HtmlElement, titles: Collection[str]) -> bool:
    """Say whether a byline or a date stands in the card of another story: a small block without a
    headline but with a smaller heading that is a link, and stands in none of the page's `titles`.
    """
    for outer, _ in zip(element.iterancestors(), range(_CARD_DEPTH), strict=False):
        heading = None
        for count, item in enumerate(outer.iter()):
            if count > _MOST_OF_CARD or item.tag in ("h1", "main", "body"):
                return False
            if heading is None and item.tag in _HEADINGS and _is_linked(item):
                heading = item
        if heading is not None and element not in heading.iterancestors():
            said = " ".join(whole_text(heading).split())
            return not any(said in title for title in titles)
    return False


def _is_linked(heading: HtmlElement) -> bool:
    parent = heading.getparent()
    return (parent is not None and parent.tag == "a") or heading.find(".//a") is not None


def _around(home: HtmlElement) -> Iterator[HtmlElement]:
    yield home
    yield from home.iterancestors()


def _block(link: HtmlElement) -> HtmlElement | None:
    """Return the block that a link to another page opens, alone in it or in its line, or None."""
    if (link.get("href") or "#")[:1] == "#":
        return None
    element = link
    while True:
        if element.tail and not element.tail.isspace():
            return None  # a sentence goes on
        parent = element.getparent()
        if parent is None:
            return None
        before = element.getprevious()
        if before is not None:
            parted = before.tag in ("br", "hr", "img") or before.tag in _WHOLE
            return parent if parted and not (before.tail or "").strip() else None
        if parent.text and not parent.text.isspace():
            return None
        if parent.tag not in _INLINE:
            return parent
        element = parent


def _headline(link: HtmlElement) -> int:
    """Return the length of what a link says if it is long enough for a headline, else 0."""
    length = text_length(link)
    if length >= _SHORTEST:
        return length
    dense = length >= _SHORTEST_DENSE and max("".join(link.itertext())) >= "\u2e80"
    return length if dense else 0


def _is_row(row: HtmlElement, linked: int, known: set[HtmlElement]) -> bool:
    if linked < _LEAST_LINKED * text_length(row):
        return False
    return row.find(".//h1") is None and all(map(_is_short, _pieces(row, known)))


def _is_short(piece: str) -> bool:
    dense = 3 if max(piece, default="") >= "\u2e80" else 1
    return dense * len(piece) <= _LONGEST_REST


def _pieces(element: HtmlElement, known: set[HtmlElement]) -> Iterator[str]:
    """Yield the texts beside the links and the rows `known`, inline markup run together."""
    run = [element.text or ""]
    for child in element:
        if child.tag in _INLINE and len(child) == 0:
            run.append(child.text or "")
        else:
            yield " ".join("".join(run).split())
            run = []
            if child.tag != "a" and child not in known:
                yield from _pieces(child, known)
        run.append(child.tail or "")
    yield " ".join("".join(run).split())
