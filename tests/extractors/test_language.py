"""Languages: told by script and letters where those decide, by words elsewhere."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from extractors.language import detect_language, normalise_language

STORIES = Path(__file__).parents[1] / "quality" / "extraction" / "stories.toml"
TEXTS = {
    language: "\n".join(paper["paragraphs"])
    for language, paper in tomllib.loads(STORIES.read_text("utf-8")).items()
}


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_an_articles_language_is_told_without_a_hint(language: str) -> None:
    assert detect_language(TEXTS[language]) == language


@pytest.mark.parametrize("language", sorted(TEXTS))
def test_a_wrong_hint_does_not_win_over_a_long_text(language: str) -> None:
    assert detect_language(TEXTS[language], hint="en" if language != "en" else "ru") == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Президент України провів зустріч із представниками уряду.", "uk"),
        ("Президент России провёл встречу с лидером КНДР на космодроме.", "ru"),
        ("金正恩在俄罗斯远东会见普京。", "zh"),
        ("金正恩総書記はプーチン大統領と会談した。", "ja"),
        ("김정은 국무위원장이 푸틴 대통령과 만났다.", "ko"),
        ("Прэзідэнт Беларусі сустрэўся з журналістамі ў Мінску.", "be"),
        ("رئیس جمهور روسیه با رهبر کره شمالی دیدار کرد", "fa"),
    ],
)
def test_neighbours_in_one_script_are_told_apart_in_a_sentence(text: str, language: str) -> None:
    assert detect_language(text) == language


def test_a_short_text_keeps_what_its_page_claims() -> None:
    assert detect_language("OK", hint="de-AT") == "de"
    assert detect_language("", hint="pt_BR") == "pt"
    assert detect_language("") is None


@pytest.mark.parametrize(
    ("tag", "code"),
    [("en-GB", "en"), ("en_US", "en"), ("ua", "uk"), ("nb", "no"), ("english", None), (None, None)],
)
def test_a_tag_is_cut_to_its_language(tag: str | None, code: str | None) -> None:
    assert normalise_language(tag) == code


MALAY = (
    "Majlis Bandaran meluluskan cadangan membaiki jeti lama yang rosak akibat ombak besar pada "
    "awal tahun ini, dan nelayan terpaksa mendarat di kampung sebelah sehingga lewat."
)
SERBIAN = (
    "Skupština opštine usvojila je u sredu odluku da se stara fabrika šećera pretvori u kulturni "
    "centar, a zgrada je prazna od devedesetih godina prošlog veka."
)


@pytest.mark.parametrize(("text", "claimed"), [(MALAY, "ms"), (SERBIAN, "sr")])
def test_a_page_is_believed_between_siblings_that_no_detector_parts(
    text: str, claimed: str
) -> None:
    assert detect_language(text, hint=claimed) == claimed
    assert detect_language(text, hint="en") not in (None, "en")
