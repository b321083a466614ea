from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from topic_texts import DEFINITION, PEAK, UNDATED, judged, phrases, with_rule

from extractors.records import Verdict
from extractors.topics import (
    LabelledItem,
    Tagger,
    parse_definition,
    score_labelled,
)


def test_concepts_that_meet_in_a_sentence_put_an_article_on_topic() -> None:
    judgement = judged("The BAKER’s fair opened.")
    assert (judgement.verdict, judgement.rule, judgement.score) == (
        Verdict.ON,
        "undated: both",
        0.6,
    )
    assert phrases(judgement) == ["BAKER", "fair"]


def test_concepts_in_two_sentences_do_not_meet() -> None:
    assert judged("The baker slept. Then the fair opened.").verdict is Verdict.MENTION


@pytest.mark.parametrize("stop", ["Mr. Hall", "the U.S. side", "on Sept. 13"])
def test_a_full_stop_after_a_short_form_does_not_end_a_sentence(stop: str) -> None:
    assert judged(f"The baker and {stop} saw the fair.").verdict is Verdict.ON


@pytest.mark.parametrize("ending", ["up", "ab", "не"])
def test_a_full_stop_after_a_short_word_ends_a_sentence(ending: str) -> None:
    assert judged(f"The baker turned {ending}. The fair opened.").verdict is Verdict.MENTION


@pytest.mark.parametrize("ending", ["; ", " | ", "\n", "。", "? "])
def test_list_marks_and_ends_of_sentences_part_what_stands_beside_them(ending: str) -> None:
    assert judged(f"Here is the baker{ending}Here is the fair").verdict is Verdict.MENTION


def test_a_weight_with_leaves_takes_away_no_more_than_that() -> None:
    plain = "  - {name: clause, scene: both, weight: -0.9}\n"
    sparing = plain.replace("-0.9}", "-0.9, leaves: 0.25}")
    text = "Rain fell. The baker saw the fair."
    assert judged(text, definition=with_rule(plain)).score == 0
    assert judged(text, definition=with_rule(sparing)).score == 0.25


def test_a_weight_with_leaves_adds_nothing_to_a_score_below_it() -> None:
    sparing = "  - {name: clause, scene: both, weight: -0.9, leaves: 0.9}\n"
    text = "The baker saw the fair."
    assert judged(text, definition=with_rule(sparing)).score == judged(text).score


def test_evidence_says_which_field_it_is_from_and_cuts_it() -> None:
    judgement = judged("Le  cafe\u0301 and the fair: the Baker", title="A fair baker")
    assert {evidence.field for evidence in judgement.evidence} == {"title", "text"}
    for evidence in judgement.evidence:
        source = (
            "A fair baker"
            if evidence.field == "title"
            else "Le  cafe\u0301 and the fair: the Baker"
        )
        assert source[evidence.start : evidence.end] == evidence.phrase


def test_outside_the_window_the_text_itself_must_name_the_event() -> None:
    late = datetime(2024, 5, 1, tzinfo=UTC)
    unnamed = judged("The baker's fair.", published_at=late)
    assert (unnamed.verdict, unnamed.rule) == (Verdict.MENTION, "outside-window")
    assert judged("The baker's fair of 2023.", published_at=late).verdict is Verdict.ON
    assert judged("The baker's fair.", published_at=None).verdict is Verdict.ON


@pytest.mark.parametrize(
    ("title", "verdict"),
    [
        ("Your evening in brief: floods, a strike, the baker's fair, rugby", Verdict.MENTION),
        ("Evening | floods, a strike and the baker's fair, rugby", Verdict.MENTION),
        ("晚报：洪水、罢工、面包师 at the fair、橄榄球", Verdict.MENTION),
        # What comes first may be what it is about, and so may what the column is named after.
        ("Live: the baker's fair, day two, with rain", Verdict.ON),
        ("At the baker's fair: buns, rain, the mayor", Verdict.ON),
        ("Live: buns, rain for the baker, the mayor at the baker's fair", Verdict.ON),
        ("Live: rain, the baker's fair", Verdict.ON),
    ],
)
def test_a_title_that_lists_several_subjects_mentions_each(title: str, verdict: Verdict) -> None:
    judgement = judged("The baker's fair.", title=title, published_at=None)
    assert judgement.verdict is verdict
    assert (judgement.rule == "undated: one-of-several-in-title") is (verdict is Verdict.MENTION)


