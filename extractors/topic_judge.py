"""Judge one article by one topic: the scenes its sentences show, the rules that fire, the sum."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from extractors.topic_compiled import (
    EVERY_PLACE,
    CompiledRule,
    CompiledScene,
    as_bits,
    compiled_rules,
    compiled_scene,
    with_what_they_name,
)
from extractors.topic_definition import Near, TopicDefinition, When
from extractors.topic_match import Match
from extractors.topic_units import LEAD, TITLE, Units, is_listed

NOTHING = "nothing-seen"
OUTSIDE = "outside-window"
LISTED = "one-of-several-in-title"
UNDATED = "undated: "  # stands before the rule that decided an article without a date

# What a sentence shows and where it lies (both as bits), and how many of them do.
_Counted = tuple[tuple[int, int], int]

_MOST_EVIDENCE = 12  # enough to see why; every further one costs more than it says
_FURNITURE_SENTENCES = 4  # a paragraph of more is an article that has swallowed a notice
_MOST_REMEMBERED = 50_000  # sets of concepts a judge remembers the scenes of
# The sets of places that share one with each.
_HOLDING = [[one for one in range(EVERY_PLACE) if one & place] for place in range(EVERY_PLACE)]


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a topic says: the score (0 to 1), the rule that decided, the matches that counted."""

    score: float
    rule: str
    matches: tuple[Match, ...] = ()


