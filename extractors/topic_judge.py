"""Judge one article by one topic: the scenes its sentences show, the rules that fire, the sum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractors.topic_definition import Near, Rule, Scene, TopicDefinition, When, Where
from extractors.topic_match import Match
from extractors.topic_units import BODY, LEAD, TITLE, Units

NOTHING = "nothing-seen"
OUTSIDE = "outside-window"

_MOST_EVIDENCE = 24
_FURNITURE_SENTENCES = 4  # a paragraph of more is an article that has swallowed a notice
_PLACES = {Where.TITLE: TITLE, Where.LEAD: LEAD, Where.BODY: BODY}


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a topic says: the score (0 to 1), the rule that decided, the matches that counted."""

    score: float
    rule: str
    matches: tuple[Match, ...] = ()


@dataclass(frozen=True, slots=True)
class _Scene:
    scene: Scene
    bit: int
    combinations: tuple[tuple[tuple[int, ...], int], ...]  # (groups, none), as concept bits
    concepts: int  # every concept that can take part

    def seen(self, mask: int) -> bool:
        return any(
            not mask & none and all(mask & group for group in groups)
            for groups, none in self.combinations
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    rule: Rule
    scenes: int
    concepts: int
    places: int
    outnumbers: int


class Judge:
    """One definition, made ready. Immutable but for a memo of what concept sets show."""

    def __init__(self, definition: TopicDefinition) -> None:
        bits = {concept.name: 1 << at for at, concept in enumerate(definition.concepts)}
        self.definition = definition
        self.concepts = tuple(concept.name for concept in definition.concepts)
        self.gate = _bits(definition.gate, bits)
        self._furniture = _bits(definition.furniture, bits)
        scenes = [_compiled_scene(scene, at, bits) for at, scene in enumerate(definition.scenes)]
        self._rules = [_compiled_rule(rule, scenes) for rule in definition.rules]
        self._in_sentence = [one for one in scenes if one.scene.near is Near.SENTENCE]
        self._wider = [one for one in scenes if one.scene.near is not Near.SENTENCE]
        self._needed = 0
        for one in scenes:
            self._needed |= one.concepts
        self._memo: dict[int, int] = {0: self._scenes_of(0)}

    def rule_on(self, matches: Sequence[Match], units: Units, folded: str, when: When) -> Ruling:
        """Judge an article by its matches (in order), its sentences and how its date lies."""
        at = _sentences_of(matches, units.ends)
        masks = [0] * len(units.ends)
        for match, sentence in zip(matches, at, strict=True):
            masks[sentence] |= match.bits
        left_out = self._left_out(masks, units)
        for sentence in left_out:
            masks[sentence] = 0
        places = units.places(left_out)
        seen = [self._scenes_of(mask) for mask in masks]
        for scene in self._wider:
            for sentence in _wide_sentences(scene, masks, matches, at, units, folded):
                if sentence not in left_out:
                    seen[sentence] |= scene.bit
        fired, total, gained = self._fire(seen, places, when)
        if not gained:
            return Ruling(0.0, NOTHING)
        return self._decide(fired, total, gained, when, _Sight(matches, at, seen, places))

    def _scenes_of(self, mask: int) -> int:
        known = self._memo.get(mask) if mask else 0
        if known is None:
            known = sum(scene.bit for scene in self._in_sentence if scene.seen(mask))
            self._memo[mask] = known
        return known

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

    def _fire(
        self, seen: list[int], places: Sequence[int], when: When
    ) -> tuple[list[_Rule], float, float]:
        fired: list[_Rule] = []
        names: set[str] = set()
        total = gained = 0.0
        for one in self._rules:
            if when in one.rule.when and _fires(one, seen, places, names):
                fired.append(one)
                names.add(one.rule.name)
                total += one.rule.weight
                gained += max(0.0, one.rule.weight)
        return fired, total, gained

    def _decide(
        self, fired: list[_Rule], total: float, gained: float, when: When, sight: _Sight
    ) -> Ruling:
        definition = self.definition
        score = round(min(1.0, max(0.0, total)), 3)
        for_it = max(fired, key=lambda one: one.rule.weight)
        against = min(fired, key=lambda one: one.rule.weight)
        rule = for_it.rule.name
        if score < definition.on <= gained or score < definition.mention <= gained:
            rule = against.rule.name if against.rule.weight < 0 else rule
        names = {one.rule.name for one in fired}
        window = definition.window
        needs = window.outside_needs if window and when is When.OUTSIDE else ()
        if score >= definition.on and needs and names.isdisjoint(needs):
            score = round(max(definition.mention, definition.on - 0.05), 3)
            rule = OUTSIDE
        if score < definition.mention:
            return Ruling(score, rule)
        return Ruling(score, rule, sight.evidence(fired))


@dataclass(frozen=True, slots=True)
class _Sight:
    """What was seen where, kept to show the evidence."""

    matches: Sequence[Match]
    at: Sequence[int]
    seen: Sequence[int]
    places: Sequence[int]

    def evidence(self, fired: list[_Rule]) -> tuple[Match, ...]:
        """Collect the matches that made the rules fire, those of the heaviest rules first."""
        chosen: dict[int, Match] = {}
        for one in sorted(fired, key=lambda one: -one.rule.weight):
            if one.rule.weight <= 0:
                continue
            for match, sentence in zip(self.matches, self.at, strict=True):
                if len(chosen) >= _MOST_EVIDENCE:
                    break
                counts = self.seen[sentence] & one.scenes and self.places[sentence] & one.places
                if counts and match.bits & one.concepts:
                    chosen[match.start] = match
        return tuple(chosen[start] for start in sorted(chosen))


def _fires(one: _Rule, seen: list[int], places: Sequence[int], names: set[str]) -> bool:
    rule = one.rule
    if not names.issuperset(rule.needs) or not names.isdisjoint(rule.unless):
        return False
    scenes, where = one.scenes, one.places
    times = sum(
        1 for bits, place in zip(seen, places, strict=True) if bits & scenes and place & where
    )
    if times < rule.times:
        return False
    if rule.share and times < rule.share * sum(1 for place in places if place & where):
        return False
    if one.outnumbers:
        others = sum(1 for bits in seen if bits & one.outnumbers)
        return times > others
    return True


def _wide_sentences(
    scene: _Scene,
    masks: list[int],
    matches: Sequence[Match],
    at: Sequence[int],
    units: Units,
    folded: str,
) -> list[int]:
    """Find the sentences that take part in a scene wider than one sentence."""
    if scene.scene.near is Near.WORDS:
        return _within_words(scene, matches, at, units, folded)
    everything = scene.scene.near is Near.ARTICLE
    groups = [range(len(masks))] if everything else units.paragraph_ranges()
    found: list[int] = []
    for group in groups:
        whole = 0
        for sentence in group:
            whole |= masks[sentence]
        if whole & scene.concepts and scene.seen(whole):
            found.extend(sentence for sentence in group if masks[sentence] & scene.concepts)
    return found


def _within_words(
    scene: _Scene, matches: Sequence[Match], at: Sequence[int], units: Units, folded: str
) -> list[int]:
    """Slide over the matches: each opens a stretch of as many words as the scene allows."""
    found: list[int] = []
    for first, match in enumerate(matches):
        if not match.bits & scene.concepts:
            continue
        mask = 0
        for last in range(first, len(matches)):
            other = matches[last]
            if units.paragraphs[at[last]] != units.paragraphs[at[first]]:
                break
            if last > first and _words(folded, match.end, other.start) > scene.scene.words:
                break
            mask |= other.bits
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
    for match in matches:
        while ends[sentence] <= match.start:
            sentence += 1
        at.append(sentence)
    return at


def _bits(names: frozenset[str], bits: dict[str, int]) -> int:
    return sum(bits[name] for name in names)


def _compiled_scene(scene: Scene, at: int, bits: dict[str, int]) -> _Scene:
    combinations = tuple(
        (tuple(_bits(group, bits) for group in one.groups), _bits(one.none, bits))
        for one in scene.combinations
    )
    concepts = 0
    for groups, _ in combinations:
        for group in groups:
            concepts |= group
    return _Scene(scene, 1 << at, combinations, concepts)


def _compiled_rule(rule: Rule, scenes: list[_Scene]) -> _Rule:
    by_name = {one.scene.name: one for one in scenes}
    used = [by_name[name] for name in rule.scenes]
    concepts = 0
    for one in used:
        concepts |= one.concepts
    return _Rule(
        rule=rule,
        scenes=sum({one.bit for one in used}),
        concepts=concepts,
        places=sum(_PLACES[where] for where in rule.where),
        outnumbers=by_name[rule.outnumbers].bit if rule.outnumbers else 0,
    )
