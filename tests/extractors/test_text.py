"""Stored text: its form, and how long it is."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.text import counted, normalise_line, normalise_paragraphs, word_count


def test_paragraphs_stand_on_lines_of_their_own_and_none_is_empty() -> None:
    assert normalise_paragraphs("  one \t two\r\n\r\n\n three\u2028four ") == "one two\nthree\nfour"


def test_what_turns_the_reading_direction_around_is_removed() -> None:
    assert normalise_paragraphs("safe\u202egnp.exe\u200b\x07") == "safegnp.exe"


def test_joiners_that_spelling_needs_stay_as_typographic_quotes_do() -> None:
    assert normalise_paragraphs("می\u200cخواهم “so”") == "می\u200cخواهم “so”"


@given(st.text())
def test_normalising_gives_nfc_without_blank_edges(text: str) -> None:
    result = normalise_paragraphs(text)
    assert result == unicodedata.normalize("NFC", result)
    assert all(line == line.strip() != "" for line in result.split("\n")) or result == ""


@given(st.text())
def test_a_line_has_no_line_breaks(text: str) -> None:
    assert "\n" not in normalise_line(text)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Three short words.", "en", 3),
        ("A dash – counts not", "en", 4),
        ("राष्ट्रपति ने कहा", "hi", 3),
        ("김정은 위원장이 말했다", "ko", 3),
        ("北朝鮮の総書記", "ja", 4),
        ("北朝鮮の総書記", None, 4),
        ("Putin 访问平壤", "zh", 3),
        ("", None, 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, language: str | None, words: int) -> None:
    assert word_count(text, language) == words


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 entries"), (1, "1 entry"), (2, "2 entries"), (21, "21 entries")]
)
def test_one_is_not_told_as_many(number: int, said: str) -> None:
    assert counted(number, "entry", "entries") == said
    assert counted(number, "page").endswith("s") == (number != 1)
