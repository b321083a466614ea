"""A site's own lines: told by their hashes, and left out of a text that has others."""

from __future__ import annotations

from extractors.boilerplate import line_hashes, without_lines

NOTE = "The paper is owned by its readers; ask at the counter."
STORY = f"The bridge opened on Monday, a year late.\nYes.\n{NOTE}\nIt carries two lanes each way."


def test_the_rest_of_a_text_stays_in_order() -> None:
    left = "The bridge opened on Monday, a year late.\nYes.\nIt carries two lanes each way."
    assert without_lines(STORY, line_hashes(NOTE)) == left


def test_a_text_is_never_emptied() -> None:
    assert without_lines(NOTE, line_hashes(NOTE)) == NOTE


def test_a_line_counts_once_and_short_or_long_ones_do_not() -> None:
    assert line_hashes(f"{NOTE}\nYes.\n{NOTE}\n{'word ' * 130}") == line_hashes(NOTE)
    assert len(line_hashes(STORY)) == 3


def test_a_hash_fits_the_databases_whole_numbers() -> None:
    assert all(0 <= number < 2**63 for number in line_hashes(STORY))
