"""Fold news text for matching, and find the way back to the code points it came from.

Case, diacritics, width, hyphens and quotation marks are levelled; almost every character folds to
exactly one, so the offsets stay as they are. The few that do not (decomposed letters, ligatures,
marks and invisible characters) are rewritten in a second step that remembers where it changed the
length.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass

# Characters that take part in a folding of more than one code point: marks of every script here,
# conjoining jamo, half-width kana, ligatures and presentation forms, and what is not seen at all.
_MARKS = "\u0300-\u036f\u064b-\u065f\u0670\u06d6-\u06ed\u0483-\u0487\u3099\u309a"
_UNSEEN = "\u00ad\u0640\u034f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe00-\ufe0f\ufeff"
_JOINED = "\u1100-\u11ff\uff66-\uff9f\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufefc"
_SPACES = " \u00a0"
_IRREGULAR = re.compile(f"[^\\W\\d_]?[{_MARKS}{_UNSEEN}]+|[{_JOINED}]+|[{_SPACES}]{{2,}}")
_DROPPED = re.compile(f"[{_UNSEEN}]")
_BASE = re.compile("[A-Za-z\u00c0-\u024f\u0370-\u052f\u0600-\u06ff\u1e00-\u1fff]")

_LIKE_SPACE = (
    "\t\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000"
)
_LIKE_HYPHEN = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u301c\uff0d\uff5e\u30a0"
_LIKE_APOSTROPHE = "\u2018\u2019\u201a\u201b\u02bc\u02b9\u2032\u00b4`\uff07"
_LIKE_DOT = "\u00b7\u2022\u2027\u22c5\u318d\uff65"
# Letters that carry a diacritic no decomposition takes off.
_PLAIN = {
    "\u0111": "d", "\u0142": "l", "\u00f8": "o", "\u0131": "i", "\u0629": "\u0647",
    "\u0649": "\u064a", "\u06a9": "\u0643", "\u06cc": "\u064a",
}  # fmt: skip
# Stands in the table for every irregular character; searching for it is what makes folding quick.
_IRREGULAR_MARK = "\ufffc"
_LEFT_OVER = re.compile(f"[{_MARKS}{_IRREGULAR_MARK}]")
_IRREGULAR_ONE = re.compile(f"[{_MARKS}{_UNSEEN}{_JOINED}]")
# All but Chinese characters, Korean syllables, surrogates and private use, none of which folds:
# they are three quarters of the plane, and asking them takes every process 30 ms.
_FOLDED = (range(0x3400), range(0xA000, 0xAC00), range(0xD7A4, 0xD800), range(0xF900, 0x10000))


def _fold_character(character: str) -> str:
    """Fold one code point to one: lower case, compatible form, without its diacritic."""
    lowered = unicodedata.normalize("NFKC", character).lower()
    if len(lowered) != 1:
        lowered = character
    if lowered in _PLAIN:
        return _PLAIN[lowered]
    # Cyrillic short i and yi are letters of their own; only io is also written without its dots.
    if not _BASE.match(lowered) or lowered in "\u0439\u0457":
        return lowered
    base = "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))
    return _PLAIN.get(base, base) if len(base) == 1 else lowered


def _table() -> dict[int, str]:
    """Make the one-to-one table of the Basic Multilingual Plane, irregular characters marked.

    What folds to itself is not in it.
    """
    table = {code: _fold_character(chr(code)) for codes in _FOLDED for code in codes}
    for characters, plain in (
        (_LIKE_SPACE, " "),
        (_LIKE_HYPHEN, " "),
        (_LIKE_APOSTROPHE, "'"),
        (_LIKE_DOT, "\u30fb"),
    ):
        table.update(dict.fromkeys(map(ord, characters), plain))
    for match in _IRREGULAR_ONE.finditer("".join(map(chr, table))):
        table[ord(match.group())] = _IRREGULAR_MARK
    return {code: plain for code, plain in table.items() if plain != chr(code)}


_TABLE = _table()


def _foldable() -> re.Pattern[str]:
    """Make the pattern of what lower-casing leaves to fold: few characters of any text."""
    codes = [code for code in _TABLE if chr(code).lower() == chr(code)]
    codes = [code for code in codes if code > 0x7F and _TABLE[code] != _IRREGULAR_MARK]
    return re.compile("[" + "".join(re.escape(chr(code)) for code in codes) + "]")


_FOLDABLE = _foldable()


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A stretch that changed its length: where it lies in the folded text and in the original."""

    start: int
    end: int
    origin_start: int
    origin_end: int


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text, and the stretches of it that did not fold one to one (usually none)."""

    text: str
    rewritten: tuple[Rewritten, ...] = ()

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Give the half-open range of the original that a range of the folded text came from."""
        if not self.rewritten:
            return start, end
        return self._trace(start, last=False), self._trace(end - 1, last=True) + 1

    def _trace(self, offset: int, *, last: bool) -> int:
        at = bisect_right(self.rewritten, offset, key=lambda stretch: stretch.start) - 1
        if at < 0:
            return offset
        stretch = self.rewritten[at]
        if offset >= stretch.end:
            return stretch.origin_end + offset - stretch.end
        return stretch.origin_end - 1 if last else stretch.origin_start


def fold(text: str) -> Folded:
    """Fold a text for matching.

    Comes in: any text. Goes out: the folded text and the way back; a range of it that begins and
    ends at letters leads to the range of the original that holds the same letters with their marks.
    """
    if "  " not in text and not _IRREGULAR_ONE.search(text):
        return Folded(_level(text))
    return _fold_irregular(text)


def _level(text: str) -> str:
    """Fold a text without irregular characters, one to one."""
    lowered = text.lower()
    if len(lowered) != len(text):  # a dotted capital I lowers to two code points
        return text.translate(_TABLE)
    lowered = lowered.replace("-", " ")
    return lowered if lowered.isascii() else _FOLDABLE.sub(_fold_match, lowered)


def _fold_match(match: re.Match[str]) -> str:
    return _TABLE[ord(match.group())]


def _fold_irregular(text: str) -> Folded:
    pieces: list[str] = []
    rewritten: list[Rewritten] = []
    done = length = 0
    for match in _IRREGULAR.finditer(text):
        between = _level(text[done : match.start()])
        piece = _rewrite(match.group())
        length += len(between)
        rewritten.append(Rewritten(length, length + len(piece), match.start(), match.end()))
        length += len(piece)
        pieces += (between, piece)
        done = match.end()
    pieces.append(_level(text[done:]))
    return Folded("".join(pieces), tuple(rewritten))


def _rewrite(group: str) -> str:
    """Fold what does not fold one to one: compose it, then drop the marks that are left."""
    if not group.strip(_SPACES):
        return " "
    composed = unicodedata.normalize("NFKC", _DROPPED.sub("", group)).lower()
    folded = composed.translate(_TABLE)
    return _LEFT_OVER.sub("", folded)
