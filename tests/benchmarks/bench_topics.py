"""How fast stored articles are tagged again: per second and core, against plain str.lower()."""

from __future__ import annotations

import dataclasses
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from extractors.topics import Tagger, TopicDefinition

sys.path.insert(0, str(Path(__file__).parents[1] / "quality" / "topics"))
import labelled

pytestmark = pytest.mark.bench

ARTICLES = 300
ARTICLE_BYTES = 3000
LEAST_PER_SECOND = 3000
TOPICS = 50
_SYLLABLES = (
    "ka",
    "lo",
    "mi",
    "ren",
    "tu",
    "sva",
    "bor",
    "ко",
    "ла",
    "мир",
    "нэ",
    "山",
    "花",
    "한",
    "국",
)


def _articles() -> list[tuple[str, str | None]]:
    """Make texts of 3 KB out of the labelled ones, each of one language and one label."""
    pools: dict[tuple[str | None, str], list[str]] = {}
    for item in labelled.load("dev") + labelled.load("aside"):
        pools.setdefault((item.language, item.label), []).append(item.text)
    chosen = random.Random(7)
    kinds = sorted(pools, key=str)
    texts = []
    for number in range(ARTICLES):
        parts: list[str] = []
        while len("\n".join(parts).encode()) < ARTICLE_BYTES:
            parts.append(chosen.choice(pools[kinds[number % len(kinds)]]))
        text = "\n".join(parts).encode()[:ARTICLE_BYTES].decode(errors="ignore")
        texts.append((text, kinds[number % len(kinds)][0]))
    return texts


def _generated(like: TopicDefinition, number: int) -> TopicDefinition:
    """Make a topic of the same size whose aliases are other words."""
    words = random.Random(number)

    def other(alias_text: str) -> str:
        length = max(4, len(alias_text))
        made = ""
        while len(made) < length:
            made += words.choice(_SYLLABLES)
        return made[:length]

    concepts = tuple(
        dataclasses.replace(
            concept,
            aliases=tuple(
                dataclasses.replace(alias, text=other(alias.text)) for alias in concept.aliases
            ),
        )
        for concept in like.concepts
    )
    return dataclasses.replace(like, topic_id=f"generated-{number}", concepts=concepts)


def _per_second(
    work: Callable[[str, str | None], object], texts: list[tuple[str, str | None]]
) -> float:
    best = 0.0
    for _ in range(5):
        start = time.process_time()
        for text, language in texts:
            work(text, language)
        best = max(best, len(texts) / (time.process_time() - start))
    return best


def test_tagging_again_keeps_its_pace_with_fifty_more_topics() -> None:
    shipped = labelled.shipped()
    largest = max(shipped.definitions, key=lambda one: sum(len(c.aliases) for c in one.concepts))
    many = Tagger([*shipped.definitions, *(_generated(largest, n) for n in range(TOPICS))])
    texts = _articles()

    def tagging(tagger: Tagger) -> Callable[[str, str | None], object]:
        return lambda text, language: tagger.judge(
            text[:80], text, language=language, published_at=None
        )

    few_rate = _per_second(tagging(shipped), texts)
    many_rate = _per_second(tagging(many), texts)
    lower_rate = _per_second(lambda text, _: text.lower(), texts)
    print(f"\n{'topics':>30} {'articles/s':>12} {'times str.lower':>16}")
    for name, rate in (
        (f"{len(shipped.definitions)} shipped", few_rate),
        (f"{len(many.definitions)} in all", many_rate),
    ):
        print(f"{name:>30} {rate:>12.0f} {lower_rate / rate:>16.0f}")
    assert few_rate >= LEAST_PER_SECOND
    assert many_rate >= few_rate / 2
