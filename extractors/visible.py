"""What a page shows its readers: times, bylines and dates written out."""

from __future__ import annotations

import re
from functools import lru_cache

from lxml import etree
from lxml.html import HtmlElement

from extractors.bylines import BY_WORDS, PARTICLES, split_names
from extractors.dates import parse_date
from extractors.hours import CLOCK, hour_beside, words_of
from extractors.layout import text_length
from extractors.records import Precision
from extractors.signatures import signed_by
from extractors.statements import Statements, add, inner_text
from extractors.teasers import in_card
from extractors.text import normalise_line

_BYLINE_TAGS = ("a", "span", "div", "p", "address", "ul")
_BYLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?line|author|authors|writer|journalist|reporter|autor|signature|"
    r"szerzo|muhabir)",
    re.I,
)
# Where the name of an author leads: /autor/ann-lee.
_AUTHORS_PAGE = re.compile(
    r"/(?:authors?|autor(?:en|es|i|y|e)?|auteurs?|auteures?|autor[ae]s?|autori|autore|autorzy|"
    r"forfattere?|författare|skribent(?:er)?|journalists?|journalistes?|redakteure?|reporters?|"
    r"writers?|columnists?|byline|yazar(?:lar)?|penulis|profiles?/author)/[^/?#]",
    re.IGNORECASE,
)
# What follows a name in a byline's box.
_DATELINE = re.compile(
    r"\d|\b(?:published|updated|posted|last modified|monday|tuesday|wednesday|thursday|friday|"
    r"saturday|sunday|january|february|march|april|june|july|august|september|october|november|"
    r"december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b",
    re.IGNORECASE,
)
_BYLINE_INNER = re.compile(
    r"bio|avatar|image|img|photo|social|about|follow|email|twitter|box|card|info|comment|desc|date|"
    r"time|role|title",
    re.I,
)


_TOLD, _SENTENCES = 3, 60  # paragraphs below the headline, and their least characters
_MOST_LOOKED = 60  # elements made for authors; of more most are other stories'
_MOST_BYLINES = 6
_MOST_TIMES = 40
_BESIDE = frozenset({"span", "small", "div", "p", "time", "em", "i"})
_HEADLINE_CLASS = re.compile(
    r"(?:^|[\s_-])(?:entry|article|news|post|story|main|content|view)[_-]?(?:main[_-])?"
    r"(?:title|tit|headline|subject)(?=$|\s)|(?:^|\s)headline(?=$|\s)",
    re.IGNORECASE,
)
_SHORTEST_HEADLINE, _LONGEST_HEADLINE = 8, 250


def headline_of(heading: HtmlElement) -> str:
    """Return what a headline says, without the line below that tells when and by whom."""
    if not len(heading):
        return heading.text or ""
    dated = [child for child in heading if child.tag in _BESIDE and _tells_date(child)]
    whole = inner_text(heading)
    if not dated:
        return whole
    said = whole.partition(inner_text(dated[0]))[0]
    return said if len(said.strip()) >= _SHORTEST_HEADLINE else whole


def _tells_date(element: HtmlElement) -> bool:
    text = inner_text(element)
    return any(char.isdigit() for char in text) and parse_date(text)[0] is not None


def read_named_headline(tree: HtmlElement, page: Statements) -> None:
    """Read the headline by its class on a page without one, if there is one such."""
    found = {
        line
        for element in tree.iter("h2", "h3", "h4", "div", "span", "p", "td", "strong", "font", "b")
        if (names := element.get("class"))
        and _HEADLINE_CLASS.search(names)
        and not _in_list(element)
        and element.find(".//a") is None
        and len(line := normalise_line(inner_text(element)[:1000])) >= _SHORTEST_HEADLINE
    }
    if len(found) == 1 and len(line := found.pop()) <= _LONGEST_HEADLINE:
        add(page.titles, "text", line)


