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
LEAST_PER_SECOND_ABOUT_IT = 2000  # every one of them names the people and places of the topic
SHORTEST = 120  # characters of a paragraph worth taking
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


Article = tuple[str, str | None]  # text, language


def _about_it() -> list[Article]:
    """Make texts of 3 KB all of which are about the story or something very like it."""
    pools: dict[tuple[str | None, str], list[str]] = {}
    for item in labelled.load("dev") + labelled.load("aside"):
        pools.setdefault((item.language, item.label), []).append(item.text)
    return _of_pools({kind: pools[kind] for kind in sorted(pools, key=str)})


def _other_news() -> list[Article]:
    """Make texts of 3 KB out of the paragraphs about markets, football, floods and the rest."""
    tagger = labelled.shipped()
    pools: dict[tuple[str | None, str], list[str]] = {}
    for item in labelled.load("fresh"):
        for paragraph in item.text.splitlines():
            said = tagger.judge(None, paragraph, language=item.language, published_at=None)
            if len(paragraph) > SHORTEST and all(one.rule == "nothing-seen" for one in said):
                pools.setdefault((item.language, ""), []).append(paragraph)
    return _of_pools({kind: pools[kind] for kind in sorted(pools, key=str)})


def _of_pools(pools: dict[tuple[str | None, str], list[str]]) -> list[Article]:
    chosen = random.Random(7)
    kinds = list(pools)
    articles = []
    for number in range(ARTICLES):
        kind = kinds[number % len(kinds)]
        parts: list[str] = []
        while len("\n".join(parts).encode()) < ARTICLE_BYTES:
            parts.append(chosen.choice(pools[kind]))
        text = "\n".join(parts).encode()[:ARTICLE_BYTES].decode(errors="ignore")
        articles.append((text, kind[0]))
    return articles


def _as_stored() -> list[Article]:
    """Mix them as feeds bring them to a desk that follows the story: one in five is about it."""
    return [
        about if number % 5 == 0 else other
        for number, (about, other) in enumerate(zip(_about_it(), _other_news(), strict=True))
    ]


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


@pytest.mark.timeout(900)  # a machine that does other things as well takes its time
def test_tagging_again_keeps_its_pace_with_fifty_more_topics() -> None:
    shipped = labelled.shipped()
    largest = max(shipped.definitions, key=lambda one: sum(len(c.aliases) for c in one.concepts))
    many = Tagger([*shipped.definitions, *(_generated(largest, n) for n in range(TOPICS))])

    def tagging(tagger: Tagger) -> Callable[[str, str | None], object]:
        return lambda text, language: tagger.judge(
            text[:80], text, language=language, published_at=None
        )

    rates = {}
    print(f"\n{'texts':>12} {'topics':>12} {'articles/s':>12} {'times str.lower':>16}")
    for name, texts in (("as stored", _as_stored()), ("all about it", _about_it())):
        lower_rate = _per_second(lambda text, _: text.lower(), texts)
        for tagger in (shipped, many):
            rate = _per_second(tagging(tagger), texts)
            topics = len(tagger.definitions)
            rates[name, topics] = rate
            print(f"{name:>12} {topics:>12} {rate:>12.0f} {lower_rate / rate:>16.0f}")
    few, more = len(shipped.definitions), len(many.definitions)
    assert rates["as stored", few] >= LEAST_PER_SECOND
    assert rates["all about it", few] >= LEAST_PER_SECOND_ABOUT_IT
    for name in ("as stored", "all about it"):
        assert rates[name, more] >= rates[name, few] / 2
