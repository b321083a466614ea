"""Find the aliases of all topics in a folded text, in one pass.

One Aho-Corasick automaton holds the aliases of every definition. Each topic resolves its own
overlaps (what lies inside a longer phrase counts with it, unless that phrase hides it), so that
adding a topic never changes another one's verdicts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ahocorasick_rs import AhoCorasick, MatchKind

from extractors.language import detect_language
from extractors.topic_definition import Alias, TopicDefinition
from extractors.topic_fold import fold

# What Arabic writes together with the next word: and, so, by, as, for, the.
_ARABIC_CLITICS = frozenset(
    first + second
    for first in ("", "\u0648", "\u0641")
    for second in ("", "\u0627\u0644", "\u0628", "\u0628\u0627\u0644", "\u0644", "\u0644\u0644",
                   "\u0643", "\u0643\u0627\u0644")
)  # fmt: skip
# Characters by what they can be a part of: asking a set is the quickest way to look beside a word.
_NOTHING: frozenset[str] = frozenset()
_WORDS = frozenset(filter(str.isalnum, map(chr, range(0x1100))))
_ARABIC = frozenset(filter(str.isalpha, map(chr, range(0x1100))))
_HANGUL = frozenset(map(chr, range(0xAC00, 0xD7A4)))
_KATAKANA = frozenset(map(chr, range(0x30A1, 0x30FB)))
_DIGITS = frozenset(filter(str.isdigit, map(chr, range(0x10000))))
_LONGEST_ENDING = 8  # letters an inner star may stand for
_UNKNOWN = "und"  # BCP 47: undetermined
_SAMPLE = 400  # characters the language is told from: more cost much and change little
_LONGEST_CLITIC = max(map(len, _ARABIC_CLITICS))


# An alias found: start and end in the folded text, the bits of all concepts it stands for, and of
# those whose alias it is. A plain tuple, because a hundred of them are made for every article.
Match = tuple[int, int, int, int]
_Found = tuple[int, int, int]  # start, minus the end, bits


@dataclass(frozen=True, slots=True)
class _Use:
    """What one pattern means to one topic."""

    topic: int
    bits: int
    alias: Alias
    not_before: frozenset[str]  # characters that beside it make it a part of another word
    not_after: frozenset[str]
    rest: re.Pattern[str] | None = None  # what follows the part the automaton looks for


# (topic, bits, not_before, not_after, the use where it asks for a closer look)
_QuickUse = tuple[int, int, frozenset[str], frozenset[str], _Use | None]


class Matcher:
    """Holds the automaton; immutable after it was made, and safe to share between threads."""

    def __init__(self, definitions: Sequence[TopicDefinition]) -> None:
        uses: dict[str, list[_Use]] = {}
        for topic, definition in enumerate(definitions):
            for text, use in _uses(topic, definition):
                uses.setdefault(text, []).append(use)
        _add_stems(uses)
        self._uses = [_quick(_merged(found)) for found in uses.values()]
        self._hiding = [_hiding(definition) for definition in definitions]
        self._automaton = AhoCorasick(
            list(uses), matchkind=MatchKind.Standard, store_patterns=False
        )

    def find(self, folded: str, original: str, language: str | None) -> dict[int, list[Match]]:
        """Find what every topic has in a text.

        Comes in: the folded text; the original (for aliases whose case counts), as long as the
        folded one or else empty; the language, detected when an alias asks for one and it is not
        known. Goes out: for each topic found (by its
        index), its matches in order, none inside another.
        """
        found: dict[int, list[_Found]] = {}
        ends: list[_Found] = []
        of = -1  # the topic they are of: mostly that of the match before
        uses = self._uses
        length = len(folded)
        for pattern, start, stop in self._automaton.find_matches_as_indexes(
            folded, overlapping=True
        ):
            for topic, bits, not_before, not_after, use in uses[pattern]:
                # Most of what is no whole word shows at its beginning, so that is looked at first.
                if (
                    start
                    and folded[start - 1] in not_before
                    and (not_before is not _ARABIC or not _after_clitic(folded, start))
                ):
                    continue
                end = stop
                if use is not None:
                    language = language or _spoken(use, folded)
                    end = _closer_look(use, folded, original, language, start, stop)
                    if end < 0:
                        continue
                if end < length and folded[end] in not_after:
                    continue
                # The end is negated so that plain sorting puts the longest of a start first.
                if topic != of:
                    of, ends = topic, found.setdefault(topic, [])
                ends.append((start, -end, bits))
        hiding = self._hiding
        return {topic: _resolved(matches, hiding[topic]) for topic, matches in found.items()}


def _closer_look(
    use: _Use, folded: str, original: str, language: str | None, start: int, stop: int
) -> int:
    """Check what few aliases ask for: an inner star, a language, exact case. -1 for no match."""
    alias = use.alias
    if alias.only and alias.language != language != _UNKNOWN:
        return -1
    if use.rest:
        following = use.rest.match(folded, stop)
        if not following:
            return -1
        stop = following.end()
    if alias.exact and original and original[start:stop] != alias.text:
        return -1
    return stop


def _spoken(use: _Use, folded: str) -> str | None:
    """Detect the language of a text when an alias asks for it; None when it does not."""
    return (detect_language(folded[:_SAMPLE]) or _UNKNOWN) if use.alias.only else None


def _uses(topic: int, definition: TopicDefinition) -> list[tuple[str, _Use]]:
    uses = []
    for index, concept in enumerate(definition.concepts):
        for alias in concept.aliases:
            text, *rest = fold(alias.text).text.split("*")
            start = _NOTHING if alias.open_start else _not_before(text[0])
            end = _NOTHING if alias.open_end else _not_after(alias.text[-1])
            following = _rest(rest) if rest else None
            uses.append((text, _Use(topic, 1 << index, alias, start, end, following)))
    return uses


def _add_stems(uses: dict[str, list[_Use]]) -> None:
    """Let a word listed in full count for a stem of it (`shell*`) listed elsewhere as well.

    Else the longer of the two would win, and hide the concept of the stem.
    """
    stems: dict[str, list[_Use]] = {}
    for text, found in uses.items():
        if open_ended := [use for use in found if use.alias.open_end and use.rest is None]:
            stems[text] = open_ended
    for text, found in uses.items():
        for at in range(len(text) - 1, 0, -1):
            if text[at] not in _WORDS:
                break
            found.extend(stems.get(text[:at], ()))


def _rest(parts: list[str]) -> re.Pattern[str]:
    """Make the pattern of what follows an inner star: the word's ending, then the next words."""
    return re.compile("".join(rf"\w{{0,{_LONGEST_ENDING}}}{re.escape(part)}" for part in parts))


