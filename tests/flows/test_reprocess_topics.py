"""Judging stored articles again: what is touched, what is told, and that nothing else happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from desks import Desk, new_desk

from flows.steps import reprocess
from flows.steps.reprocess import Changes, run_reprocess
from flows.steps.topics import _parsed

FAIR = """\
topic: fair
title: The fair
concepts:
  baker: {aliases: {en: [baker*]}}
scenes:
  baker: {any: [baker]}
rules:
  - {name: baker, scene: baker, weight: WEIGHT}
"""
HARBOUR = FAIR.replace("fair", "harbour").replace("baker", "crane").replace("WEIGHT", "0.7")
FILES = {
    "one.txt": "Bread for all\nThe baker of the lower town opened his third shop on Monday.\n"
    "Customers stood in line until noon, and the last rolls were gone by two.\nSource: Wire\n",
    "two.txt": "Iron over the quay\nA new crane was put up in the harbour on Tuesday.\n"
    "It lifts forty tonnes, and people came to look at it all day long.\nSource: Wire\n",
    "three.txt": "Rain\nIt rained for the whole of Wednesday, and nothing else happened at all.\n"
    "Thursday is to be dry, says the weather office, and the wind will turn.\nSource: Wire\n",
}


@pytest.fixture
def small(tmp_path: Path) -> Desk:
    """A desk with two topics and three articles, each judged by both."""
    topics, texts = tmp_path / "topics", tmp_path / "texts"
    for folder in (topics, texts):
        folder.mkdir()
    (topics / "fair.yaml").write_text(FAIR.replace("WEIGHT", "0.7"), "utf-8")
    (topics / "harbour.yaml").write_text(HARBOUR, "utf-8")
    for name, text in FILES.items():
        (texts / name).write_text(text, "utf-8")
    desk = new_desk(tmp_path / "data", [], topics=topics)
    desk.run(seeds=texts, poll=False, pages=False)
    return desk


def again(desk: Desk) -> Changes:
    return run_reprocess(desk.job("reprocess"))


def set_weight(desk: Desk, weight: str) -> None:
    (desk.settings.topics / "fair.yaml").write_text(FAIR.replace("WEIGHT", weight), "utf-8")


def judged_by(desk: Desk) -> dict[tuple[str, str], str]:
    """The run each judgement is of, by topic and title."""
    rows = desk.ask(
        "SELECT topic_id, title, t.run_id FROM article_topics t JOIN articles USING (article_id)"
    )
    return {(topic, title): run for topic, title, run in rows}


def test_what_is_judged_by_the_installed_versions_is_left_alone(small: Desk) -> None:
    before = judged_by(small)
    assert len(before) == 6
    changes = again(small)
    assert (changes.judged, changes.newly_on, changes.newly_off) == (0, [], [])
    assert judged_by(small) == before


def test_a_changed_definition_replaces_its_own_rows_alone_and_tells_what_moved(
    small: Desk,
) -> None:
    before = judged_by(small)
    set_weight(small, "0.3")
    changes = again(small)
    assert (changes.newly_on, changes.newly_off) == ([], [("fair", "Bread for all")])
    after = judged_by(small)
    assert {key for key in after if after[key] != before[key]} == {
        key for key in after if key[0] == "fair"
    }
    set_weight(small, "0.7")
    changes = again(small)
    assert (changes.newly_on, changes.newly_off) == ([("fair", "Bread for all")], [])


def test_a_comment_changes_no_version_and_judges_nothing(small: Desk) -> None:
    path = small.settings.topics / "fair.yaml"
    path.write_text("# a note for readers\n" + path.read_text("utf-8"), "utf-8")
    assert again(small).judged == 0


def test_a_newer_tagger_judges_everything_again(
    small: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = small.ask("SELECT DISTINCT topic_id, topic_version FROM article_topics")
    monkeypatch.setattr("extractors.topic_yaml.ENGINE", 10_000)
    _parsed.cache_clear()
    try:
        changes = again(small)
    finally:
        _parsed.cache_clear()
    assert (changes.judged, changes.newly_on, changes.newly_off) == (3, [], [])
    newer = small.ask("SELECT DISTINCT topic_id, topic_version FROM article_topics")
    assert {topic for topic, _ in newer} == {"fair", "harbour"}
    assert not set(newer) & set(versions)


def test_an_article_without_a_row_and_a_changed_text_are_judged(small: Desk) -> None:
    with small.job().warehouse.session() as session:
        session.execute(
            "DELETE FROM article_topics WHERE topic_id = 'fair' AND article_id = "
            "(SELECT article_id FROM articles WHERE title = 'Rain')"
        )
        session.execute(
            "UPDATE articles SET text = 'A baker, after all.', text_hash = 'another' "
            "WHERE title LIKE 'Iron%'"
        )
    before = judged_by(small)
    changes = again(small)
    assert changes.judged == 2
    assert changes.newly_on == [("fair", "Iron over the quay")]
    assert changes.newly_off == [("harbour", "Iron over the quay")]
    after = judged_by(small)
    assert {key for key in after if after[key] != before.get(key)} == {
        ("fair", "Rain"),
        ("fair", "Iron over the quay"),
        ("harbour", "Iron over the quay"),
    }


def test_it_goes_in_batches_and_each_lands_by_itself(
    small: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reprocess, "ARTICLES_A_STEP", 2)
    steps: list[str] = []

    def noted(name, step, *given):  # type: ignore[no-untyped-def]
        steps.append(name)
        return step(*given)

    set_weight(small, "0.3")
    assert run_reprocess(small.job("reprocess"), call=noted).judged == 3
    assert steps.count("judge again") == 3  # two full or partial groups, and the empty one


def test_every_stored_piece_of_evidence_cuts_its_phrase_in_sql(landed: Desk) -> None:
    rows = landed.ask(
        'SELECT e.phrase, CASE e.field WHEN \'title\' THEN title[e."start" + 1:e."end"] '
        'ELSE text[e."start" + 1:e."end"] END FROM (SELECT title, text, unnest(evidence) AS e '
        "FROM article_topics JOIN articles USING (article_id))"
    )
    assert len(rows) > 100
    assert [phrase for phrase, cut in rows if phrase != cut] == []
