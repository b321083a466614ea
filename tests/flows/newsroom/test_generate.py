from __future__ import annotations

from itertools import combinations

import pytest

from extractors.records import Verdict
from flows.newsroom import Newsroom, generate
from flows.newsroom.data import load_grammars


def _texts(desk):
    return [(a.slug, a.title, a.published, a.paragraphs) for o in desk.outlets for a in o.articles]


def test_the_same_seed_gives_the_same_newsroom():
    first, second = generate(7, feeds=9, pages=40), generate(7, feeds=9, pages=40)
    assert _texts(first) == _texts(second)
    assert [o.layout for o in first.outlets] == [o.layout for o in second.outlets]


def test_another_seed_gives_another_newsroom():
    first, second = (_texts(generate(seed, feeds=4, pages=20)) for seed in (1, 2))
    assert not {text for *_, text in first} & {text for *_, text in second}


@pytest.mark.parametrize(("feeds", "pages"), [(1, 0), (3, 10), (40, 7)])
def test_there_are_as_many_feeds_and_pages_as_asked_for(feeds, pages):
    desk = generate(1, feeds=feeds, pages=pages)
    assert len(desk.outlets) == feeds
    assert sum(len(outlet.articles) for outlet in desk.outlets) == pages


def test_the_asked_share_is_on_topic():
    labels = [
        a.label for o in generate(1, feeds=4, pages=400, on_topic=0.25).outlets for a in o.articles
    ]
    assert 60 <= labels.count(Verdict.ON) <= 140


@pytest.mark.parametrize("language", sorted(load_grammars()))
def test_different_articles_share_few_word_sequences(language):
    desk = generate(5, feeds=1, pages=25, languages=(language,), on_topic=0.0)
    spaced = load_grammars()[language].spaced
    sets = [_shingles(" ".join(a.paragraphs), spaced) for a in desk.outlets[0].articles]
    closest = max(len(a & b) / len(a | b) for a, b in combinations(sets, 2))
    assert closest < 0.35


def _shingles(text, spaced):
    units = text.split() if spaced else list(text)
    return {tuple(units[at : at + 5]) for at in range(len(units) - 4)}


def test_a_generated_newsroom_is_served_beside_the_bundled_one(get):
    with Newsroom.start(scale=generate(2, feeds=8, pages=24)) as room:
        truths = [truth for truth in room.truth(listed=True) if truth.outlet.startswith("g2-")]
        assert len(truths) == 24
        assert len({truth.language for truth in truths}) == 8
        for truth in truths:
            page = get(truth.url)
            assert page.status == 200
            assert truth.paragraphs[-1][:20] in page.body.decode()