def test_without_a_date_the_content_decides_and_the_rule_says_so() -> None:
    inside = datetime(2023, 9, 5, tzinfo=UTC)
    assert judged("The baker's fair.", published_at=inside).rule == "both"
    undated = judged("The baker's fair.", published_at=None)
    assert (undated.verdict, undated.rule) == (Verdict.ON, "undated: both")
    windowless = DEFINITION.replace(
        "window: {first: 2023-09-01, last: 2023-09-30, outside_needs: [named]}\n", ""
    )
    assert judged("The baker's fair.", definition=windowless).rule == "both"


def test_a_notice_is_no_part_of_the_article() -> None:
    assert judged("Cookies: the baker at the fair.\nRain.").verdict is Verdict.OFF


@pytest.mark.parametrize(
    "again",
    [
        "The baker speaks",
        "THE BAKER SPEAKS!",
        "The baker speaks | Post",
        "The  baker speaks.",
    ],
)
def test_a_text_that_begins_with_its_title_again_is_judged_as_without(again: str) -> None:
    definition = DEFINITION.replace("both: {all", "both: {near: opening, all")
    text = "At the fair, that is, in the tent with the old oven."
    plain = judged(text, title="The baker speaks", definition=definition)
    repeated = judged(f"{again}\n{text}", title="The baker speaks", definition=definition)
    assert plain.verdict is Verdict.ON
    assert (repeated.score, phrases(repeated)) == (plain.score, phrases(plain))


def test_a_first_line_that_only_begins_like_the_title_is_a_part_of_the_text() -> None:
    lead = "The baker speaks of the fair, and nobody in the whole town had expected him to do so."
    assert judged(lead, title="The baker speaks").verdict is Verdict.ON


def test_without_a_title_a_first_line_without_a_stop_is_one() -> None:
    other = "Baker Street\nThe baker at the fair."
    assert judged(other).verdict is Verdict.OFF
    assert judged(other.replace("\n", ".\nRain. ")).verdict is Verdict.OFF
    opening = DEFINITION.replace("both: {all", "both: {near: opening, all")
    text = "The baker speaks after all these years to an audience of hundreds\nA fair. Rain."
    assert judged(text, definition=opening).verdict is Verdict.ON
    assert judged(text.replace("\n", ".\n"), definition=opening).verdict is Verdict.MENTION


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The baker slept. The fair opened.", Verdict.ON),
        ("The fair opened. The baker slept.", Verdict.MENTION),
    ],
)
def test_the_first_sentence_of_the_text_is_a_place_of_its_own(text: str, verdict: Verdict) -> None:
    definition = with_rule("  - {name: begun, scene: baker, where: first, weight: 0.3}\n")
    assert judged(text, "Rain", definition=definition).verdict is verdict


def test_a_title_about_something_else_takes_away() -> None:
    assert judged("The baker at the fair.", title="Baker Street").verdict is Verdict.OFF


@pytest.mark.parametrize(
    ("near", "text", "verdict"),
    [
        ("paragraph", "A baker. A fair.", Verdict.ON),
        ("paragraph", "A baker.\nA fair.", Verdict.MENTION),
        ("article", "A baker.\nA fair.", Verdict.ON),
        ("opening", "A baker. A fair.", Verdict.ON),
        (
            "opening",
            "It is a baker who begins this long and old tale.\nA fair.",
            Verdict.MENTION,
        ),
        # A number, a question and what is left out do not use the lead up.
        ("opening", "1. When? Soon. The baker. At the fair.\nRain.", Verdict.ON),
        ("opening", "The baker.\nWe use cookies, as we have to tell you.\nA fair.", Verdict.ON),
        ("3 words", "A baker at a nice fair.", Verdict.ON),
        ("3 words", "A baker who did not come to the fair.", Verdict.MENTION),
    ],
)
def test_near_says_how_far_apart_concepts_may_stand(near: str, text: str, verdict: Verdict) -> None:
    definition = DEFINITION.replace("both: {all", f"both: {{near: {near}, all")
    assert judged(text, definition=definition).verdict is verdict


def test_title_and_lead_are_one_opening() -> None:
    definition = DEFINITION.replace("both: {all", "both: {near: opening, all")
    found = judged("He is at the fair.\nRain.", title="The baker", definition=definition)
    assert (found.verdict, found.rule) == (Verdict.ON, "undated: both")
    assert phrases(found) == ["baker", "fair"]


