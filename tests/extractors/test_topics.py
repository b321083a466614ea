from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.records import Judgement, Verdict
from extractors.topic_yaml import ENGINE, parse_with_lines
from extractors.topics import (
    LabelledItem,
    Tagger,
    TopicDefinition,
    TopicError,
    parse_definition,
    score_labelled,
    skeleton,
)

TOPICS = Path(__file__).parents[2] / "seeds" / "topics"

DEFINITION = """\
topic: fair
title: The fair
window: {first: 2023-09-01, last: 2023-09-30, outside_needs: [named]}
concepts:
  baker:
    aliases: {en: [Baker, "=US"], ru: [пекар*, лидер* гильдии], ko: [제빵사],
      ja: [パン], zh: [面包师], ar: [خباز]}
  fair: {aliases: {en: [fair*], ru: [ярмарк*], ko: ["*장터"], ar: [سوق]}}
  old-baker: {hides: true, aliases: {en: [Baker Street], "de!": [Becker]}}
  name: {aliases: {en: ["2023"]}}
  notice: {aliases: {en: [cookie*]}}
furniture: notice
gate: baker
scenes:
  both: {all: [baker, fair]}
  baker: {any: [baker]}
  named: {all: [fair, name]}
  other: {any: [old-baker]}
rules:
  - {name: named, scene: named, weight: 0}
  - {name: both, scene: both, weight: 0.6}
  - {name: baker, scene: baker, unless: both, weight: 0.3}
  - {name: other, scene: other, where: title, weight: -0.5}
thresholds: {on: 0.6, mention: 0.2}
"""


def _judge(text: str, title: str | None = None, **more: object) -> Judgement:
    tagger = Tagger([parse_definition(more.pop("definition", DEFINITION), "fair.yaml")])  # type: ignore[arg-type]
    published = more.get("published_at")
    assert published is None or isinstance(published, datetime)
    language = more.get("language")
    assert language is None or isinstance(language, str)
    return tagger.judge(title, text, language=language, published_at=published)[0]


def _with_rule(rule: str) -> str:
    return DEFINITION.replace("thresholds:", f"{rule}thresholds:")


def _phrases(judgement: Judgement) -> list[str]:
    return [evidence.phrase for evidence in judgement.evidence]


def test_concepts_that_meet_in_a_sentence_put_an_article_on_topic() -> None:
    judgement = _judge("The BAKER’s fair opened.")
    assert (judgement.verdict, judgement.rule, judgement.score) == (
        Verdict.ON,
        "undated: both",
        0.6,
    )
    assert _phrases(judgement) == ["BAKER", "fair"]


def test_concepts_in_two_sentences_do_not_meet() -> None:
    assert _judge("The baker slept. Then the fair opened.").verdict is Verdict.MENTION


@pytest.mark.parametrize("stop", ["Mr. Hall", "the U.S. side", "on Sept. 13"])
def test_a_full_stop_after_a_short_form_does_not_end_a_sentence(stop: str) -> None:
    assert _judge(f"The baker and {stop} saw the fair.").verdict is Verdict.ON


@pytest.mark.parametrize("ending", ["up", "ab", "не"])
def test_a_full_stop_after_a_short_word_ends_a_sentence(ending: str) -> None:
    assert _judge(f"The baker turned {ending}. The fair opened.").verdict is Verdict.MENTION


@pytest.mark.parametrize("ending", ["; ", " | ", "\n", "。", "? "])
def test_list_marks_and_ends_of_sentences_part_what_stands_beside_them(ending: str) -> None:
    assert _judge(f"Here is the baker{ending}Here is the fair").verdict is Verdict.MENTION


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
    assert _phrases(_judge(text)) == [phrase]


@pytest.mark.parametrize(
    "text", ["Bakery", "ジャパン", "us came", "Скороспекарь", "مخباز", "새제빵사"]
)
def test_parts_of_other_words_are_not_found(text: str) -> None:
    assert _judge(text).verdict is Verdict.OFF


def test_a_longer_phrase_of_a_concept_that_hides_keeps_the_shorter_one_from_counting() -> None:
    assert _judge("They met in Baker Street.", "Rain").verdict is Verdict.OFF


