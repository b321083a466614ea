"""Authors: people by name, agencies apart, desks and sites left out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.authors import choose_authors
from extractors.bylines import is_agency, split_names


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
        ("Martin Luther King, Jr.", ["Martin Luther King, Jr."]),
        ("Miriam Calloway, Political Correspondent", ["Miriam Calloway"]),
        (
            "By Miriam Calloway in Kyiv and Desmond Achterberg in Oslo",
            ["Miriam Calloway", "Desmond Achterberg"],
        ),
        ("Von Friederike Anselm, Berlin", ["Friederike Anselm"]),
        ("Ein Kommentar von Friederike Anselm", ["Friederike Anselm"]),
        ("Propos recueillis par Solène Barjavel", ["Solène Barjavel"]),
        ("Inés Urdaneta Ortega y Gasset", ["Inés Urdaneta Ortega y Gasset"]),
        ("Calloway, Miriam", ["Miriam Calloway"]),
        ("Miriam Calloway @calloway", ["Miriam Calloway"]),
        ("Miriam Calloway, USA TODAY", ["Miriam Calloway"]),
        ("Text by Miriam Calloway, photos by Desmond Achterberg", ["Miriam Calloway"]),
        ("Текст: Ольга Стрижевская, фото: Иван Гай", ["Ольга Стрижевская"]),
        ("Γράφει ο Νίκος Βλαχάκης", ["Νίκος Βλαχάκης"]),
        ("โดย สมชาย ใจดี", ["สมชาย ใจดี"]),
        ("Penulis: Budi Santoso | Editor: Ani", ["Budi Santoso"]),
        ("Zeynep Karaca - Ankara", ["Zeynep Karaca"]),
        ("سلمى الحداد - القاهرة", ["سلمى الحداد"]),
        ("서지안·한도윤 기자", ["서지안", "한도윤"]),
        ("서지안 베이징 특파원 seo@paper.example", ["서지안"]),
        ("記者沈若琳／台北報導", ["沈若琳"]),
        ("記者 沈若琳 台北報導", ["沈若琳"]),
        ("ソウル＝早瀬由紀", ["早瀬由紀"]),
        ("אילנה קורלי ורועי ששון", ["אילנה קורלי", "רועי ששון"]),
        ("אילנה ורד ששון", ["אילנה ורד ששון"]),
        ("מאת יוסי כהן ואבי לוי", ["יוסי כהן", "אבי לוי"]),
        ("יוסי כהן ויעל לוי", ["יוסי כהן", "יעל לוי"]),
        ("נועה לנדאו וקנין ברק", ["נועה לנדאו וקנין ברק"]),
        ("אנה מריה ויסמן כץ", ["אנה מריה ויסמן כץ"]),
        ("אנה מריה ווייס-כץ ברק", ["אנה מריה ווייס-כץ ברק"]),
        ("דוד כהן ורדי שמש", ["דוד כהן ורדי שמש"]),
        ("【早瀬由紀】", ["早瀬由紀"]),
        ("Miriam Calloway. The Bay Courier Staff Writer", ["Miriam Calloway"]),
        ("Ольга Стрижевская. РБК", ["Ольга Стрижевская"]),
        ("MIRIAM CALLOWAY Plains News Service", ["Miriam Calloway"]),
        ("Texto: Inés Urdaneta Fotos: Ana Paz", ["Inés Urdaneta"]),
        ("서지안 기자 한도윤 기자", ["서지안", "한도윤"]),
        ("［早瀬由紀］", ["早瀬由紀"]),
        ("De notre correspondante à Dakar, Solène Barjavel", ["Solène Barjavel"]),
        (
            "Miriam Q. Calloway and Prof. Desmond St. Achterberg Jr.",
            ["Miriam Q. Calloway", "Prof. Desmond St. Achterberg Jr."],
        ),
        ("mit Material von dpa", []),
        ("Di Marco", ["Di Marco"]),
        ("Theo Achterberg", ["Theo Achterberg"]),
        ("By Miriam", ["Miriam"]),
        ("Miriam Calloway (miriam@example.com)", ["Miriam Calloway"]),
    ],
)
def test_a_byline_is_split_into_names(byline: str, names: list[str]) -> None:
    people = choose_authors([("meta", byline)], ()).people
    assert list(people) == names


@pytest.mark.parametrize(
    "name", ["Reuters", "AFP", "The Associated Press", "ТАСС", "연합뉴스", "共同通信", "CNN Wire"]
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
    ("byline", "agency"),
    [
        ("Miriam Calloway (Reuters)", "Reuters"),
        ("(서울=연합뉴스) 서지안 기자", "연합뉴스"),
        ("By MIRIAM CALLOWAY, AP Medical Writer", "AP"),
        ("dpa/Friederike Anselm", "dpa"),
        ("Inés Urdaneta, Agencia EFE", "Agencia EFE"),
    ],
)
def test_an_agency_beside_a_name_is_told_from_it(byline: str, agency: str) -> None:
    found = choose_authors([("json-ld", byline)], ())
    assert len(found.people) == 1
    assert found.agency == agency


def test_the_sites_name_is_cut_off_a_persons() -> None:
    found = choose_authors(
        [("text", "Miriam Calloway Harrow Bay Courier")], ("Harrow Bay Courier",)
    )
    assert found.people == ("Miriam Calloway",)


def test_a_sentence_in_a_bylines_place_names_nobody() -> None:
    assert choose_authors([("text", "The Ruritanian and Sylvanian ministries")], ()).people == ()


def test_who_is_named_beside_what_two_in_the_head_agree_on_wrote_something_else() -> None:
    said = [("json-ld", "Ann Lee"), ("microdata", "Ann Lee, Bo Carr"), ("opengraph", "Ann Lee")]
    assert choose_authors(said, ()).people == ("Ann Lee",)


def test_the_origin_that_names_the_same_people_and_more_is_taken() -> None:
    said = [
        ("json-ld", "Ann Lee"),
        ("meta", "Ann Lee, Bo Carr"),
        ("text", "Ann Lee, Bo Carr, Cy Dent"),
    ]
    assert choose_authors(said, ()).people == ("Ann Lee", "Bo Carr")


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


def test_two_names_run_together_are_no_third() -> None:
    said = [("text", "Ann Lee Bo Carr"), ("text", "Ann Lee"), ("text", "Bo Carr")]
    assert choose_authors(said, ()).people == ("Ann Lee", "Bo Carr")


@pytest.mark.parametrize(
    ("name", "site"),
    [
        ("Kvällsposten", "kvallsposten"),
        ("Harrow Bay Courier", "Harrow Bay Courier Online"),
        ("한빛일보 | 네이바", "한빛"),
    ],
)
def test_a_site_in_other_letters_or_cut_short_is_no_author(name: str, site: str) -> None:
    assert choose_authors([("meta", name)], (site,)).people == ()


def test_a_name_said_twice_is_one_person() -> None:
    assert choose_authors([("json-ld", "Ann Lee"), ("json-ld", "ANN LEE")], ()).people == (
        "Ann Lee",
    )


@given(st.text(max_size=200))
def test_no_byline_makes_splitting_raise(value: str) -> None:
    assert all(name.strip() for name in split_names(value))


def test_of_a_byline_without_end_only_the_beginning_is_read() -> None:
    names = split_names("By " + ", ".join(f"Ann{'a' * number} Lee" for number in range(2000)))
    assert names[0] == "Ann Lee"
    assert len(names) < 200


@pytest.mark.parametrize(
    "value",
    [
        "Harrow Bay Courier Web Team",  # the site with a desk behind it
        "Harrowbay",  # one word that begins the site's address
        "avec agences",
        "Redacția HBC",
        "নিজস্ব প্রতিবেদক",
        "ویب ڈیسک",
        "青石新闻网",
        "灯台国際特許事務所",
        "ชายฝั่งข่าว",
        "الخليج برس من المرفأ",
        "港灣電子報",
        "Вестник залива",
        "Data publicării",
        "LSBX.lv Ziņu redakcija",
    ],
)
def test_houses_and_desks_of_other_languages_are_nobody(value: str) -> None:
    sites = ("Harrow Bay Courier", "harrowbaycourier.example")
    assert choose_authors([("json-ld", value)], sites).people == ()


@pytest.mark.parametrize("said", ["Edited by Ravi Menon", "Photos by Ravi Menon"])
def test_who_edited_a_story_or_took_its_pictures_did_not_write_it(said: str) -> None:
    found = choose_authors([("meta", said), ("json-ld", "Press Trust of India")], ())
    assert (found.people, found.agency) == ((), "Press Trust of India")


def test_who_took_the_pictures_is_no_author() -> None:
    assert split_names("Jonas Wetterling (Text) und Beat Frei (Fotos)") == ["Jonas Wetterling"]


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("MARÍA DE LA CRUZ", ["María de la Cruz"]),
        ("JOÃO DOS REIS e ANA FALCÃO", ["João dos Reis", "Ana Falcão"]),
        ("ŞÜKRÜ YILMAZ", ["Şükrü Yılmaz"]),
        ("BO BERG and AJ LARK", ["Bo Berg", "AJ Lark"]),
        ("ОЛЬГА ИВАНОВА", ["Ольга Иванова"]),
    ],
)
def test_names_in_capitals_are_written_as_names(byline: str, names: list[str]) -> None:
    assert split_names(byline) == names


@pytest.mark.parametrize(
    ("byline", "names"),
    [("早瀬由紀\u3000栗原達也", ["早瀬由紀", "栗原達也"]), ("早瀬 由紀", ["早瀬 由紀"])],
)
def test_names_that_only_a_space_parts_are_told_from_family_and_given(
    byline: str, names: list[str]
) -> None:
    assert split_names(byline) == names