def test_a_withheld_name_does_not_end_a_sentence_as_a_bullet_does() -> None:
    assert judged("baker 김\u25cb\u25cb fair").verdict is Verdict.ON
    assert judged("baker \u25bd fair").verdict is Verdict.MENTION


def test_another_topic_never_changes_a_verdict() -> None:
    fair = parse_definition(DEFINITION, "fair.yaml")
    other = DEFINITION.replace("topic: fair", "topic: other").replace(
        "[Baker,", "[Baker at the fair,"
    )
    both = Tagger([fair, parse_definition(other, "other.yaml")])
    alone = Tagger([fair])
    text = "The baker at the fair. Baker Street."
    first = both.judge("Fair", text, language=None, published_at=None)[0]
    assert first == alone.judge("Fair", text, language=None, published_at=None)[0]


def test_the_gate_looks_at_title_summary_and_the_words_of_the_address() -> None:
    tagger = Tagger([parse_definition(DEFINITION, "fair.yaml")])
    assert tagger.likely("The baker", None, None)
    assert tagger.likely(None, "said the baker", None)
    assert tagger.likely(None, None, "https://news.example/2023/the-baker_speaks")
    assert not tagger.likely("The fair", "opened", "https://news.example/fair")


@given(st.text(max_size=200), st.text(max_size=400))
def test_any_text_is_judged_and_evidence_always_cuts(title: str, text: str) -> None:
    tagger = Tagger([parse_definition(DEFINITION, "fair.yaml")])
    body = f"{text} baker {title} fair"
    (judgement,) = tagger.judge(title, body, language=None, published_at=None)
    assert 0 <= judgement.score <= 1
    assert (judgement.verdict is Verdict.OFF) == (not judgement.evidence)
    for evidence in judgement.evidence:
        source = title if evidence.field == "title" else body
        assert source[evidence.start : evidence.end] == evidence.phrase


def test_scores_count_mentions_aside_and_list_every_mistake() -> None:
    lines = [
        {"id": "1", "text": "The baker's fair.", "label": "on", "language": "en", "kind": "a"},
        {"id": "2", "text": "The market.", "label": "on", "language": "en", "kind": "b"},
        {"id": "3", "text": "Baker fair.", "label": "off", "language": "fr", "kind": "b"},
        {"id": "4", "text": "Baker fair.", "label": "mention", "language": "fr", "kind": "b"},
        {"id": "5", "text": "Rain.", "label": "off", "published": "2023-09-02T08:00:00Z"},
    ]
    tagger = Tagger([parse_definition(DEFINITION, "fair.yaml")])
    report = score_labelled([LabelledItem.of(line) for line in lines], tagger, "fair")
    assert (report.total.precision, report.total.recall, report.total.f1) == (0.5, 0.5, 0.5)
    assert report.total.mention_rate == 1.0
    assert [scores.name for scores in report.by_language] == ["en", "fr", "unknown"]
    assert [mistake.item.item_id for mistake in report.mistakes] == ["2", "3", "4"]
    assert report.mistakes[1].judgement.evidence


@pytest.mark.parametrize(
    "line",
    [
        {"label": "on"},
        {"text": "x", "label": "maybe"},
        {"text": "x", "label": "on", "published": "soon"},
    ],
)
def test_a_labelled_line_that_cannot_be_used_says_why(line: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="expected"):
        LabelledItem.of(line)


@pytest.mark.parametrize(
    ("day", "verdict"),
    [(9, Verdict.MENTION), (10, Verdict.ON), (12, Verdict.ON), (13, Verdict.MENTION)],
)
def test_at_the_peak_of_the_window_less_is_enough(day: int, verdict: Verdict) -> None:
    tagger = Tagger([parse_definition(PEAK, "peak.yaml")])
    when = datetime(2023, 9, day, 23, 59, tzinfo=UTC)
    text = "Cranes stand still."
    (found,) = tagger.judge("The harbour is quiet", text, language="en", published_at=when)
    assert found.verdict is verdict


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Cranes stand still.", "undated: port-on-those-days"),
        ("Nothing moves.", "nothing-seen"),
    ],
)
def test_an_undated_text_that_tells_its_time_is_judged_as_of_the_peak(text: str, rule: str) -> None:
    definition = UNDATED.replace("when: peak, weight: 0.3", "when: peak, weight: 0.4")
    tagger = Tagger([parse_definition(definition, "peak.yaml")])
    (found,) = tagger.judge("The harbour is quiet", text, language="en", published_at=None)
    assert found.rule == rule