def test_a_shorter_phrase_counts_inside_a_longer_one_of_another_concept() -> None:
    definition = DEFINITION.replace("[fair*]", "[fair*, baker's stall]")
    judgement = _judge("He stood at the baker's stall.", "Rain", definition=definition)
    assert judgement.rule == "undated: both"
    (evidence,) = judgement.evidence
    assert (evidence.concept, evidence.phrase) == ("fair", "baker's stall")


def test_a_name_to_leave_alone_does_not_count_inside_a_longer_phrase() -> None:
    definition = DEFINITION.replace("[fair*]", "[fair*, Baker Street market]")
    assert _judge("Rain", "At Baker Street market", definition=definition).verdict is Verdict.ON


def test_a_word_listed_in_full_counts_for_its_stem_under_another_concept_as_well() -> None:
    definition = DEFINITION.replace("[fair*]", "[fair*, markt*]")
    definition = definition.replace("[Baker Street]", "[Baker Street, Marktes]")
    found = _judge("Der Baker des Marktes.", "Regen", definition=definition).evidence
    assert ("fair", "Marktes") in [(one.concept, one.phrase) for one in found]


def test_a_weight_with_leaves_takes_away_no_more_than_that() -> None:
    plain = "  - {name: clause, scene: both, weight: -0.9}\n"
    sparing = plain.replace("-0.9}", "-0.9, leaves: 0.25}")
    text = "Rain fell. The baker saw the fair."
    assert _judge(text, definition=_with_rule(plain)).score == 0
    assert _judge(text, definition=_with_rule(sparing)).score == 0.25


def test_a_weight_with_leaves_adds_nothing_to_a_score_below_it() -> None:
    sparing = "  - {name: clause, scene: both, weight: -0.9, leaves: 0.9}\n"
    text = "The baker saw the fair."
    assert _judge(text, definition=_with_rule(sparing)).score == _judge(text).score


def test_an_alias_kept_for_a_language_counts_in_texts_of_that_language_alone() -> None:
    def scored(text: str, language: str | None) -> float:
        return _judge(text, title="Becker", language=language).score

    assert scored("The baker at the fair.", "de-AT") == pytest.approx(0.1)
    assert scored("The baker at the fair.", "en") == 0.6


def test_an_alias_kept_for_a_language_asks_for_the_language_where_none_is_known() -> None:
    kept = DEFINITION.replace('"de!": [Becker]', '"ko!": [北]')
    korean = _judge("北 제빵사가 장터에 왔다고 한다.", title="北", definition=kept)
    chinese = _judge("面包师在 fair 的北边。", title="北方", definition=kept)
    assert korean.score == pytest.approx(0.1)
    assert chinese.score == 0.6


def test_evidence_says_which_field_it_is_from_and_cuts_it() -> None:
    judgement = _judge("Le  cafe\u0301 and the fair: the Baker", title="A fair baker")
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
    unnamed = _judge("The baker's fair.", published_at=late)
    assert (unnamed.verdict, unnamed.rule) == (Verdict.MENTION, "outside-window")
    assert _judge("The baker's fair of 2023.", published_at=late).verdict is Verdict.ON
    assert _judge("The baker's fair.", published_at=None).verdict is Verdict.ON


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
    judgement = _judge("The baker's fair.", title=title, published_at=None)
    assert judgement.verdict is verdict
    assert (judgement.rule == "undated: one-of-several-in-title") is (verdict is Verdict.MENTION)


def test_without_a_date_the_content_decides_and_the_rule_says_so() -> None:
    inside = datetime(2023, 9, 5, tzinfo=UTC)
    assert _judge("The baker's fair.", published_at=inside).rule == "both"
    undated = _judge("The baker's fair.", published_at=None)
    assert (undated.verdict, undated.rule) == (Verdict.ON, "undated: both")
    windowless = DEFINITION.replace(
        "window: {first: 2023-09-01, last: 2023-09-30, outside_needs: [named]}\n", ""
    )
    assert _judge("The baker's fair.", definition=windowless).rule == "both"


def test_a_text_in_two_languages_is_matched_in_both() -> None:
    found = _judge("The fair was opened by a «пекарь», as they say there.", language="en")
    assert (found.verdict, _phrases(found)) == (Verdict.ON, ["fair", "пекар"])


