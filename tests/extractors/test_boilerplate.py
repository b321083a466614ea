"""Recurring lines: the site's own words go, a story's stay."""

from __future__ import annotations

from extractors.boilerplate import recurring_lines, without_lines

NOTE = "The paper is owned by its readers; ask at the counter."
PAGES = [
    f"Story number {number} begins here and is told.\nIt goes on.\n{NOTE}" for number in range(6)
]


def test_a_line_on_most_pages_of_a_host_recurs() -> None:
    assert recurring_lines(PAGES) == {NOTE}


def test_short_lines_and_few_pages_prove_nothing() -> None:
    assert recurring_lines([page.replace(NOTE, "Yes.") for page in PAGES]) == frozenset()
    assert recurring_lines(PAGES[:2]) == frozenset()


def test_one_story_seen_often_is_no_boilerplate() -> None:
    others = [f"Another story, number {number}, of its own." for number in range(9)]
    assert recurring_lines([PAGES[0]] * 5 + others) == frozenset()


def test_the_rest_of_a_text_stays_in_order() -> None:
    assert without_lines(PAGES[0], {NOTE}) == "Story number 0 begins here and is told.\nIt goes on."


def test_a_text_is_never_emptied() -> None:
    assert without_lines(NOTE, {NOTE}) == NOTE
