from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from topic_texts import DEFINITION, PEAK, UNDATED

from extractors.records import Verdict
from extractors.topic_yaml import ENGINE, parse_with_lines
from extractors.topics import (
    Tagger,
    TopicDefinition,
    TopicError,
    parse_definition,
    skeleton,
)

TOPICS = Path(__file__).parents[2] / "seeds" / "topics"


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


def test_a_peak_outside_the_window_is_refused_with_its_line() -> None:
    wrong = PEAK.replace("last: 2023-09-12", "last: 2023-10-12")
    with pytest.raises(TopicError, match=r"peak\.yaml, line 4: .*2023-09-30"):
        parse_definition(wrong, "peak.yaml")


def test_an_undated_peak_without_the_days_of_the_peak_is_refused_with_its_line() -> None:
    wrong = UNDATED.replace(", peak: {first: 2023-09-10, last: 2023-09-12}", "")
    with pytest.raises(TopicError, match=r"peak\.yaml, line 4: expected `peak`"):
        parse_definition(wrong, "peak.yaml")
