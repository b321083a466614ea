"""Pages laid out without paragraphs: tables and line breaks made into divisions of text."""

from __future__ import annotations

import re

from lxml import etree
from lxml.html import HtmlElement

from extractors.text import HAN_KANA

# What may hold a whole article's text directly, and what may stand inside its lines.
_HOLDERS = frozenset({"div", "section", "article", "td", "main", "font", "body"})
_INLINE_NAMES = """
a abbr acronym b bdi bdo big cite code del em font i ins kbd mark q s small span strong sub sup
time tt u var wbr
"""
_INLINE = frozenset(_INLINE_NAMES.split())
_LEAST_DIRECT = 250  # characters of direct text from which a division is taken for an article
_BREAKS = 4  # line breaks in a cell that holds a text
_DIVISIONS = 3
_SENTENCE, _FOOTER = 60, 300  # characters
_MUCH_MORE, _MOST_BODIES = 3, 5
_SHARE = 0.2  # of what all such divisions say
_DENSE = re.compile(f"[{HAN_KANA}]{{3}}")
_BARE_BODIES = etree.XPath("descendant::div[@itemprop='articleBody'][not(*)]")
_TEXT = etree.XPath("string()")
_LENGTH = etree.XPath("string-length(normalize-space())")


def text_length(element: HtmlElement) -> int:
    """Return the number of characters of an element's text, white space folded."""
    return int(_LENGTH(element))  # type: ignore[arg-type]


def whole_text(element: HtmlElement) -> str:
    """Return an element's text as it stands, without the white space around it."""
    return str(_TEXT(element)).strip()


def is_sentence(element: HtmlElement, length: int) -> bool:
    """Say whether `length` characters of an element's text are enough for a sentence; Han and
    kana need a third of it.
    """
    if length >= _SENTENCE:
        return True
    return 3 * length >= _SENTENCE and bool(_DENSE.search(whole_text(element)))


def split_breaks(tree: HtmlElement) -> None:
    """Turn text that only line breaks divide into paragraphs, in place.

    Older systems put a whole article into one division; its direct text is gathered with the
    inline elements around it, from one break or block to the next. Where the source of such a
    text, or of a quotation, happens to go on in a new line, none begins.
    """
    parents = {line.getparent() for line in tree.iter("br")}
    for block in (*parents, *tree.iter("blockquote")):
        if block is not None:
            _fold_lines(block)
    for parent in parents:
        if (
            parent is not None
            and parent.tag in _HOLDERS
            and _direct_length(parent) >= _LEAST_DIRECT
        ):
            _wrap_runs(parent)


def _fold_lines(block: HtmlElement) -> None:
    if block.text and "\n" in block.text:
        block.text = block.text.replace("\n", " ")
    for child in block:
        if child.tail and "\n" in child.tail:
            child.tail = child.tail.replace("\n", " ")
        if child.tag in _INLINE:
            _fold_lines(child)


def _direct_length(parent: HtmlElement) -> int:
    pieces = [parent.text or "", *(child.tail or "" for child in parent)]
    return sum(len(piece.strip()) for piece in pieces)


def _wrap_runs(parent: HtmlElement) -> None:
    children = list(parent)
    run = parent.makeelement("p")
    run.text, parent.text = parent.text, None
    whole: list[HtmlElement] = []
    for child in children:
        tail, child.tail = child.tail, None
        parent.remove(child)
        if child.tag in _INLINE:
            run.append(child)
            child.tail = tail
            continue
        whole.append(run)
        if child.tag != "br":
            whole.append(child)
        run = parent.makeelement("p")
        run.text = tail
    whole.append(run)
    parent.extend(
        item for item in whole if item.tag != "p" or len(item) or (item.text or "").strip()
    )


def settle_hidden_body(tree: HtmlElement) -> None:
    """Take out an articleBody of bare text, made for machines, that the page tells again in
    divisions; make one that stands alone a paragraph.
    """
    found: list[HtmlElement] = _BARE_BODIES(tree)  # type: ignore[assignment]
    whole = "".join(whole_text(tree).split()) if found else ""
    for element in found[:_MOST_BODIES]:
        said = "".join((element.text or "").split())
        if len(said) < _SENTENCE:
            continue
        if all(whole.count(end) > 1 for end in (said[:_SENTENCE], said[-_SENTENCE:])):
            element.text = None
        else:
            etree.SubElement(element, "p").text = element.text
            element.text = None


def name_paragraphs(tree: HtmlElement, running: list[tuple[HtmlElement, int]]) -> None:
    """Turn divisions with no blocks inside into paragraphs, a class at a time, where they say more
    than the `running` paragraphs: pages without paragraphs. Below the first of these they must
    say much more: readers write in them too.
    """
    leaves: dict[str, list[HtmlElement]] = {}
    told: dict[str, int] = {}
    early: set[str] = set()
    first = running[0][0] if running else None
    above = True
    for element in tree.iter("div", "p"):
        if element.tag == "p":
            above = above and element is not first
            continue
        if any(child.tag not in _INLINE and child.tag != "br" for child in element):
            continue
        length = text_length(element)
        if not length:
            continue
        names = (element.get("class") or "").partition(" ")[0]
        leaves.setdefault(names, []).append(element)
        unlinked = length - sum(map(text_length, element.iter("a")))
        if is_sentence(element, unlinked):
            told[names] = told.get(names, 0) + unlinked
            if above:
                early.add(names)
    whole, least = sum(told.values()), sum(length for _, length in running)
    for names, length in told.items():
        more = 1 if names in early or least < _FOOTER else _MUCH_MORE
        if length >= _SHARE * whole and length > more * least and len(leaves[names]) > 2:
            for element in leaves[names]:
                element.tag = "p"


def unwrap_layout(tree: HtmlElement) -> None:
    """Turn tables that lay out the page, not data, into plain divisions.

    Such a table holds another one, a headline, or several paragraphs in one cell.
    """
    for table in list(tree.iter("table")):
        if _lays_out(table):
            table.tag = "div"
            for part in list(table.iter("tbody", "thead", "tr", "td", "th", "center")):
                if next(part.iterancestors("table"), None) is None:
                    part.tag = "div"
                    part.attrib.pop("align", None)


def _lays_out(table: HtmlElement) -> bool:
    if table.find(".//table") is not None or table.find(".//h1") is not None:
        return True
    return any(len(cell.findall("p")) >= 3 or _broken_text(cell) for cell in table.iter("td"))


def _broken_text(cell: HtmlElement) -> bool:
    """Say whether a cell holds paragraphs that line breaks or divisions divide."""
    divided = len(cell.findall("div")) >= _DIVISIONS or len(cell.findall(".//br")) >= _BREAKS
    return divided and text_length(cell) >= _LEAST_DIRECT
