"""Plain text as it is stored: paragraphs, characters that do harm, and words counted."""

from __future__ import annotations

import re
import unicodedata

# Scripts written without spaces, as one class body for regular expressions: Han, kana (with the
# iteration and length marks), Thai, Lao, Khmer, Burmese and Tibetan.
HAN_KANA = (
    "\u3005\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
SOUTH_EAST = "\u0e00-\u0e7f\u0e80-\u0eff\u0f00-\u0fff\u1000-\u109f\u1780-\u17ff"

_HAN_KANA_RUN = re.compile(f"[{HAN_KANA}]+")
_SOUTH_EAST_RUN = re.compile(f"[{SOUTH_EAST}]+")
_UNSPACED_LANGUAGES = frozenset({"zh", "ja", "th", "lo", "km", "my", "bo"})
# Average word lengths in characters of running news text: about 1.7 in Chinese and 2.1 in
# Japanese (kana included), 4 to 5 in the alphabets of South-East Asia.
_HAN_KANA_PER_WORD = 2
_SOUTH_EAST_PER_WORD = 4

_WORDLESS = re.compile(r"(?<!\S)(?:(?!\s)[\W_])+(?!\S)")
# C0/C1 controls, soft hyphen, zero-width space and joiner forms that carry no meaning in news
# text, bidi embeddings, overrides and isolates, invisible operators, BOM, tags, and lone
# surrogates. ZWNJ and ZWJ stay (Persian and Indic spelling need them), and so do LRM and RLM.
_HARMFUL = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b\u202a-\u202e\u2060-\u2064"
    "\u2066-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)


def normalise_line(text: str) -> str:
    """Return `text` as one line: NFC, white space folded, harmful characters removed."""
    return " ".join(_safe(text).split())


def normalise_paragraphs(text: str) -> str:
    """Return `text` as it is stored: NFC, one newline between paragraphs, none of them empty.

    White space inside a paragraph is folded to one space and dropped at its ends; controls and
    characters that override the reading direction are removed; typographic quotes stay.
    """
    lines = (" ".join(line.split()) for line in _safe(text).splitlines())
    return "\n".join(line for line in lines if line)


def word_count(text: str, language: str | None) -> int:
    """Count the words of `text`.

    A word is what stands between spaces and holds a letter or digit. In scripts written without
    spaces the number is estimated from the characters (two a word for Han and kana, four for
    Thai, Lao, Khmer, Burmese and Tibetan), so that lengths compare across languages. `language`
    (ISO 639-1 or None) only saves the search for such scripts where they cannot matter.
    """
    if text.isascii():
        return _spaced(text)
    estimated = 0
    if language is None or language in _UNSPACED_LANGUAGES or _HAN_KANA_RUN.search(text):
        han_kana = _length(_HAN_KANA_RUN, text)
        south_east = _length(_SOUTH_EAST_RUN, text)
        estimated = -(-han_kana // _HAN_KANA_PER_WORD) + -(-south_east // _SOUTH_EAST_PER_WORD)
        if estimated:
            text = _SOUTH_EAST_RUN.sub(" ", _HAN_KANA_RUN.sub(" ", text))
    return estimated + _spaced(text)


def _spaced(text: str) -> int:
    """Count what stands between spaces, less what holds no letter or digit."""
    return len(text.split()) - len(_WORDLESS.findall(text))


def _length(pattern: re.Pattern[str], text: str) -> int:
    return sum(len(run) for run in pattern.findall(text))


def _safe(text: str) -> str:
    if text.isascii():
        return _HARMFUL.sub("", text)
    return unicodedata.normalize("NFC", _HARMFUL.sub("", text))


def counted(number: int, noun: str, plural: str = "") -> str:
    """A number with its English noun: '1 page', '2 pages', '3 entries' of ('entry', 'entries')."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"
