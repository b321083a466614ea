"""Titles: what a page's statements have in common, less the site's name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.titles import choose_title, fold, strip_site

SITES = ("Harrow Bay Courier", "harrowbaycourier.example", "harrowbaycourier")
TITLE = "Ferry crews agree to end strike"


@pytest.mark.parametrize(
    "title",
    [
        f"{TITLE} | Harrow Bay Courier", f"{TITLE} - Harrow Bay Courier",
        f"{TITLE} — Harrow Bay Courier",
        f"Harrow Bay Courier | {TITLE}", f"{TITLE} · HarrowBayCourier",
        f"{TITLE} – The Harrow Bay Courier",
    ],
)  # fmt: skip
def test_the_sites_name_is_cut_off_either_end(title: str) -> None:
    assert strip_site(title, SITES) == TITLE


@pytest.mark.parametrize(
    ("title", "site"),
    [("大事発生：早瀬新聞", "早瀬新聞"), ("大事发生_早瀬网", "早瀬网"),
     ("Büyük haber | NTV Haber", "NTV"),
     ("Fish &amp; chips are back - NTV", "NTV")],
)  # fmt: skip
def test_a_site_is_cut_off_as_other_scripts_and_short_names_hang_it_on(
    title: str, site: str
) -> None:
    assert strip_site(title, (site,)) in (
        "大事発生",
        "大事发生",
        "Büyük haber",
        "Fish & chips are back",
    )


def test_a_headline_on_another_subject_than_the_site_is_not_cut_at_a_dash() -> None:
    title = "Search - Courier: the deal"
    assert strip_site(title, ("Courier",)) == title


@pytest.mark.parametrize(
    "said", [f"{TITLE} | World", f"Opinion | {TITLE}", f"{TITLE} - Harbour - News"]
)
def test_a_section_hung_on_is_no_part_of_what_the_headline_says(said: str) -> None:
    found = choose_title(
        [("opengraph", said), ("meta", said), ("title", said), ("h1", TITLE)], SITES
    )
    assert found.title == TITLE


def test_a_name_with_a_separator_in_it_is_cut_whole() -> None:
    assert (
        strip_site("A walk - Remember 80/90 - Memories", ("Remember 80/90 - Memories",)) == "A walk"
    )


def test_a_title_that_only_mentions_the_site_stays() -> None:
    title = "Why the Harrow Bay Courier changed hands"
    assert strip_site(title, SITES) == title


def test_what_most_say_wins_over_what_one_says() -> None:
    choice = choose_title(
        [("opengraph", "You will not believe this ferry"), ("json-ld", TITLE), ("h1", TITLE),
         ("title", f"{TITLE} | Harrow Bay Courier")],
        SITES,
    )  # fmt: skip
    assert choice.title == TITLE
    assert [item.origin for item in choice.candidates if item.chosen] == ["json-ld"]


def test_every_candidate_is_kept_as_it_stood() -> None:
    said = [("title", f"{TITLE} | Harrow Bay Courier"), ("h1", TITLE)]
    assert [(item.origin, item.value) for item in choose_title(said, SITES).candidates] == said


def test_a_headline_that_is_only_the_sites_name_is_no_title() -> None:
    assert choose_title([("h1", "Harrow Bay Courier"), ("title", TITLE)], SITES).title == TITLE


def test_of_several_headlines_the_one_like_the_rest_counts() -> None:
    said = [("h1", "Most read"), ("h1", TITLE), ("opengraph", TITLE)]
    assert choose_title(said, SITES).title == TITLE


def test_a_title_cut_short_gives_way_to_the_whole() -> None:
    said = [("json-ld", "Ferry crews agree to end…"), ("h1", TITLE)]
    assert choose_title(said, SITES).title == TITLE


def test_a_page_without_statements_has_no_title() -> None:
    assert choose_title([], SITES).title is None


def test_titles_compare_without_case_width_quotes_and_spaces() -> None:
    assert fold("“Ｆｅｒｒｙ”  Crews") == fold("'ferry' crews")


@given(
    st.lists(
        st.tuples(st.sampled_from(["h1", "title", "json-ld", "entry"]), st.text(min_size=1)),
        max_size=6,
    )
)
def test_one_candidate_at_most_is_chosen(said: list[tuple[str, str]]) -> None:
    choice = choose_title(said, ("x",))
    assert sum(item.chosen for item in choice.candidates) <= 1


def test_a_headline_that_others_only_lengthen_is_the_title() -> None:
    head = "The old pier of the bay will be mended next month"
    said = [("h1", head), ("opengraph", f"{head} Halaman all"), ("title", f"{head} Halaman all")]
    assert choose_title(said, ()).title == head


def test_a_tail_that_the_headline_and_another_state_is_no_section() -> None:
    whole = "The post still comes by donkey on the isle of reeds — and some want it to stay"
    said = [("json-ld", whole), ("h1", whole), ("opengraph", whole.partition(" — ")[0])]
    assert choose_title(said, ()).title == whole
