"""An article's text out of its page: trafilatura's fast way first, others where it looks wrong."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.htmlprocessing import convert_tags, tree_cleaning
from trafilatura.main_extractor import extract_content
from trafilatura.settings import Extractor
from trafilatura.xml import xmltotxt

from extractors import xpath_rules
from extractors.layout import text_length, whole_text
from extractors.page_state import state_text
from extractors.pruning import prune_page
from extractors.stopwords import pack_stop_words
from extractors.text import HAN_KANA, normalise_line, normalise_paragraphs

# trafilatura logs each page it gives nothing for; that is a value here, not a message.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
pack_stop_words()

# Dates are read elsewhere; the fixed bound only keeps the library from asking what day it is.
_DATES: dict[str, Any] = {"max_date": "2199-12-31", "original_date": True}
_FAST = Extractor(
    output_format="python", fast=True, comments=False, with_metadata=False, date_params=_DATES
)
_SLOW = _FAST
_SLOWEST = Extractor(
    output_format="python", fast=False, comments=False, with_metadata=False, date_params=_DATES
)

_SHORT = 250  # characters: below this the fast way is trusted only if nothing promises more
_SHORT_OF_PROMISE = 0.6  # of what the publisher's own data says the text is
_THIN, _THIN_SHARE = 2000, 0.15  # characters, and the share of the pruned page's text
_CLEARLY_LONGER = 1.3
_HEADING = "## "  # what a heading's line begins with in the stored text
_LONGEST_HEADING = 150  # longer ones are paragraphs in a heading's clothes
_LEFT_OUT = 0.25  # share of like paragraphs left out from which the container was too narrow
_SENTENCE, _STOPS = 60, frozenset(".!?\u2026。！？।؟”»")  # characters of a line, or its last
_DENSE = re.compile(f"[{HAN_KANA}]")
_LONGEST_LEAD = 1000
_SHORTEST_LEAD = 40
_PARAGRAPH = 80  # characters of the first paragraph, below which no standfirst stands
_NEAR_HEAD = 40  # elements below the headline among which a standfirst is looked for
# What standfirsts are called in the class names of sites, in the languages these are written in.
_LEAD_NAMES = re.compile(
    r"stand-?first|sub-?(?:title|head|heading)(?![a-km-z])|subheadline|subtit(?:ulo|re)|"
    r"(?:^|[\s_-])(?:dek|deck|lead|lede|intro|introtext|introduction|summary|synopsis|excerpt|"
    r"abstract|overview|chapo|chapeau|preamble|ingress[i]?|manchet|vorspann|sapo|spot|perex|opener|lid|"
    r"annot?ation|anons|sommario|sottotitolo|catenaccio|bajada|copete|entradilla|resumen|resumo|"
    r"linha-?fina|ozet|description|desc)(?=$|[\s_-])",
    re.IGNORECASE,
)
_OTHER_LEADS = re.compile(
    r"site|blog|tagline|channel|author|image|photo|caption|meta|widget|categor|term|archive|video|"
    r"audio|podcast|newsletter|product|cookie|comment|related|teaser-?(?:list|box)|card|promo",
    re.IGNORECASE,
)
_OPENING = 40  # characters by which a paragraph is found again in the text

# The library drops what does not print, joiners included, without which Persian and Indic words
# fall together: rare marks stand in for them (U+200C, U+200D) while it works.
_JOINERS = str.maketrans("\u200c\u200d", "\u2e4d\u2e4e")
_JOINED_AGAIN = str.maketrans("\u2e4d\u2e4e", "\u200c\u200d")
_JOINING = re.compile("[\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u18af]")

_TAGS = re.compile(r"<[^>]{1,500}>")
_BLOCK_TAGS = re.compile(
    r"</?(?:p|div|br|li|h[1-6]|blockquote|ul|ol|tr|figure|section)\b[^>]*>", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Body:
    """The text as it is stored, and the way it was won: fast, slow, json-ld, state or feed."""

    text: str
    path: str


def best_body(
    tree: HtmlElement,
    again: Callable[[], HtmlElement | None],
    *,
    linked: str | None,
    feed: str | None,
    leads: tuple[str, ...] = (),
    titles: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
) -> Body:
    """Return the best text a page gives.

    `tree` is the parsed page and is used up; `again` parses it anew for the rare page on which a
    second way is tried. `linked` is JSON-LD's articleBody and `feed` what the feed gives, as text
    or HTML; both are promises to measure against, and stand in only where the page falls short.
    `leads` are the page's stated descriptions: a standfirst that opens like one of them is put
    first when the container that was read does not hold it. `titles` are what the page calls
    itself, by which its text is told from others in the data of its scripts, and `addresses` those
    it states as its own, by which a next story below it is told.
    """
    running = prune_page(tree, addresses)
    lead, named = _standfirst(tree, leads)
    articles = {item: str(place) for place, item in enumerate(tree.iter("article"), start=1)}
    openings = [(_opening(item), _home(item, articles)) for item in running.elements]
    headings = _headings(running.elements)
    whole = text_length(tree)
    text = _fast_text(tree, joined=_may_join(openings))
    promise = _plain(linked) if linked else ""
    told = _plain(feed) if feed else ""
    wanted = _SHORT_OF_PROMISE * max(len(promise), len(told))
    squeezed = "".join(text.split())
    left_out = _left_out(squeezed, openings)
    narrow = left_out or _headless(squeezed, headings)
    best = _wider(again, text, left_out, addresses) if narrow else Body(text, "fast")
    if promise and len(best.text) < _SHORT_OF_PROMISE * len(promise):
        best = Body(promise, "json-ld")
    elif _weight(best.text) < _SHORT or len(best.text) < wanted or _thin(best.text, whole):
        best = _from_state(again, best, titles) or _slow(
            again, best, whole, told=_told(best, openings)
        )
    if told and len(best.text) < _SHORT_OF_PROMISE * len(told):
        best = Body(told, "feed")
    return Body(_with_lead(best.text, lead, named=named), best.path)


def _weight(text: str) -> int:
    """Return a text's length in characters, of which Han and kana say as much as three letters."""
    return len(text) + (2 * len(_DENSE.findall(text)) if len(text) < _SHORT else 0)


