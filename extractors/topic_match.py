"""Find the aliases of all topics in a folded text, in one pass.

One Aho-Corasick automaton holds the aliases of every definition. Each topic resolves its own
overlaps (the longest phrase wins), so that adding a topic never changes another one's verdicts.
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
_LONGEST_ENDING = 8  # letters an inner star may stand for
_UNKNOWN = "und"  # BCP 47: undetermined
_SAMPLE = 400  # characters the language is told from: more cost much and change little
_LONGEST_CLITIC = max(map(len, _ARABIC_CLITICS))


# An alias found: start and end in the folded text, and the bits of the concepts it stands for.
# A plain tuple, because a hundred of them are made for every article.
Match = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Use:
    """What one pattern means to one topic."""

    topic: int
    bits: int
    alias: Alias
    check_start: str  # "", word, hangul, katakana or digit
    check_end: str
    rest: re.Pattern[str] | None = None  # what follows the part the automaton looks for


# (topic, bits, check_start, check_end, the use where it asks for a closer look)
_QuickUse = tuple[int, int, str, str, _Use | None]


class Matcher:
    """Holds the automaton; immutable after it was made, and safe to share between threads."""

    def __init__(self, definitions: Sequence[TopicDefinition]) -> None:
        uses: dict[str, list[_Use]] = {}
        for topic, definition in enumerate(definitions):
            for text, use in _uses(topic, definition):
                uses.setdefault(text, []).append(use)
        self._uses = [_quick(_merged(found)) for found in uses.values()]
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
        found: dict[int, list[Match]] = {}
        uses = self._uses
        length = len(folded)
        for pattern, start, stop in self._automaton.find_matches_as_indexes(
            folded, overlapping=True
        ):
            for topic, bits, check_start, check_end, use in uses[pattern]:
                # Most of what is no whole word shows at its beginning, so that is looked at first.
                if check_start and start:
                    before = folded[start - 1]
                    if check_start == "word":
                        if before.isalnum() and before < "\u1100":
                            continue
                    elif not _starts(folded, start, check_start):
                        continue
                end = stop
                if use is not None:
                    language = language or _spoken(use, folded)
                    end = _closer_look(use, folded, original, language, start, stop)
                    if end < 0:
                        continue
                if check_end and end < length and not _ends(folded[end], check_end):
                    continue
                # The end is negated so that plain sorting puts the longest of a start first.
                if topic in found:
                    found[topic].append((start, -end, bits))
                else:
                    found[topic] = [(start, -end, bits)]
        return {topic: _longest(matches) for topic, matches in found.items()}


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
            start = "" if alias.open_start else _check_start(text[0])
            end = "" if alias.open_end else _check_end(alias.text[-1])
            following = _rest(rest) if rest else None
            uses.append((text, _Use(topic, 1 << index, alias, start, end, following)))
    return uses


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
        key = (use.topic, use.check_start, use.check_end, language, exact, use.rest)
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
            use.check_start,
            use.check_end,
            use if use.rest or use.alias.only or use.alias.exact else None,
        )
        for use in uses
    )


def _longest(matches: list[Match]) -> list[Match]:
    """Drop what lies inside a longer match; a phrase listed under two concepts counts for both.

    Comes in: (start, minus end, bits) in any order. Goes out: matches in order of their start.
    """
    matches.sort()
    kept: list[Match] = []
    last_start = last_end = -1
    for start, minus_end, bits in matches:
        if -minus_end > last_end:
            last_start, last_end = start, -minus_end
            kept.append((start, last_end, bits))
        elif start == last_start and -minus_end == last_end:
            kept[-1] = (start, last_end, bits | kept[-1][2])
    return kept


def _check_start(character: str) -> str:
    if character.isdigit():
        return "digit"
    if "\uac00" <= character <= "\ud7a3":
        return "hangul"
    if "\u30a0" <= character <= "\u30ff":
        return "katakana"
    if character >= "\u1100" or not character.isalnum():
        return ""
    return "arabic" if "\u0600" <= character <= "\u06ff" else "word"


def _check_end(character: str) -> str:
    # Korean particles follow without a space, and Han and kana know no spaces at all.
    if character.isdigit():
        return "digit"
    return "word" if character.isalnum() and character < "\u1100" else ""


def _starts(folded: str, start: int, check: str) -> bool:
    """Tell whether a word begins at `start`, in the scripts that `find` does not look at itself."""
    before = folded[start - 1]
    if check == "hangul":
        return not "\uac00" <= before <= "\ud7a3"
    if check == "katakana":
        return not "\u30a1" <= before <= "\u30fa"
    if check == "digit":
        return not before.isdigit()
    at = start
    while at and folded[at - 1].isalpha() and start - at <= _LONGEST_CLITIC:
        at -= 1
    return folded[at:start] in _ARABIC_CLITICS


def _ends(after: str, check: str) -> bool:
    """Tell whether a word ends before the character `after`."""
    if check == "digit":
        return not after.isdigit()
    return not (after.isalnum() and after < "\u1100")