def test_a_notice_is_no_part_of_the_article() -> None:
    assert _judge("Cookies: the baker at the fair.\nRain.").verdict is Verdict.OFF


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
    plain = _judge(text, title="The baker speaks", definition=definition)
    repeated = _judge(f"{again}\n{text}", title="The baker speaks", definition=definition)
    assert plain.verdict is Verdict.ON
    assert (repeated.score, _phrases(repeated)) == (plain.score, _phrases(plain))


def test_a_first_line_that_only_begins_like_the_title_is_a_part_of_the_text() -> None:
    lead = "The baker speaks of the fair, and nobody in the whole town had expected him to do so."
    assert _judge(lead, title="The baker speaks").verdict is Verdict.ON


def test_without_a_title_a_first_line_without_a_stop_is_one() -> None:
    other = "Baker Street\nThe baker at the fair."
    assert _judge(other).verdict is Verdict.OFF
    assert _judge(other.replace("\n", ".\nRain. ")).verdict is Verdict.OFF
    opening = DEFINITION.replace("both: {all", "both: {near: opening, all")
    text = "The baker speaks after all these years to an audience of hundreds\nA fair. Rain."
    assert _judge(text, definition=opening).verdict is Verdict.ON
    assert _judge(text.replace("\n", ".\n"), definition=opening).verdict is Verdict.MENTION


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The baker slept. The fair opened.", Verdict.ON),
        ("The fair opened. The baker slept.", Verdict.MENTION),
    ],
)
def test_the_first_sentence_of_the_text_is_a_place_of_its_own(text: str, verdict: Verdict) -> None:
    definition = _with_rule("  - {name: begun, scene: baker, where: first, weight: 0.3}\n")
    assert _judge(text, "Rain", definition=definition).verdict is verdict


def test_a_title_about_something_else_takes_away() -> None:
    assert _judge("The baker at the fair.", title="Baker Street").verdict is Verdict.OFF


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
        ("3 words", "A baker at a nice fair.", Verdict.ON),
        ("3 words", "A baker who did not come to the fair.", Verdict.MENTION),
    ],
)
def test_near_says_how_far_apart_concepts_may_stand(near: str, text: str, verdict: Verdict) -> None:
    definition = DEFINITION.replace("both: {all", f"both: {{near: {near}, all")
    assert _judge(text, definition=definition).verdict is verdict


def test_title_and_lead_are_one_opening() -> None:
    definition = DEFINITION.replace("both: {all", "both: {near: opening, all")
    judged = _judge("He is at the fair.\nRain.", title="The baker", definition=definition)
    assert (judged.verdict, judged.rule) == (Verdict.ON, "undated: both")
    assert _phrases(judged) == ["baker", "fair"]


def test_a_withheld_name_does_not_end_a_sentence_as_a_bullet_does() -> None:
    assert _judge("baker 김\u25cb\u25cb fair").verdict is Verdict.ON
    assert _judge("baker \u25bd fair").verdict is Verdict.MENTION


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


def test_the_version_follows_the_content_and_not_the_comments() -> None:
    version = parse_definition(DEFINITION, "a").version
    assert parse_definition("# a comment\n" + DEFINITION, "b").version == version
    assert parse_definition(DEFINITION.replace("0.6", "0.7"), "a").version != version


def test_a_definition_reads_the_same_with_and_without_its_lines() -> None:
    for path in TOPICS.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert parse_definition(text, path.name) == parse_with_lines(text, path.name)


def test_the_version_follows_the_tagger_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    version = parse_definition(DEFINITION, "a").version
    monkeypatch.setattr("extractors.topic_yaml.ENGINE", ENGINE + 1)
    assert parse_definition(DEFINITION, "a").version != version


