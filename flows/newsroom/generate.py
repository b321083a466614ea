"""A newsroom of any size, made from a seed, for load tests and benchmarks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.newsroom.data import DEFAULT_DIR, Newsdesk, generated, load_grammars, load_words
from flows.newsroom.model import Article, FeedForm, Layout, Outlet
from flows.newsroom.prose import Grammar

_END = datetime(2023, 9, 30, 22, tzinfo=UTC)
_SPAN_MINUTES = 30 * 24 * 60
_COUNTRIES = {"en": "GB", "ko": "KR", "ru": "RU", "ja": "JP", "zh": "CN", "es": "ES", "fr": "FR"}
_SUFFIX = {FeedForm.JSON: "feed.json", FeedForm.ATOM: "feed.atom"}


def generate(
    seed: int,
    *,
    feeds: int,
    pages: int,
    languages: Sequence[str] = ("en", "ko", "ru", "ja", "zh", "es", "fr", "de"),
    on_topic: float = 0.05,
    heavy: bool = False,
    folder: Path = DEFAULT_DIR,
) -> Newsdesk:
    """Return `feeds` outlets with `pages` articles in all, the same for the same arguments.

    The articles are dated in September 2023 (UTC) and spread evenly over the outlets; the share
    `on_topic` of them is about the summit (label on), the rest about nothing that exists. Each
    feed lists all of its outlet's articles. `heavy` makes pages as large as today's. Paragraphs
    are made only when asked for, so memory grows by about 1 KB an article. Raises KeyError for a
    language that has no prose file.
    """
    grammars = load_grammars(folder)
    counts = [pages // feeds + (number < pages % feeds) for number in range(feeds)]
    outlets = tuple(
        _outlet(seed, number, count, grammars[languages[number % len(languages)]], on_topic, heavy)
        for number, count in enumerate(counts)
    )
    return Newsdesk(outlets=outlets, words=load_words(folder))


def _outlet(
    seed: int, number: int, count: int, grammar: Grammar, on_topic: float, heavy: bool
) -> Outlet:
    dice = random.Random(f"outlet:{seed}:{number}")  # noqa: S311 - variety, not a secret
    outlet_id = f"g{seed}-{number:05d}"
    form = tuple(FeedForm)[number % len(FeedForm)]
    articles = tuple(
        _article(f"{outlet_id}-{index:06d}", grammar, dice, on_topic) for index in range(count)
    )
    return Outlet(
        outlet_id=outlet_id,
        name=f"Gazette {number:05d}",
        language=grammar.language,
        country=_COUNTRIES.get(grammar.language, "DE"),
        domain=f"{outlet_id}.example",
        form=form,
        layout=dice.choice(tuple(Layout)),
        url_form="{y}/{m}/{slug}.html",
        feed_path=_SUFFIX.get(form, "feed.xml"),
        feed_size=max(count, 1),
        full_content=dice.random() < 0.2,
        heavy=heavy,
        articles=tuple(sorted(articles, key=lambda each: each.published, reverse=True)),
    )


def _article(slug: str, grammar: Grammar, dice: random.Random, on_topic: float) -> Article:
    published = _END - timedelta(minutes=dice.randrange(_SPAN_MINUTES))
    return generated(grammar, slug, published, on=dice.random() < on_topic)