def read_times(tree: HtmlElement, page: Statements) -> None:
    """Read <time> elements outside lists, asides and comments, the likeliest the story's first:
    those that speak of publishing, then those beside or below the headline. Where nothing else
    dates the page, none that stands in another story's card.
    """
    found: list[tuple[int, HtmlElement]] = []
    titles = page.headlines
    dated = any(origin in ("json-ld", "opengraph") for origin, _ in page.published)
    heading = None
    for element in tree.iter("h1", "time"):
        if element.tag == "h1":
            heading = element if heading is None else heading
        elif len(found) >= _MOST_TIMES or _in_list(element):
            continue
        elif dated or not in_card(element, titles):
            found.append((int(heading is None), element))
    frame = _frame(heading) if heading is not None else set()
    before = ""
    for _, element in sorted(found, key=lambda item: _distance(item[0], item[1], frame)):
        value = element.get("datetime") or element.get("content") or inner_text(element)
        if CLOCK.fullmatch(value.strip()):
            if parse_date(before)[1] is not Precision.DAY:
                continue
            value = f"{before} {value}"  # the hour beside its day
        before = value
        changed = _CHANGED.search(words_of(element))
        add(page.modified if changed else page.published, "time", value[:120])


_CHANGED = re.compile(r"updat|modif|edited|aktualis|changed")
_ISSUED = re.compile(r"publi|posted|created|entry-date|pubdate")


def _frame(heading: HtmlElement) -> set[HtmlElement]:
    """Return the elements that hold the headline and its story, but not the whole page."""
    near = [outer for outer, _ in zip(heading.iterancestors(), range(2), strict=False)]
    held = {outer for outer in near if outer.tag not in ("html", "body", "main")}
    return held | set(heading.iterancestors("article", "header"))


def _distance(above: int, element: HtmlElement, frame: set[HtmlElement]) -> int:
    """Return how far a time stands from the headline: 0 if it says it is the story's own, 1 below
    the headline or in its frame, 2 for all others.
    """
    if _ISSUED.search(words_of(element)):
        return 0
    return 2 if above and not frame.intersection(element.iterancestors()) else 1


_MOST_LEAVES, _MOST_FAR, _NEAR_LEVELS = 60, 20, 4
_LONGEST_DAY = 30  # characters of a day without its hour
_FACTS = re.compile(
    r"(?:^|[\s_-])(?:meta|info|by-?line|authors?|publish(?:ed)?|dates?|dateline)(?=$|[\s_-])",
    re.IGNORECASE,
)
_DATE_CLASS = re.compile(r"date|time|publish|posted|datum|fecha|data", re.IGNORECASE)
# What stands before a date that is the article's own.
_DATE_LABEL = re.compile(
    r"^[\W_]*(?:(?:기사\s?)?입력|승인|송고|발행|发布|發布|發佈|刊登|公開日|配信|掲載|published|posted|veröffentlicht|"
    r"erschienen|publié|publicado|pubblicato|опубликован|опубліковано|дата публикации|opublikowano|"
    r"updated|yayın|giriş tarihi|نُ?شر|פורסם|প্রকাশ|प्रकाशित|oprac|objavljeno|megjelen|publicerad|"
    r"publisert|geplaatst|julkaistu|ngày|diterbitkan|online seit)",
    re.IGNORECASE,
)


def read_visible_dates(tree: HtmlElement, page: Statements) -> None:
    """Read the first dates written out on a page that states none for machines.

    Looked at are short texts after the headline, and elsewhere those whose class or first word
    speaks of publishing. One far above the headline comes last: a masthead tells today's.
    """
    found: list[str] = []
    far: list[str] = []
    seen = 0
    below = False
    titles = page.headlines
    for element in tree.iter(
        "h1", "h2", "span", "p", "div", "font", "td", "li", "em", "i", "b", "small", "dl", "br", "a"
    ):
        if element.tag in ("h1", "h2"):
            below = below or element.tag == "h1"
            continue
        own = (element.text or "").strip() if element.tag != "a" else ""
        text = own or (element.tail or "").strip()
        if not 8 <= len(text) <= 80 or not any(char.isdigit() for char in text):
            continue
        seen += below
        if seen > _MOST_LEAVES or len(found) >= 2:
            break
        sure = below or bool(_DATE_LABEL.match(text))
        if not sure and (len(far) >= _MOST_FAR or not _calls_itself_date(element)):
            continue
        if _in_list(element):
            continue
        if (hour := hour_beside(element)) and len(text) <= _LONGEST_DAY:
            text = f"{text.rstrip(',')} {hour}"
        if parse_date(text, day_first=True)[0] and not in_card(element, titles):
            (found if sure or _shares_block(element) else far).append(text)
    for text in (found or far)[:2]:
        add(page.published, "text", text)