class Judge:
    """One definition, made ready. Immutable but for a memo of what concept sets show."""

    def __init__(self, definition: TopicDefinition) -> None:
        bits = {concept.name: 1 << at for at, concept in enumerate(definition.concepts)}
        self.definition = definition
        self.concepts = tuple(concept.name for concept in definition.concepts)
        self.gate = as_bits(definition.gate, bits)
        self._furniture = as_bits(definition.furniture, bits)
        scenes = [compiled_scene(scene, at, bits) for at, scene in enumerate(definition.scenes)]
        rules = compiled_rules(definition.rules, scenes)
        self._rules_at = {when: [one for one in rules if when in one.rule.when] for when in When}
        telling = definition.window.undated_peak if definition.window else ()
        self._telling_peak = sum(one.bit for one in rules if one.rule.name in telling)
        self._to_tell = with_what_they_name(self._rules_at[When.UNKNOWN], self._telling_peak)
        for_it = {name for rule in definition.rules if rule.weight > 0 for name in rule.scenes}
        self._for_it = [one for one in scenes if one.scene.name in for_it]
        self._speaking = reduce(or_, (one.concepts for one in self._for_it), 0)
        self._in_sentence = [one for one in scenes if one.scene.near is Near.SENTENCE]
        self._in_paragraph = [one for one in scenes if one.scene.near is Near.PARAGRAPH]
        self._in_opening = [one for one in scenes if one.scene.near is Near.OPENING]
        self._in_article = [one for one in scenes if one.scene.near is Near.ARTICLE]
        self._within_words = [one for one in scenes if one.scene.near is Near.WORDS]
        self._memo: dict[int, int] = {0: 0}
        self._memo_of_paragraphs: dict[int, int] = {0: 0}

    def could_say(self, matches: Sequence[Match]) -> bool:
        """Tell whether a rule that speaks for the topic could fire at all: cheap, and mostly no."""
        whole = 0
        for _, _, bits, _ in matches:
            whole |= bits
        return any(scene.possible(whole) for scene in self._for_it)

    def rule_on(self, matches: Sequence[Match], units: Units, folded: str, when: When) -> Ruling:
        """Judge an article by its matches (in order), its sentences and how its date lies."""
        at = _sentences_of(matches, units.ends)
        masks = [0] * len(units.ends)
        for (_, _, bits, _), sentence in zip(matches, at, strict=True):
            masks[sentence] |= bits
        left_out = self._left_out(masks, units) | units.repeated
        for sentence in left_out:
            masks[sentence] = 0
        whole = 0
        for mask in masks:
            whole |= mask
        places = units.places(left_out)
        memo, scenes = self._memo, self._in_sentence
        seen = [memo[mask] if mask in memo else _remembered(mask, scenes, memo) for mask in masks]
        self._see_wider(seen, masks, whole, units)
        self._see_opening(seen, masks, places)
        for scene in self._within_words:
            if scene.possible(whole):
                for sentence in _within_words(scene, matches, at, units, folded):
                    seen[sentence] |= 0 if sentence in left_out else scene.bit
        counted = list(Counter(zip(seen, places, strict=True)).items())
        shown = _shown(counted)
        rules = self._rules_at[self._as_of(when, shown, counted)]
        fired = _fired(rules, shown, counted)
        total, gained = _summed(fired)
        if not gained:
            return Ruling(0.0, NOTHING)
        sight = _Sight(matches, at, seen, places)
        return self._decide(fired, total, gained, when, sight, folded[: units.title_end])

    def _cap(
        self, fired: list[CompiledRule], when: When, matches: Sequence[Match], title: str
    ) -> str | None:
        """Why an article is a mention at most, whatever it scores; None for most."""
        if self._listed(matches, title):
            return LISTED
        window = self.definition.window
        needs = window.outside_needs if window and when is When.OUTSIDE else ()
        fulfilled = not needs or any(one.rule.name in needs for one in fired)
        return None if fulfilled else OUTSIDE

    def _listed(self, matches: Sequence[Match], title: str) -> bool:
        """Tell whether the title names the story as one of several."""
        there = [(start, bits) for start, _, bits, _ in matches if start < len(title)]
        named = any(bits & self.gate for _, bits in there)
        return named and is_listed(title, [at for at, bits in there if bits & self._speaking])

    def _as_of(self, when: When, shown: list[int], counted: Sequence[_Counted]) -> When:
        """Say when to judge it as of: the peak, where a text without a date tells of those days."""
        if when is not When.UNKNOWN or not self._to_tell:
            return when
        names = sum(one.bit for one in _fired(self._to_tell, shown, counted))
        return When.PEAK if names & self._telling_peak else when

    def _see_wider(self, seen: list[int], masks: list[int], whole: int, units: Units) -> None:
        """Add the scenes of paragraphs and of the whole to the sentences that take part."""
        marked = [(sentence, mask) for sentence, mask in enumerate(masks) if mask]
        for scene in self._in_article:
            if scene.seen(whole):
                concepts, bit = scene.concepts, scene.bit
                for sentence, mask in marked:
                    if mask & concepts:
                        seen[sentence] |= bit
        wanted = [scene for scene in self._in_paragraph if scene.possible(whole)]
        if not wanted:
            return
        numbers = units.paragraphs
        together: dict[int, int] = {}
        for sentence, mask in marked:
            together[numbers[sentence]] = together.get(numbers[sentence], 0) | mask
        memo = self._memo_of_paragraphs
        for number, mask in together.items():
            together[number] = _remembered(mask, self._in_paragraph, memo)
        for sentence, mask in marked:
            if shown := together[numbers[sentence]]:
                for scene in wanted:
                    if shown & scene.bit and mask & scene.concepts:
                        seen[sentence] |= scene.bit

    def _see_opening(self, seen: list[int], masks: list[int], places: Sequence[int]) -> None:
        """Add the scenes that title and lead show together to the sentences that take part."""
        opening = [i for i, place in enumerate(places) if place & (TITLE | LEAD)]
        together = 0
        for sentence in opening:
            together |= masks[sentence]
        for scene in self._in_opening:
            if scene.seen(together):
                for sentence in opening:
                    if masks[sentence] & scene.concepts:
                        seen[sentence] |= scene.bit

    def _left_out(self, masks: list[int], units: Units) -> frozenset[int]:
        """Find the sentences that are no part of the article: notices, lists of other stories."""
        furniture = self._furniture
        marked = [i for i in range(units.titles, len(masks)) if masks[i] & furniture]
        if not marked:
            return frozenset()
        left_out = set(marked)
        for sentence in marked:
            paragraph = units.paragraph_of(sentence)
            if len(paragraph) <= _FURNITURE_SENTENCES:
                left_out.update(paragraph)
        return frozenset(left_out)

    def _decide(
        self,
        fired: list[CompiledRule],
        total: float,
        gained: float,
        when: When,
        sight: _Sight,
        title: str,
    ) -> Ruling:
        definition = self.definition
        score = round(min(1.0, max(0.0, total)), 3)
        for_it = max(fired, key=lambda one: one.weight)
        against = min(fired, key=lambda one: one.weight)
        rule = for_it.rule.name
        if score < definition.on <= gained or score < definition.mention <= gained:
            rule = against.rule.name if against.rule.weight < 0 else rule
        if score >= definition.on and (cap := self._cap(fired, when, sight.matches, title)):
            score = round(max(definition.mention, definition.on - 0.05), 3)
            rule = cap
        if definition.window and when is When.UNKNOWN:
            rule = UNDATED + rule
        if score < definition.mention:
            return Ruling(score, rule)
        return Ruling(score, rule, sight.evidence(fired))


def _by_weight(one: CompiledRule) -> float:
    return -one.weight