def _prose(text: str) -> int:
    """Return how many characters stand in lines that are sentences or end like one."""
    return sum(
        len(line) for line in text.split("\n") if _weight(line) >= _SENTENCE or line[-1:] in _STOPS
    )


def _thin(text: str, whole: int) -> bool:
    """Say whether a short text covers so little of its page that most of it may be missing."""
    return len(text) < _THIN and len(text) < _THIN_SHARE * whole


def _wider(
    again: Callable[[], HtmlElement | None],
    text: str,
    left_out: frozenset[str],
    addresses: tuple[str, ...],
) -> Body:
    """Read the page again with its body marked so wide that nothing alike is left out."""
    tree = again()
    if tree is not None and _mark_region(tree, text, left_out, addresses):
        wider = _fast_text(tree)
        if len(wider) > len(text):
            return Body(wider, "slow")
    return Body(text, "fast")


def _from_state(
    again: Callable[[], HtmlElement | None], best: Body, titles: tuple[str, ...]
) -> Body | None:
    """Return the text in the page's script data where the page itself shows hardly any."""
    if len(best.text) >= _SHORT:
        return None
    tree = again()
    text = _plain(state_text(tree, titles)) if tree is not None else ""
    long = len(text) >= _SHORT and len(text) > _CLEARLY_LONGER * len(best.text)
    return Body(text, "state") if long else None


def _told(best: Body, openings: list[tuple[str, tuple[str, str]]]) -> str:
    """Return the squeezed text if all of it stands in the page's one article, else ''."""
    squeezed = "".join(best.text.split())
    articles = {home[0] for opening, home in openings if opening in squeezed}
    whole = {home[0] for _, home in openings if home[0]}
    return squeezed if len(squeezed) >= _OPENING and len(whole) == 1 and articles == whole else ""


