from __future__ import annotations

import pytest
from topic_texts import DEFINITION, judged, phrases

from extractors.records import Verdict


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("제빵사가 왔다", "제빵사"),
        ("パン屋", "パン"),
        ("著名面包师到场", "面包师"),
        ("والخباز هنا", "خباز"),
        ("Пекаря видели", "Пекар"),
        ("с лидером гильдии", "лидером гильдии"),
        ("the US came", "US"),
    ],
)
def test_words_are_found_in_the_way_of_their_script(text: str, phrase: str) -> None:
    assert phrases(judged(text)) == [phrase]


@pytest.mark.parametrize(
    "text", ["Bakery", "ジャパン", "us came", "Скороспекарь", "مخباز", "새제빵사"]
)
def test_parts_of_other_words_are_not_found(text: str) -> None:
    assert judged(text).verdict is Verdict.OFF


def test_a_longer_phrase_of_a_concept_that_hides_keeps_the_shorter_one_from_counting() -> None:
    assert judged("They met in Baker Street.", "Rain").verdict is Verdict.OFF


def test_a_shorter_phrase_counts_inside_a_longer_one_of_another_concept() -> None:
    definition = DEFINITION.replace("[fair*]", "[fair*, baker's stall]")
    judgement = judged("He stood at the baker's stall.", "Rain", definition=definition)
    assert judgement.rule == "undated: both"
    (evidence,) = judgement.evidence
    assert (evidence.concept, evidence.phrase) == ("fair", "baker's stall")


def test_a_name_to_leave_alone_does_not_count_inside_a_longer_phrase() -> None:
    definition = DEFINITION.replace("[fair*]", "[fair*, Baker Street market]")
    assert judged("Rain", "At Baker Street market", definition=definition).verdict is Verdict.ON


def test_a_word_listed_in_full_counts_for_its_stem_under_another_concept_as_well() -> None:
    definition = DEFINITION.replace("[fair*]", "[fair*, markt*]")
    definition = definition.replace("[Baker Street]", "[Baker Street, Marktes]")
    found = judged("Der Baker des Marktes.", "Regen", definition=definition).evidence
    assert ("fair", "Marktes") in [(one.concept, one.phrase) for one in found]


def test_an_alias_kept_for_a_language_counts_in_texts_of_that_language_alone() -> None:
    def scored(text: str, language: str | None) -> float:
        return judged(text, title="Becker", language=language).score

    assert scored("The baker at the fair.", "de-AT") == pytest.approx(0.1)
    assert scored("The baker at the fair.", "en") == 0.6


def test_an_alias_kept_for_a_language_asks_for_the_language_where_none_is_known() -> None:
    kept = DEFINITION.replace('"de!": [Becker]', '"ko!": [北]')
    korean = judged("北 제빵사가 장터에 왔다고 한다.", title="北", definition=kept)
    chinese = judged("面包师在 fair 的北边。", title="北方", definition=kept)
    assert korean.score == pytest.approx(0.1)
    assert chinese.score == 0.6


def test_a_text_in_two_languages_is_matched_in_both() -> None:
    found = judged("The fair was opened by a «пекарь», as they say there.", language="en")
    assert (found.verdict, phrases(found)) == (Verdict.ON, ["fair", "пекар"])