def _shares_block(element: HtmlElement) -> bool:
    """Say whether a block a few levels around an element holds the headline as well."""
    near = zip(element.iterancestors(), range(_NEAR_LEVELS), strict=False)
    blocks = (outer for outer, _ in near if outer.tag not in ("body", "html"))
    return any(outer.find(".//h1") is not None for outer in blocks)


def _calls_itself_date(element: HtmlElement) -> bool:
    """Say whether the class of an element, or of the one around it, speaks of a date."""
    parent = element.getparent()
    names = element.get("class"), parent.get("class") if parent is not None else None
    return any(_DATE_CLASS.search(name) for name in names if name)


def _is_item(item: HtmlElement) -> bool:
    """Say whether a list's item is one of several things, and no fact about the story beside."""
    facts = item.getparent()
    names = (facts.get("class") or "") if facts is not None else ""
    return not _FACTS.search(names) or not _short_text(facts)


def _in_list(element: HtmlElement) -> bool:
    """Say whether the element sits in a link, a list, an aside, the page's frame or an inner
    article; an article's own foot is no frame.
    """
    articles = 0
    framed = False
    for ancestor in element.iterancestors():
        if ancestor.tag in ("a", "aside", "nav") or (ancestor.tag == "li" and _is_item(ancestor)):
            return True
        framed = (framed or ancestor.tag == "footer") and ancestor.tag != "article"
        if "comment" in (ancestor.get("class") or "").lower():
            return True
        if "footer" in (ancestor.get("id") or "").lower():
            return True
        articles += ancestor.tag == "article"
    return framed or articles > 1


def read_bylines(tree: HtmlElement, page: Statements) -> None:
    """Read the names that stand in links and elements made for authors."""
    found = told = looked = 0
    below = False
    titles = page.headlines
    heading = tree.find(".//h1")
    frame = _frame(heading) if heading is not None else set()
    for element in tree.iter("h1", *_BYLINE_TAGS):
        if element is heading:
            told, below = 0, True
        if element.tag == "p" and told < _TOLD:
            told += text_length(element) >= _SENTENCES
        if element.tag != "a" or not _leads_to_author(element, near=below and told < _TOLD):
            classes = element.get("class") or element.get("id")
            if not classes or not _holds_byline(classes):
                continue
            looked += 1
            if looked > _MOST_LOOKED:
                return
            if _elsewhere(element):
                continue
        if told >= _TOLD and frame and not frame.intersection(element.iterancestors()):
            return  # below the story: who wrote others
        if in_card(element, titles):
            continue
        value = _DATELINE.split(normalise_line(inner_text(element)), maxsplit=1)[0].strip(" -–—|,·")
        if 3 <= len(value) <= 120 and value[-1] not in ":：":  # a label whose date was cut
            found += 1
            add(page.authors, "text", value)
            if found >= _MOST_BYLINES:
                return


def _leads_to_author(link: HtmlElement, *, near: bool) -> bool:
    """Say whether a link says it does or, `near` the headline, leads where authors' pages are."""
    if "author" in (link.get("rel") or ""):
        return True
    return near and bool(_AUTHORS_PAGE.search(link.get("href") or ""))


@lru_cache(maxsize=32768)
def _holds_byline(classes: str) -> bool:
    return bool(_BYLINE_CLASS.search(classes)) and not _BYLINE_INNER.search(classes)