@pytest.mark.parametrize(
    ("old", "new", "line", "expected"),
    [
        ("title: The fair", "titel: The fair", 2, "expected one of"),
        ("first: 2023-09-01", "first: soon", 3, "expected a day"),
        ("last: 2023-09-30", "last: 2023-08-30", 3, "not before"),
        ('["2023"]', "[2023]", 10, "put it in quotes"),
        ("all: [baker, fair]", "all: [baker, fare]", 15, "known concept"),
        ("weight: 0.3", "weight: heavy", 22, "expected a number"),
        ("unless: both", "unless: other", 22, "earlier rule"),
        ("weight: -0.5", "weight: -0.5, leaves: much", 23, "expected a number"),
        ("where: title", "where: headline", 23, "known part"),
        ("mention: 0.2", "mention: 0.9", 24, "less than on"),
        ("[Baker Street]", "[B*ker]", 9, "only at the ends of words"),
        ("{hides: true", "{hides: perhaps", 9, "true or false"),
        ("gate: baker", "gate: [baker", 14, "valid YAML"),
        ("title: The fair", "title: The\0fair", 2, "valid YAML"),
        ("{first:", "{3: soon, first:", 3, "expected one of"),
        ("{first:", "{{a: [b]}: soon, first:", 3, "word as the key"),
    ],
)
def test_a_wrong_definition_is_answered_with_its_line(
    old: str, new: str, line: int, expected: str
) -> None:
    assert old in DEFINITION
    with pytest.raises(TopicError, match=expected) as caught:
        parse_definition(DEFINITION.replace(old, new, 1), "fair.yaml")
    assert caught.value.line == line
    assert str(caught.value).startswith(f"fair.yaml, line {line}: ")


def test_the_skeleton_can_be_read_as_it_stands() -> None:
    definition = parse_definition(skeleton("my-topic"), "my-topic.yaml")
    assert isinstance(definition, TopicDefinition)
    assert definition.topic_id == "my-topic"


def test_the_skeleton_knows_a_story_from_a_clause_about_it() -> None:
    tagger = Tagger([parse_definition(skeleton("my-topic"), "my-topic.yaml")])

    def verdict(title: str, text: str) -> Verdict:
        when = datetime(2023, 6, 1, tzinfo=UTC)
        return tagger.judge(title, text, language="en", published_at=when)[0].verdict

    told = "The example person held example talks."
    markets = "Shares fell on Monday as traders waited for the bank. Oil rose, and so did wheat."
    clause = f"{markets}\nThe example summit of 2023 was no help.\nBonds were sold.\nRain fell."
    assert verdict("Example talks begin with example person", told) is Verdict.ON
    assert verdict("At last", f"{told} Rain fell.") is Verdict.ON
    assert verdict("Markets", clause) is Verdict.MENTION
    assert verdict("Example summit of 2019", told) is not Verdict.ON


def test_two_topics_of_one_id_are_refused() -> None:
    definition = parse_definition(DEFINITION, "fair.yaml")
    with pytest.raises(ValueError, match="each topic once"):
        Tagger([definition, definition])


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


PEAK = """
topic: harbour-strike-2023
title: Harbour strike
window: {first: 2023-09-01, last: 2023-09-30, peak: {first: 2023-09-10, last: 2023-09-12}}
concepts:
  port: {label: Port, aliases: {en: [harbour]}}
scenes:
  port: {any: [port]}
rules:
  - {name: port, scene: port, when: inside, weight: 0.3}
  - {name: port-on-those-days, scene: port, when: peak, weight: 0.3}
"""


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


def test_a_peak_outside_the_window_is_refused_with_its_line() -> None:
    wrong = PEAK.replace("last: 2023-09-12", "last: 2023-10-12")
    with pytest.raises(TopicError, match=r"peak\.yaml, line 4: .*2023-09-30"):
        parse_definition(wrong, "peak.yaml")


UNDATED = PEAK.replace("2023-09-12}}", "2023-09-12}, undated_peak: told}").replace(
    "rules:", "rules:\n  - {name: told, scene: told, when: unknown, weight: 0}"
)
UNDATED = UNDATED.replace(
    "scenes:", "  cranes: {aliases: {en: [cranes]}}\nscenes:\n  told: {any: [cranes]}"
)


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


def test_an_undated_peak_without_the_days_of_the_peak_is_refused_with_its_line() -> None:
    wrong = UNDATED.replace(", peak: {first: 2023-09-10, last: 2023-09-12}", "")
    with pytest.raises(TopicError, match=r"peak\.yaml, line 4: expected `peak`"):
        parse_definition(wrong, "peak.yaml")