def _slow(
    again: Callable[[], HtmlElement | None], best: Body, whole: int, *, told: str = ""
) -> Body:
    """Let trafilatura's other ways compete, and take the result if it is clearly longer.

    `told` is a text, white space removed, that it must hold: a short article's own.

    Its outside algorithms, ten times as slow, are asked only where nothing else found a text on
    a page that has one.
    """
    for options in (_SLOW, _SLOWEST):
        tree = again()
        if tree is None:
            return best
        joined = _hide_joiners(tree)
        document = bare_extraction(tree, options=options)
        text = getattr(document, "text", None) or ""
        text = normalise_paragraphs(text.translate(_JOINED_AGAIN) if joined else text)
        if told[:_OPENING] not in "".join(text.split()):
            continue
        if _prose(text) > _CLEARLY_LONGER * _prose(best.text):
            best = Body(text, "slow")
        if len(best.text) >= _SHORT or whole < 3 * _SHORT:
            break
    return best


def _fast_text(tree: HtmlElement, *, joined: bool = True) -> str:
    """Run trafilatura's main extractor on a pruned tree, which it uses up; `joined` is False where
    the text cannot hold joiners.

    These are the steps of its `bare_extraction` in fast mode less what is not wanted here: three
    copies of the tree, the comment passes (pruned before) and the measure of the whole page.
    """
    cleaned = convert_tags(tree_cleaning(tree, _FAST), _FAST, None)
    joined = joined and _hide_joiners(cleaned)
    with xpath_rules.in_python():
        body, _ = extract_content(cleaned, _FAST)
    for heading in body.iterchildren("head"):
        if text_length(heading) <= _LONGEST_HEADING:
            heading.text = f"{_HEADING}{(heading.text or '').lstrip()}"
    text = xmltotxt(body, False)
    return normalise_paragraphs(text.translate(_JOINED_AGAIN) if joined else text)


def _may_join(openings: list[tuple[str, tuple[str, str]]]) -> bool:
    """Say whether the running text is in letters that joiners stand between, or unknown."""
    return not openings or bool(_JOINING.search("".join(opening for opening, _ in openings[:8])))


def _hide_joiners(tree: HtmlElement) -> bool:
    """Put marks that print in the place of zero-width joiners; say whether there were any."""
    text = whole_text(tree)
    if "\u200c" not in text and "\u200d" not in text:
        return False
    for element in tree.iter():
        if element.text:
            element.text = element.text.translate(_JOINERS)
        if element.tail:
            element.tail = element.tail.translate(_JOINERS)
    return True


def _standfirst(tree: HtmlElement, leads: tuple[str, ...]) -> tuple[str, bool]:
    """Return the first block that opens like one of the page's descriptions, else one below the
    headline whose class says it is a standfirst ('' for none), and whether its class says so.
    """
    wanted = {squeezed for lead in leads if len(squeezed := "".join(lead.split())[:_OPENING]) >= 30}
    starts = tuple({squeezed[0] for squeezed in wanted})
    below, named = 0, ""
    for element in tree.iter("h1", "p", "h2", "h3", "div", "span", "strong"):
        if element.tag == "h1":
            below = 1
            continue
        if below and not named and below < _NEAR_HEAD:
            below += 1
            named = _named_lead(element)
            if element.tag == "p" and not named and text_length(element) >= _PARAGRAPH:
                below = _NEAR_HEAD  # the text begins here
        if not wanted:
            if named or below >= _NEAR_HEAD:
                break
            continue
        if element.tag in ("div", "span", "strong") and len(element):
            continue
        text = ("".join(element.itertext()) if len(element) else element.text or "").lstrip()
        if (
            text.startswith(starts)
            and len(text) < _LONGEST_LEAD
            and "".join(text[:200].split())[:_OPENING] in wanted
        ):
            return normalise_line(text), bool(_named_lead(element))
    return named, True


@lru_cache(maxsize=16384)
def _calls_itself_lead(names: str) -> bool:
    return bool(_LEAD_NAMES.search(names)) and not _OTHER_LEADS.search(names)


