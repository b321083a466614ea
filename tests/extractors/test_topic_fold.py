from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.topic_fold import _FOLDED, fold
from extractors.topic_yaml import _TWO_LETTERS


@pytest.mark.parametrize(
    ("written", "level"),
    [
        ("KIM JONG-UN’S", "kim jong un's"),
        ("Kim Čong‑un", "kim cong un"),
        ("Ещё йод", "еще йод"),
        ("كِيم جونغ أون", "كيم جونغ اون"),
        ("ﾌﾟｰﾁﾝ", "プーチン"),
        ("Ｐｕｔｉｎ", "putin"),
        ("soft\u00adhyphen", "softhyphen"),
        ("two  spaces", "two spaces"),
    ],
)
def test_spellings_of_one_word_fold_to_the_same(written: str, level: str) -> None:
    assert fold(written).text == level


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_decomposed_letters_fold_like_composed_ones(form: str) -> None:
    for word in ("김정은이", "プーチン", "Vostotchný", "Йод"):
        assert fold(unicodedata.normalize(form, word)).text == fold(word).text  # type: ignore[arg-type]


def test_a_range_of_the_folded_text_leads_to_the_letters_with_their_marks() -> None:
    text = "a\u200bb Ки\u0301м ﬁn"
    folded = fold(text)
    start = folded.text.index("ким")
    origin = folded.origin(start, start + 3)
    assert text[slice(*origin)] == "Ки\u0301м"


@given(st.text(alphabet=st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"])))
def test_every_range_leads_into_the_original_in_order(text: str) -> None:
    folded = fold(text)
    ranges = [folded.origin(i, i + 1) for i in range(len(folded.text))]
    assert all(0 <= start < end <= len(text) for start, end in ranges)
    assert ranges == sorted(ranges)


@given(st.text(alphabet="aéИйё가ｱﾟ \u0301\u200b-’"), st.text(alphabet="ab "))
def test_an_alias_is_found_where_it_was_put(before: str, after: str) -> None:
    text = f"{before}|Ключ|{after}"
    folded = fold(text)
    at = folded.text.index("ключ")
    assert text[slice(*folded.origin(at, at + 4))] == "Ключ"


def test_characters_that_the_table_leaves_out_have_no_other_case_form_or_mark() -> None:
    left_out = set(range(0x10000)).difference(*_FOLDED)
    assert len(left_out) > 40_000
    for character in map(chr, left_out):
        assert character == unicodedata.normalize("NFKC", character) == character.lower()


@given(
    st.text(alphabet="aZкЖ가힣金", min_size=2, max_size=2),
    st.text(alphabet="\u0301\u0308\u200b\u00ad \u1100\uff9e'", max_size=3),
)
def test_two_letters_that_an_alias_is_known_by_stay_two(letters: str, marks: str) -> None:
    assert _TWO_LETTERS.fullmatch(letters)
    assert len(fold(marks + letters + marks).text.strip()) >= 2
