"""Near-duplicates: small edits are found again, other articles are not."""

from __future__ import annotations

import random
import tomllib
from itertools import combinations
from pathlib import Path

import pytest

from extractors.fingerprints import (
    BANDS,
    SIGNATURE,
    lsh_bands,
    minhash,
    similarity,
    text_hash,
)

STORIES = Path(__file__).parents[1] / "quality" / "extraction" / "stories.toml"
TEXTS = {
    language: "\n".join(paper["paragraphs"])
    for language, paper in tomllib.loads(STORIES.read_text("utf-8")).items()
}
CREDIT = {"ja": "（共同通信）", "zh": "（来源：新华社）", "ko": "서울=연합뉴스"}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_a_credit_line_leaves_a_text_in_its_group(language: str) -> None:
    text = TEXTS[language]
    one, two = minhash(text, language), minhash(f"{text}\n{CREDIT.get(language, '(AP)')}", language)
    assert similarity(one, two) > 0.8
    assert set(lsh_bands(one)) & set(lsh_bands(two))


def test_different_articles_share_no_band() -> None:
    bands = {language: set(lsh_bands(minhash(text, language))) for language, text in TEXTS.items()}
    assert all(not bands[one] & bands[two] for one, two in combinations(bands, 2))


def test_the_estimate_is_near_the_true_share_of_shingles() -> None:
    words = [f"word{number}" for number in range(2000)]
    base = random.Random(1).choices(words, k=800)
    one = minhash(" ".join(base), "en")
    for cut in (40, 120, 300):
        true = (800 - cut - 2) / (800 - 2 + 0)
        assert similarity(one, minhash(" ".join(base[cut:]), "en")) == pytest.approx(true, abs=0.13)


def test_pairs_at_four_fifths_share_a_band_nearly_always() -> None:
    found = 0
    for seed in range(200):
        words = [f"w{random.Random(seed).random()}{number}" for number in range(300)]
        one, two = minhash(" ".join(words), "en"), minhash(" ".join(words[60:]), "en")
        found += bool(set(lsh_bands(one)) & set(lsh_bands(two)))
    assert found >= 196


def test_a_signature_is_the_same_in_every_process() -> None:
    signature = minhash("The ferry crews agreed to end the strike.", "en")
    assert len(signature) == SIGNATURE
    assert len(lsh_bands(signature)) == BANDS
    assert lsh_bands(signature)[0] == "00:" + lsh_bands(signature)[0][3:]
    assert all(0 <= value < 2**32 for value in signature)
    assert signature == minhash("the FERRY crews agreed, to end the strike", "en")


def test_no_text_has_no_signature_and_no_likeness() -> None:
    assert minhash(" — ", None) == ()
    assert lsh_bands(()) == ()
    assert similarity((), ()) == 0.0


def test_a_text_hash_moves_with_any_character() -> None:
    assert text_hash("a b") == text_hash("a b")
    assert text_hash("a b") != text_hash("a  b")