def _named_lead(element: HtmlElement) -> str:
    """Return the text of an element that calls itself a standfirst, '' for others."""
    names = element.get("class") or element.get("itemprop") or element.get("id")
    if not names or not _calls_itself_lead(names) or len(element.findall(".//p")) > 1:
        return ""
    said = element.find(".//p")  # beside a label: In short
    text = normalise_line(" ".join((element if said is None else said).itertext()))
    if said is not None and len(text) < _SHORTEST_LEAD:
        text = normalise_line(" ".join(element.itertext()))
    inside = next(element.iterancestors("figure", "a", "aside", "li"), None)
    whole = _SHORTEST_LEAD <= len(text) < _LONGEST_LEAD and not text.endswith(("...", "…"))
    return text if whole and inside is None else ""


def _with_lead(text: str, lead: str, *, named: bool) -> str:
    """Put the standfirst first: one that is missing, or one `named` so that stands further down."""
    if not text or not lead:
        return text
    if named and lead in text:
        lines = text.split("\n")
        place = lines.index(lead) if lead in lines else 0
        return "\n".join((lead, *lines[:place], *lines[place + 1 :])) if place else text
    if "".join(lead.split())[:_OPENING] in "".join(text.split()):
        return text
    return f"{lead}\n{text}"


def _opening(paragraph: HtmlElement) -> str:
    return "".join("".join(paragraph.itertext()).split())[:_OPENING]


def _home(paragraph: HtmlElement, articles: dict[HtmlElement, str]) -> tuple[str, str]:
    """Return what tells one template's containers from another's: which of the page's `articles`
    the paragraph is in ('' for none), and tag and class of its parent.
    """
    parent = paragraph.getparent()
    if parent is None:
        return "", ""
    inside = next((articles[outer] for outer in paragraph.iterancestors("article")), "")
    return inside, f"{parent.tag}.{parent.get('class') or ''}"


def _headings(paragraphs: tuple[HtmlElement, ...]) -> list[tuple[str, str]]:
    """Return the openings of headings that stand right before running paragraphs, and of those."""
    pairs = ((paragraph.getprevious(), paragraph) for paragraph in paragraphs[1:])
    return [
        (_opening(before), _opening(paragraph))
        for before, paragraph in pairs
        if before is not None and before.tag in ("h2", "h3") and _opening(before)
    ]


def _headless(squeezed: str, headings: list[tuple[str, str]]) -> bool:
    """Say whether the squeezed text has the paragraphs below headings and none of these: it was
    gathered paragraph by paragraph.
    """
    told = [heading for heading, below in headings if below in squeezed]
    return bool(told) and not any(heading in squeezed for heading in told)


def _left_out(squeezed: str, openings: list[tuple[str, tuple[str, str]]]) -> frozenset[str]:
    """Return the openings of paragraphs the squeezed text lacks though they sit in containers like
    those it came from; none when they are few.
    """
    inside = [opening in squeezed for opening, _ in openings]
    homes = {
        home
        for (_, home), taken in zip(openings, inside, strict=True)
        if taken and home[1][-1:] != "."
    }
    missed = [
        opening
        for (opening, home), taken in zip(openings, inside, strict=True)
        if not taken and home in homes
    ]
    if len(missed) < 3 or len(missed) < _LEFT_OUT * sum(inside):
        return frozenset()
    return frozenset(missed)


def _mark_region(
    tree: HtmlElement, text: str, left_out: frozenset[str], addresses: tuple[str, ...]
) -> bool:
    """Mark the smallest element around all paragraphs of the article as its body."""
    running = prune_page(tree, addresses)
    squeezed = "".join(text.split())
    wanted = [
        item
        for item in running.elements
        if (_opening(item) in squeezed or _opening(item) in left_out)
    ]
    if len(wanted) < 2:
        return False
    shared = list(wanted[0].iterancestors())
    for item in wanted[1:]:
        ancestors = set(item.iterancestors())
        shared = [outer for outer in shared if outer in ancestors]
    if not shared or shared[0].tag in ("html", "body"):
        return False
    region = shared[0]
    if len(region.findall(".//h1")) > 1:  # more than one story: endless scrolling
        return False
    region.tag = "div"
    region.attrib.clear()
    region.set("class", "article-body")
    return True


def _plain(text: str) -> str:
    """Return the publisher's own text, which may be HTML once or twice escaped, as paragraphs."""
    if "&lt;" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAGS.sub(" ", _BLOCK_TAGS.sub("\n", text))
    return normalise_paragraphs(html.unescape(text))
