"""Plain text out of the HTML that feeds carry, and the character repairs that feedparser makes.

Regular expressions rather than a tree: a summary is read a hundred times for each page that is
extracted, and nothing here decides what is shown as HTML.
"""

from __future__ import annotations

import contextlib
import html
import re

# Elements that do not part words: the text around them runs on.
_INLINE = (
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|del|dfn|em|font|i|ins|kbd|label|mark|nobr|o:p|q|rb|rp"
    "|ruby|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)
_INLINE_TAG = re.compile(rf"</?(?:{_INLINE})(?:\s[^<>]*)?/?>", re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
_UNSEEN_OPEN = re.compile(r"<!--|<(script|style|noscript|template)\b", re.IGNORECASE)
_UNSEEN_CLOSE = {
    name: re.compile(rf"</{name}\s*>", re.IGNORECASE)
    for name in ("script", "style", "noscript", "template")
}
_NO_WIDTH = {0x200B: " ", 0xFEFF: " "}  # zero-width spaces that editors leave behind
# Windows-1252 bytes that were taken for ISO 8859-1 arrive as C1 control characters.
_C1 = re.compile(r"[\x80-\x9f]")
_CP1252 = {
    code: decoded
    for code in range(0x80, 0xA0)
    if (decoded := bytes([code]).decode("cp1252", "ignore"))
}
_MAX_UNESCAPE = 2_000_000


def mend(text: str) -> str:
    """Undo the two common accidents of encoding, as feedparser does for every field.

    UTF-8 that was read as ISO 8859-1 and encoded again is read once more; C1 control characters
    become the Windows-1252 characters that were meant.
    """
    if text.isascii():
        return text
    with contextlib.suppress(UnicodeError):
        text = text.encode("iso-8859-1").decode("utf-8")
    return text.translate(_CP1252) if _C1.search(text) else text


def strip_tags(markup: str) -> str:
    """Return the markup without its tags, comments and scripts; entities stay as they are."""
    if "<" not in markup:
        return markup
    if _UNSEEN_OPEN.search(markup):
        markup = _drop_unseen(markup)
    return _TAG.sub(" ", _INLINE_TAG.sub("", markup))


def _drop_unseen(markup: str) -> str:
    """Cut comments and scripts out; one that is never closed hides the rest, as in a browser."""
    kept: list[str] = []
    at = 0
    while opened := _UNSEEN_OPEN.search(markup, at):
        kept.append(markup[at : opened.start()])
        if opened[1]:
            closed = _UNSEEN_CLOSE[opened[1].lower()].search(markup, opened.end())
            at = closed.end() if closed else len(markup)
        else:
            found = markup.find("-->", opened.end())
            at = found + 3 if found >= 0 else len(markup)
    kept.append(markup[at:])
    return " ".join(kept)


def html_to_text(markup: str) -> str:
    """Return the words of a piece of HTML on one line.

    Block elements part words, inline elements do not; scripts, styles and comments are left out;
    entities are decoded once.
    """
    text = strip_tags(markup)
    if "&" in text:
        text = html.unescape(text[:_MAX_UNESCAPE])
    return one_line(text)


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space, none at the ends."""
    if not text.isascii():
        text = text.translate(_NO_WIDTH)
    return " ".join(text.split())