def _merged(uses: list[_Use]) -> tuple[_Use, ...]:
    """Join the uses of one pattern that differ in nothing but the concept or the language."""
    merged: dict[tuple[object, ...], _Use] = {}
    for use in uses:
        alias = use.alias
        language = alias.language if alias.only else None
        exact = alias.text if alias.exact else None
        key = (use.topic, use.not_before, use.not_after, language, exact, use.rest)
        known = merged.get(key)
        bits = use.bits | known.bits if known else use.bits
        merged[key] = replace(use, bits=bits)
    return tuple(merged.values())


def _quick(uses: tuple[_Use, ...]) -> tuple[_QuickUse, ...]:
    """Lay out what the hot loop needs; the use itself only where a closer look is asked for."""
    return tuple(
        (
            use.topic,
            use.bits,
            use.not_before,
            use.not_after,
            use if use.rest or use.alias.only or use.alias.exact else None,
        )
        for use in uses
    )


def _hiding(definition: TopicDefinition) -> int:
    return sum(1 << at for at, concept in enumerate(definition.concepts) if concept.hides)


def _resolved(found: list[_Found], hiding: int) -> list[Match]:
    """Let what lies inside a longer match count with it; a phrase under two concepts is both.

    Comes in: what was found, in any order, and the bits of the concepts that hide what lies inside
    them; those count by themselves alone, not inside others. Goes out: matches in order, none
    inside another.
    """
    found.sort()
    kept: list[Match] = []
    last_start = last_end = -1
    for start, minus_end, bits in found:
        if -minus_end > last_end:
            last_start, last_end = start, -minus_end
            kept.append((start, last_end, bits, bits))
            continue
        _, _, known, own = kept[-1]
        if start == last_start and -minus_end == last_end:
            kept[-1] = (start, last_end, known | bits, own | bits)
        elif not own & hiding and bits & ~hiding & ~known:
            kept[-1] = (last_start, last_end, known | bits & ~hiding, own)
    return kept


def _not_before(character: str) -> frozenset[str]:
    """Say what must not stand before an alias that begins with this character."""
    if character.isdigit():
        return _DIGITS
    if character in _HANGUL:
        return _HANGUL
    if "\u30a0" <= character <= "\u30ff":
        return _KATAKANA
    if character not in _WORDS:
        return _NOTHING
    return _ARABIC if "\u0600" <= character <= "\u06ff" else _WORDS


def _not_after(character: str) -> frozenset[str]:
    """Say what must not stand after an alias that ends with this character."""
    # Korean particles follow without a space, and Han and kana know no spaces at all.
    if character.isdigit():
        return _DIGITS
    return _WORDS if character in _WORDS else _NOTHING


def _after_clitic(folded: str, start: int) -> bool:
    """Tell whether nothing but what Arabic writes together with a word stands before `start`."""
    at = start
    while at and folded[at - 1].isalpha() and start - at <= _LONGEST_CLITIC:
        at -= 1
    return folded[at:start] in _ARABIC_CLITICS