_SIGNED = re.compile(
    r"(?:^|[\d)|•·–—-]\s*)(?:(?:[Ww]ritten |[Rr]eported )?[Bb][Yy]|[Vv]on|[Pp]ar|[Pp]or|[Oo]leh|"
    rf"[Dd]oor|Piše|記者|(?i:{BY_WORDS})\s?[:：／])\s*(?P<names>[^\W\d_a-z].{{2,100}})$"
)
_ALIGNED = etree.XPath(
    "descendant::*[self::p or self::div or self::td][@align or contains(@style, 'text-align')]"
)
_TO_THE_RIGHT = re.compile(r"text-align:\s*right")
_KOREAN = re.compile(
    r"(?:^|[\s|·])(?P<names>[가-힣]{2,4})\s?(?:선임|인턴|수습|전문)?기자(?:\s*[=|]|\s+\S+@\S+)?$"
)
# 来源：欧华报 记者：陈砚秋 点击：1822
_HAN = re.compile(
    r"(?:^|\s)(?:[记記]者|作者|撰文|文)\s?[:：／/]\s?"
    r"(?P<names>[\u4e00-\u9fff]{2,4}(?:[、，\s][\u4e00-\u9fff]{2,4})*)(?=\s|$)(?!\s?[:：])"
)
_LINE_TAGS = ("h1", "h4", "h5", "h6", "p", "div", "span", "address")
_LONGEST_LINE = 160
_BEFORE_DATE = re.compile(r"\s+(?:on|le|am|el|em|op|den|il)$")
_NEAR_HEAD = 40  # elements below the headline among which a signed line is looked for


def read_signed_line(tree: HtmlElement, page: Statements) -> None:
    """Read the line below the headline that begins with 'By', or has it after its date."""
    heading = tree.find(".//h1")
    heading = tree.find(".//h2") if heading is None else heading
    left = 0
    for element in tree.iter(heading.tag, *_LINE_TAGS) if heading is not None else ():
        if element is heading:
            left = _NEAR_HEAD + 1
        if not left:
            continue
        left -= 1
        if not left:
            return
        text = _short_text(element)
        signed = None
        if len(text) >= 5:
            signed = _HAN.search(text)
        if len(text) >= 5 and not signed and element.tag != heading.tag:
            signed = _SIGNED.search(text) or _KOREAN.search(text)
        if signed and not _in_list(element):
            value = _DATELINE.split(signed["names"], maxsplit=1)[0].strip(" -–—|,·@")
            value = _BEFORE_DATE.sub("", value)
            if all(map(_is_written_as_name, split_names(value))):
                add(page.authors, "text", value)
                return


def read_signature(tree: HtmlElement, page: Statements) -> None:
    """Read the line set to the right with which papers sign a story below its text."""
    found: list[HtmlElement] = _ALIGNED(tree)  # type: ignore[assignment]
    for element in found:
        right = (element.get("align") or "").lower() == "right"
        if not right and not _TO_THE_RIGHT.search(element.get("style") or ""):
            continue
        text = _short_text(element)
        for name in signed_by(text) if text else ():
            add(page.authors, "text", name)
            return


def _is_written_as_name(name: str) -> bool:
    """Say whether all words of a name but its particles begin with a capital, and are two or more;
    in scripts without capitals any will do.
    """
    words = name.split()
    if not any(char.isupper() or char.islower() for char in name):
        return True
    capitals = (word[0].isupper() for word in words if word not in PARTICLES)
    return len(words) >= 2 and all(capitals)


def _short_text(element: HtmlElement) -> str:
    """Return the text of an element as one line, '' for one longer than a byline."""
    parts: list[str] = []
    length = 0
    for part in element.itertext():
        length += len(part.strip())
        if length > _LONGEST_LINE:
            return ""
        parts.append(part)
    return " ".join(" ".join(parts).split())


def _elsewhere(element: HtmlElement) -> bool:
    """Say whether a byline stands in a link, an aside or a list of more than a story's facts."""
    if _link_itself(element):
        return False
    items = list(element.iterancestors("li"))
    if not items:
        return _in_list(element)
    facts = items[-1].getparent()
    if facts is None or not _short_text(facts):
        return True
    return _in_list(facts) or facts.find(".//h2") is not None or facts.find(".//h3") is not None


def _link_itself(element: HtmlElement) -> bool:
    parent = element.getparent()
    return element.tag == "a" or (parent is not None and parent.tag == "a" and not _in_list(parent))
