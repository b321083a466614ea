"""Seeded news prose: sentence patterns and word lists make as many different articles as wanted.

The patterns are data (seeds/newsroom/prose/*.yaml). Names are invented from syllables and most
slots have many fillings, so that two articles share few word sequences and do not look like
near-duplicates of each other.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

_SLOT = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, eq=False)
class Grammar:
    """The patterns of one language. `slots` maps a slot's name to what may stand there;
    the slots name, place, n and pct are filled by the composer itself.
    """

    language: str
    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    summit_titles: tuple[str, ...]
    summit: tuple[str, ...]
    syllables: tuple[str, ...]
    slots: dict[str, tuple[str, ...]] = field(default_factory=dict)
    spaced: bool = True  # whether sentences are set apart by a space


def compose(grammar: Grammar, seed: str, *, on_topic: bool = False) -> tuple[str, tuple[str, ...]]:
    """Return (title, paragraphs) made from the seed alone: the same seed, the same article.

    With `on_topic` title and lead are about the Kim-Putin summit, else nothing is.
    """
    dice = random.Random(f"{grammar.language}:{seed}")  # noqa: S311 - prose, not a secret
    gap = " " if grammar.spaced else ""
    title = _fill(grammar, dice.choice(grammar.summit_titles if on_topic else grammar.titles), dice)
    paragraphs = []
    if on_topic:
        paragraphs.append(gap.join(_fill(grammar, line, dice) for line in grammar.summit))
    for _ in range(dice.randint(5, 9)):
        patterns = dice.sample(grammar.sentences, k=dice.randint(2, 3))
        paragraphs.append(gap.join(_fill(grammar, pattern, dice) for pattern in patterns))
    return title, tuple(paragraphs)


def _fill(grammar: Grammar, pattern: str, dice: random.Random) -> str:
    line = _SLOT.sub(lambda slot: _word(grammar, slot.group(1), dice), pattern)
    return line[:1].upper() + line[1:]


def _word(grammar: Grammar, slot: str, dice: random.Random) -> str:
    if slot == "n":
        return str(dice.randint(3, 4800))
    if slot == "pct":
        return f"{dice.randint(1, 60)}.{dice.randint(0, 9)}"
    if slot == "place":
        return _invented(grammar, dice, 2)
    if slot == "name":
        first, last = _invented(grammar, dice, 1), _invented(grammar, dice, 2)
        return f"{first} {last}" if grammar.spaced else last + first
    return dice.choice(grammar.slots[slot])


def _invented(grammar: Grammar, dice: random.Random, length: int) -> str:
    count = length if len(grammar.syllables[0]) == 1 else length + 1
    return "".join(dice.choice(grammar.syllables) for _ in range(count)).capitalize()
