"""Authors: people by name, agencies apart, desks and sites left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.authors import choose_authors, is_agency, split_names


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("By Miriam Calloway", ["Miriam Calloway"]),
        ("By MIRIAM CALLOWAY and DESMOND ACHTERBERG", ["Miriam Calloway", "Desmond Achterberg"]),
        ("Von Friederike Anselm und Jonas Wetterling", ["Friederike Anselm", "Jonas Wetterling"]),
        ("Par Solène Barjavel et Mathurin Lestrade", ["Solène Barjavel", "Mathurin Lestrade"]),
        ("Por Inés Urdaneta y Rodrigo Salvatierra", ["Inés Urdaneta", "Rodrigo Salvatierra"]),
        ("Автор: Ольга Стрижевская", ["Ольга Стрижевская"]),
        ("Соломія Вербицька та Остап Лозинський", ["Соломія Вербицька", "Остап Лозинський"]),
        ("كتب: سلمى الحداد", ["سلمى الحداد"]),
        ("서지안 기자", ["서지안"]),
        ("文: 早瀬由紀、栗原達也", ["早瀬由紀", "栗原達也"]),
        ("作者:沈若琳", ["沈若琳"]),
        ("Miriam Calloway, Staff Writer", ["Miriam Calloway"]),
        ("Analysis by Miriam Calloway", ["Miriam Calloway"]),
        ("Martin Luther King, Jr.", ["Martin Luther King, Jr"]),
        ("Miriam Calloway (miriam@example.com)", ["Miriam Calloway"]),
    ],
)
def test_a_byline_is_split_into_names(byline: str, names: list[str]) -> None:
    people = choose_authors([("meta", byline)], ()).people
    assert list(people) == names


@pytest.mark.parametrize(
    "name", ["Reuters", "AFP", "The Associated Press", "ТАСС", "연합뉴스", "共同通信"]
)
def test_an_agency_is_no_person(name: str) -> None:
    byline = choose_authors([("json-ld", name)], ())
    assert is_agency(name)
    assert byline.people == ()
    assert byline.agency == name


def test_an_agency_after_a_name_is_kept_apart() -> None:
    byline = choose_authors([("text", "By JILL LAWLESS Associated Press")], ())
    assert byline.people == ("Jill Lawless",)
    assert byline.agency == "Associated Press"


@pytest.mark.parametrize(
    "value",
    ["https://facebook.com/paper", "admin", "Newsroom", "Editorial Board", "Harrow Bay Courier",
     "Redaktion", "November 20, 2023", "kevin-r", "Web Desk", "Staff Reports"],
)  # fmt: skip
def test_what_is_nobody_is_left_out_but_kept_as_a_candidate(value: str) -> None:
    byline = choose_authors([("json-ld", value)], ("Harrow Bay Courier",))
    assert byline.people == ()
    assert [item.value for item in byline.candidates] == [value]
    assert not any(item.chosen for item in byline.candidates)


def test_the_first_origin_that_names_people_decides() -> None:
    said = [
        ("text", "Somebody Else"),
        ("opengraph", "https://x.example/me"),
        ("json-ld", "Ann Lee"),
    ]
    assert choose_authors(said, ()).people == ("Ann Lee",)


def test_a_name_said_twice_is_one_person() -> None:
    assert choose_authors([("json-ld", "Ann Lee"), ("json-ld", "ANN LEE")], ()).people == (
        "Ann Lee",
    )


@given(st.text(max_size=200))
def test_no_byline_makes_splitting_raise(value: str) -> None:
    assert all(name.strip() for name in split_names(value))