@dataclass(frozen=True, slots=True)
class _Sight:
    """What was seen where, kept to show the evidence."""

    matches: Sequence[Match]
    at: Sequence[int]
    seen: Sequence[int]
    places: Sequence[int]

    def evidence(self, fired: list[CompiledRule]) -> tuple[Match, ...]:
        """Collect the matches that made the rules fire, those of the heaviest rules first."""
        matches, at, seen_at, place_of = self.matches, self.at, self.seen, self.places
        chosen: set[Match] = set()
        for one in sorted(fired, key=_by_weight):
            if one.weight <= 0:
                break
            scenes, places, concepts = one.scenes, one.places, one.concepts
            for match, sentence in zip(matches, at, strict=True):
                if not (match[2] & concepts and seen_at[sentence] & scenes):
                    continue
                if place_of[sentence] & places:
                    chosen.add(match)
                    if len(chosen) == _MOST_EVIDENCE:
                        return tuple(sorted(chosen))
        return tuple(sorted(chosen))


def _remembered(mask: int, scenes: Sequence[CompiledScene], memo: dict[int, int]) -> int:
    """Say which scenes a set of concepts shows; the same few sets come again and again."""
    known = memo.get(mask)
    if known is None:
        known = sum(scene.bit for scene in scenes if scene.seen(mask))
        if len(memo) < _MOST_REMEMBERED:
            memo[mask] = known
    return known


def _fired(
    rules: Sequence[CompiledRule], shown: list[int], counted: Sequence[_Counted]
) -> list[CompiledRule]:
    """Find the rules that fire, by what is shown at each set of places and how often."""
    fired: list[CompiledRule] = []
    names = 0
    for one in rules:
        if not shown[one.places] & one.scenes or names & one.unless:
            continue
        if names & one.needs != one.needs or not (one.once or _counted(one, counted)):
            continue
        fired.append(one)
        names |= one.bit
    return fired


def _summed(fired: Sequence[CompiledRule]) -> tuple[float, float]:
    """Add the weights up: all of them, and those that speak for the topic."""
    total = gained = 0.0
    sparing: list[CompiledRule] = []
    for one in fired:
        if one.rule.leaves:
            sparing.append(one)
            continue
        total += one.weight
        if one.weight > 0:
            gained += one.weight
    # Last, so that what they leave does not depend on the order of the rules.
    for one in sparing:
        total = max(total + one.weight, min(total, one.rule.leaves))
    return total, gained


def _shown(counted: Sequence[_Counted]) -> list[int]:
    """What is seen anywhere at each set of places (a sum of their bits)."""
    at: dict[int, int] = {}
    for (bits, place), _ in counted:
        at[place] = at.get(place, 0) | bits
    shown = [0] * EVERY_PLACE
    for place, bits in at.items():
        for places in _HOLDING[place]:
            shown[places] |= bits
    return shown


def _counted(one: CompiledRule, counts: Sequence[_Counted]) -> bool:
    """Tell whether a rule's scenes are seen often enough, of the sentences and of other scenes."""
    scenes, places = one.scenes, one.places
    times = of = 0
    for (bits, place), count in counts:
        if place & places:
            of += count
            if bits & scenes:
                times += count
    if times < one.rule.times or times < one.rule.share * of:
        return False
    outnumbers = one.outnumbers
    if not outnumbers:
        return True
    return times > sum(count for (bits, _), count in counts if bits & outnumbers)


def _within_words(
    scene: CompiledScene, matches: Sequence[Match], at: Sequence[int], units: Units, folded: str
) -> list[int]:
    """Slide over the matches: each opens a stretch of as many words as the scene allows."""
    found: list[int] = []
    for first, (_, first_end, bits, _) in enumerate(matches):
        if not bits & scene.concepts:
            continue
        mask = 0
        for last in range(first, len(matches)):
            start, _, more, _ = matches[last]
            if units.paragraphs[at[last]] != units.paragraphs[at[first]]:
                break
            if last > first and _words(folded, first_end, start) > scene.scene.words:
                break
            mask |= more
            if scene.seen(mask):
                found.extend(range(at[first], at[last] + 1))
                break
    return found


def _words(folded: str, start: int, end: int) -> int:
    """Count the words between two matches; two Han or kana characters count as one word."""
    between = folded[start:end]
    wide = sum(1 for character in between if "\u3040" <= character <= "\u9fff")
    return len(between.split()) + wide // 2


def _sentences_of(matches: Sequence[Match], ends: tuple[int, ...]) -> list[int]:
    """Give each match (in order of start) the sentence it begins in."""
    at: list[int] = []
    sentence = 0
    for start, _, _, _ in matches:
        while ends[sentence] <= start:
            sentence += 1
        at.append(sentence)
    return at
