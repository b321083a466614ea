"""An article's text out of its page: trafilatura's fast way first, others where it looks wrong."""

from __future__ import annotations

import html
import logging
import re
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from lxml.html import HtmlElement
from trafilatura import bare_extraction
from trafilatura.settings import Extractor

from extractors.text import normalise_paragraphs, word_count

# trafilatura logs each page it gives nothing for; that is a value here, not a message.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

# Dates are read elsewhere; the fixed bound only keeps the library from asking what day it is.
_DATES: dict[str, Any] = {
    "max_date": "2199-12-31",
    "original_date": True,
    "extensive_search": False,
}

# A text shorter than this share of what the page or the feed promises was cut somewhere.
_SHORT_OF_PROMISE = 0.5
_TAGS = re.compile(r"<[^>]{1,200}>")
_BLOCK_TAGS = re.compile(r"</?(?:p|div|br|li|h[1-6]|blockquote|ul|ol|tr)\b[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Body:
    """The text as it is stored, and the way it was won: fast, slow, json-ld or feed."""

    text: str
    path: str
    words: int


def best_body(
    tree: HtmlElement, *, linked: str | None, promised: int | None, feed: str | None
) -> Body:
    """Return the best text a page gives.

    `linked` is JSON-LD's articleBody, `promised` its wordCount, `feed` what the feed gives as
    text or HTML. The fast way is kept unless it falls short of one of them; then the slow way is
    tried, and if that falls short too, the words of the publisher stand. `tree` is used up.
    """
    spare = deepcopy(tree)
    fast = _body(trafilatura_text(tree, fast=True), "fast")
    expected = [_plain(text) for text in (linked, feed) if text]
    target = max([word_count(text, None) for text in expected] + [min(promised or 0, 5000), 40])
    if fast.words >= _SHORT_OF_PROMISE * target:
        return fast
    slow = _body(trafilatura_text(spare, fast=False), "slow")
    best = slow if slow.words > fast.words else fast
    for text, path in ((linked, "json-ld"), (feed, "feed")):
        if text and best.words < _SHORT_OF_PROMISE * word_count(_plain(text), None):
            best = _body(_plain(text), path)
    return best


def _body(text: str, path: str) -> Body:
    return Body(text, path, word_count(text, None))


def trafilatura_text(tree: HtmlElement, *, fast: bool) -> str:
    """Return trafilatura's text of a parsed page, '' when it finds none. The tree is used up."""
    options = Extractor(
        output_format="python", fast=fast, comments=False, with_metadata=False, date_params=_DATES
    )
    document = bare_extraction(tree, options=options)
    text = getattr(document, "text", None)
    return normalise_paragraphs(text) if text else ""


def _plain(text: str) -> str:
    """Return the publisher's own text, which may be HTML once or twice escaped, as paragraphs."""
    if "&lt;" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAGS.sub(" ", _BLOCK_TAGS.sub("\n", text))
    return normalise_paragraphs(html.unescape(text))
