"""A topic's scenes and rules with their names as bits, so that sets of them are whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from extractors.topic_definition import Rule, Scene, Where
from extractors.topic_units import BODY, FIRST, LEAD, TITLE

_PLACES = {Where.TITLE: TITLE, Where.LEAD: LEAD, Where.BODY: BODY, Where.FIRST: FIRST}
EVERY_PLACE = 1 << len(_PLACES)  # all sets of places, as sums of their bits


@dataclass(frozen=True, slots=True)
class CompiledScene:
    """A scene with its concepts as bits: it is seen where one of its combinations is met."""

    scene: Scene
    bit: int
    combinations: tuple[tuple[tuple[int, ...], int], ...]  # (groups, none), as concept bits
    concepts: int  # every concept that can take part

    def seen(self, mask: int) -> bool:
        """Tell whether the concepts of one stretch of text, as a sum of bits, show the scene."""
        return mask & self.concepts != 0 and self._met(mask, mask)

    def possible(self, mask: int) -> bool:
        """Tell whether these concepts could show the scene, if only they stood near enough."""
        return mask & self.concepts != 0 and self._met(mask, 0)

    def _met(self, mask: int, forbidden: int) -> bool:
        # Plain loops: asked a dozen times an article, and any() and all() cost twice as much.
        for groups, none in self.combinations:
            if forbidden & none:
                continue
            for group in groups:
                if not mask & group:
                    break
            else:
                return True
        return False


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule with its names as bits: those of rules in `bit`, `needs` and `unless`."""

    rule: Rule
    bit: int
    needs: int
    unless: int
    weight: float
    scenes: int
    concepts: int
    places: int
    outnumbers: int
    once: bool  # to be seen once is enough


def as_bits(names: frozenset[str], bits: dict[str, int]) -> int:
    """Return the sum of the names' bits. Raises KeyError for a name without one."""
    return sum(bits[name] for name in names)


def compiled_scene(scene: Scene, at: int, bits: dict[str, int]) -> CompiledScene:
    """Return the scene at place `at` of its definition; `bits` has one bit a concept."""
    combinations = tuple(
        (tuple(as_bits(group, bits) for group in one.groups), as_bits(one.none, bits))
        for one in scene.combinations
    )
    concepts = 0
    for groups, _ in combinations:
        for group in groups:
            concepts |= group
    return CompiledScene(scene, 1 << at, combinations, concepts)


def compiled_rules(rules: Sequence[Rule], scenes: list[CompiledScene]) -> list[CompiledRule]:
    """Return the rules in their order, over all of their definition's scenes."""
    bits = {rule.name: 1 << at for at, rule in enumerate(rules)}
    return [_compiled_rule(rule, scenes, bits) for rule in rules]


def with_what_they_name(rules: Sequence[CompiledRule], wanted: int) -> list[CompiledRule]:
    """Return those of the rules with a bit in `wanted`, and those they need or are barred by."""
    chosen: list[CompiledRule] = []
    for one in reversed(rules):  # a rule names earlier ones alone
        if one.bit & wanted:
            wanted |= one.needs | one.unless
            chosen.insert(0, one)
    return chosen


def _compiled_rule(rule: Rule, scenes: list[CompiledScene], bits: dict[str, int]) -> CompiledRule:
    by_name = {one.scene.name: one for one in scenes}
    used = [by_name[name] for name in rule.scenes]
    concepts = 0
    for one in used:
        concepts |= one.concepts
    return CompiledRule(
        rule=rule,
        bit=bits[rule.name],
        needs=as_bits(frozenset(rule.needs), bits),
        unless=as_bits(frozenset(rule.unless), bits),
        weight=rule.weight,
        scenes=sum({one.bit for one in used}),
        concepts=concepts,
        places=sum(_PLACES[where] for where in rule.where),
        outnumbers=by_name[rule.outnumbers].bit if rule.outnumbers else 0,
        once=rule.times <= 1 and not rule.share and rule.outnumbers is None,
    )
