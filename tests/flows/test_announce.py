"""Each new article on a topic is announced after its commit: at least once, live ingest only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from desks import Desk

from flows import announce as announcing
from flows.newsroom import Newsroom, layouts
from flows.prefect_report import OnTopicArticle
from flows.settings import SAMPLES


@pytest.fixture
def emitted(monkeypatch: pytest.MonkeyPatch) -> list[OnTopicArticle]:
    """Events that went out, in place of Prefect's."""
    out: list[OnTopicArticle] = []
    monkeypatch.setattr(announcing, "emit_on_topic", out.append)
    return out


def test_every_article_on_a_topic_is_announced_once(
    desk: Desk, emitted: list[OnTopicArticle]
) -> None:
    desk.run()
    on = desk.ask("SELECT article_id, topic_id FROM article_topics WHERE verdict = 'on'")
    assert announcing.announce(desk.job()) == len(on)
    assert {(item.article_id, item.topic_id) for item in emitted} == set(on)
    assert announcing.announce(desk.job()) == 0


def test_a_crash_between_event_and_note_repeats_the_event_and_loses_none(
    desk: Desk, emitted: list[OnTopicArticle], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.run()

    def crash(*_given: object, **_named: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(announcing, "mark_announced", crash)
        with pytest.raises(SystemExit):
            announcing.announce(desk.job())
    first = len(emitted)
    announcing.announce(desk.job())
    assert len(emitted) == 2 * first


def test_samples_and_dropped_files_are_not_announced(
    make_desk: Callable[..., Desk], emitted: list[OnTopicArticle]
) -> None:
    quiet = make_desk()
    quiet.run(seeds=SAMPLES)
    assert quiet.ask("SELECT count(*) FROM article_topics WHERE verdict = 'on'") != [(0,)]
    assert announcing.announce(quiet.job()) == 0
    assert emitted == []


def test_a_new_judgement_of_an_announced_article_is_not_announced_again(
    desk: Desk, newsroom: Newsroom, emitted: list[OnTopicArticle]
) -> None:
    desk.run()
    announcing.announce(desk.job())
    emitted.clear()
    on = next(item for item in newsroom.truth(listed=True) if item.label == "on")
    newsroom.edit(on.slug, title=f"{on.title} again")
    try:
        desk.run(everything=True)
    finally:
        newsroom.edit(on.slug, title=on.title)
    assert announcing.announce(desk.job()) == 0


def test_a_page_that_moves_to_another_address_is_one_article_and_not_announced_again(
    desk: Desk,
    newsroom: Newsroom,
    emitted: list[OnTopicArticle],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    desk.run()
    announcing.announce(desk.job())
    (before,) = desk.ask("SELECT count(*) FROM articles")
    on = next(item for item in newsroom.truth(listed=True) if item.label == "on")
    head = layouts.head

    def moved(page: layouts.Page) -> str:
        return head(page).replace(f'"{on.url}"', f'"{on.url}-in-full"')

    monkeypatch.setattr(layouts, "head", moved)
    newsroom.edit(on.slug, title=f"{on.title} again")
    try:
        desk.run(everything=True)
    finally:
        newsroom.edit(on.slug, title=on.title)
    assert desk.ask(
        "SELECT a.canonical_url FROM article_versions JOIN articles a USING (article_id)"
    ) == [(f"{on.url}-in-full",)]
    assert desk.ask("SELECT count(*) FROM articles") == [before]
    assert desk.ask("FROM orphans") == []
    assert announcing.announce(desk.job()) == 0
