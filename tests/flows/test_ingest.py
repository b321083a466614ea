"""The main job against the newsroom: what goes in comes out, once, with its sums."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desks import Desk
from tables import assert_same_tables, tables_of

from extractors.records import Listing, Reason
from flows.net.fake import FakeWeb
from flows.newsroom import Newsroom
from flows.settings import Settings
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import Job
from flows.steps.readers import PageToRead, Readers
from flows.steps.reading import read_page
from flows.steps.reprocess import run_reprocess
from flows.steps.rows import Read
from flows.steps.topics import Topics

_NO_ARTICLE = {"video_page", "index_page", "error_page", "consent_wall"}


def test_every_listed_article_lands_with_its_title_and_time(
    landed: Desk, newsroom: Newsroom
) -> None:
    found = {row[0]: row[1:] for row in landed.ask("SELECT url, title, published_at FROM articles")}
    wanted = {item.url: item for item in newsroom.truth(listed=True)}
    assert set(found) == set(wanted)
    wrong = [
        (url, found[url], item.title, item.published)
        for url, item in wanted.items()
        if found[url] != (" ".join(item.title.split()), item.published)
    ]
    assert wrong == []


def test_a_second_run_changes_nothing_but_the_run_log(desk: Desk) -> None:
    desk.run()
    before = tables_of(desk.database)
    again = desk.run(everything=True)
    assert not again.changed
    assert tables_of(desk.settings.data / "duckwire.duckdb") == before


def test_feeds_that_are_not_due_are_left_alone(desk: Desk) -> None:
    desk.run()
    assert "poll" not in desk.run().stages


def test_the_sums_hold_for_every_run_and_stage(desk: Desk) -> None:
    desk.run()
    desk.run(everything=True)
    rows = desk.ask("SELECT stage, taken, balanced FROM run_balance")
    assert {row[0] for row in rows} == {"poll", "entry", "page", "article"}
    assert all(balanced for _, _, balanced in rows)


def test_no_row_hangs_in_the_air(landed: Desk) -> None:
    assert landed.ask("FROM orphans") == []


def test_without_pages_entries_land_and_pages_wait(desk: Desk) -> None:
    report = desk.run(pages=False)
    assert "page" not in report.stages
    entries, waiting = desk.ask("SELECT count(*) FROM entries")[0][0], report.waiting
    assert entries == waiting > 0
    desk.run()
    assert desk.ask("SELECT count(*) FROM pages WHERE state = 'waiting'") == [(0,)]


def test_doing_it_in_two_runs_gives_the_same_tables_as_in_one(
    landed: Desk, newsroom: Newsroom, make_desk: Callable[..., Desk]
) -> None:
    other = make_desk(newsroom.feeds(), name="other")
    other.run(pages=False)
    other.run()
    assert_same_tables(landed.database, other.database)


def test_the_processes_that_read_pages_give_the_tables_of_this_one(
    landed: Desk,
    newsroom: Newsroom,
    make_desk: Callable[..., Desk],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []

    def here(_: Readers, topics: Topics, pages: Sequence[PageToRead], **_more: Any) -> list[Read]:
        read.extend(page.task.url for page in pages)
        return [
            read_page(topics, page.task, page.row, page.body, page.now, page.site) for page in pages
        ]

    monkeypatch.setattr(Readers, "read_all", here)
    other = make_desk(newsroom.feeds(), name="other")
    other.run()
    assert len(read) > 50
    assert_same_tables(landed.database, other.database)


def test_what_cannot_be_had_ends_with_a_reason_and_nothing_asks_for_it_again(
    desk: Desk, newsroom: Newsroom
) -> None:
    report = desk.run()
    assert {feed.reason for feed in report.failing} == {"gone", "binary"}
    assert report.pages_failed == {"not_found": 1}
    assert report.rejected == {
        odd.reason: 1 for odd in newsroom.odd_pages() if odd.reason in _NO_ARTICLE
    }
    assert desk.run(everything=True).stages.get("page") is None


def test_evidence_cuts_the_stored_text_exactly(landed: Desk) -> None:
    phrases = landed.ask(
        'SELECT e.phrase, CASE WHEN e.field = \'title\' THEN title[e."start" + 1:e."end"] '
        'ELSE text[e."start" + 1:e."end"] END '
        "FROM (SELECT title, text, unnest(evidence) AS e FROM topic_articles)"
    )
    assert len(phrases) > 100
    assert all(phrase == cut for phrase, cut in phrases)


def test_copies_of_a_wire_story_make_one_group(landed: Desk, newsroom: Newsroom) -> None:
    assert landed.ask("SELECT max(copies) FROM syndicated")[0][0] >= 2


def test_an_edited_article_keeps_its_old_version(newsroom: Newsroom, desk: Desk) -> None:
    desk.run()
    article = next(item for item in newsroom.truth(listed=True) if item.language == "en")
    newsroom.edit(article.slug, title="A headline that was changed afterwards")
    try:
        desk.run(everything=True)
        assert desk.ask(f"SELECT title FROM articles WHERE url = '{article.url}'") == [
            ("A headline that was changed afterwards",)
        ]
        assert desk.ask("SELECT version, title FROM article_versions") == [(1, article.title)]
    finally:
        newsroom.edit(article.slug, title=article.title)


def test_a_feed_that_fails_keeps_its_validators(newsroom: Newsroom, desk: Desk) -> None:
    desk.run()
    feed = next(item for item in newsroom.feeds() if item.feed_id)
    path = feed.url.removeprefix(newsroom.base_url)
    working = desk.settings.data / "duckwire.duckdb"
    before = _validators(desk, feed)
    newsroom.fail(path, status=500, times=1)
    try:
        desk.run(everything=True)
    finally:
        newsroom.heal()
    assert working.exists()
    assert _validators(desk, feed) == before


def test_with_no_connection_files_still_land_and_no_feed_is_charged(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    feeds = [Listing(feed_id=f"f{n}", url=f"https://p{n}.example/feed.xml") for n in range(12)]
    folder = tmp_path / "dropped"
    folder.mkdir()
    (folder / "a.txt").write_text("A ferry ran aground. Nobody was hurt at all.\nIt was towed.")
    desk = make_desk(feeds)
    report = run_ingest(desk.job(door=unplugged), IngestOptions(seeds=folder))
    assert report.stages["article"].landed == 1
    assert {feed.reason for feed in report.failing} == {"offline"}
    assert desk.ask("SELECT DISTINCT failures FROM feeds WHERE kind = 'feed'") == [(0.0,)]


def test_a_feed_off_the_list_is_kept_and_not_polled(
    make_desk: Callable[..., Desk], newsroom: Newsroom
) -> None:
    feeds = newsroom.feeds()
    desk = make_desk(feeds)
    desk.run(pages=False)
    fewer = make_desk(feeds[1:], name="fewer")
    moved = Desk(desk.settings.model_copy(update={"feeds": fewer.settings.feeds}))
    moved.run(everything=True, pages=False)
    rows = desk.ask(f"SELECT listed FROM feeds WHERE feed_id = '{feeds[0].feed_id}'")
    assert rows == [(False,)]


def test_the_topic_gate_leaves_unlikely_pages_unfetched(
    make_desk: Callable[..., Desk], newsroom: Newsroom
) -> None:
    gated = [replace(feed, fetch="likely") for feed in newsroom.feeds()]
    gated_desk = make_desk(gated)
    report = gated_desk.run()
    assert report.stages["entry"].skipped > 10
    on = gated_desk.ask("SELECT count(*) FROM summit_articles")[0][0]
    everything = make_desk(newsroom.feeds(), name="all")
    everything.run()
    assert on == everything.ask("SELECT count(*) FROM summit_articles")[0][0]
    run_reprocess(gated_desk.job("reprocess"), skipped=True)
    assert_same_tables(gated_desk.database, everything.database)


@asynccontextmanager
async def unplugged(job: Job) -> AsyncIterator[FakeWeb]:
    """A door behind which there is no network at all."""
    web = FakeWeb(clock=job.clock, offline=True)
    for n in range(12):
        # The first few fail before anybody can know that it is not their fault.
        reason = Reason.DNS if n < 5 else Reason.OFFLINE
        web.add(f"https://p{n}.example/feed.xml", status=None, reason=reason)
    yield web


def _validators(desk: Desk, feed: Listing) -> list[tuple[object, ...]]:
    return desk.ask(
        f"SELECT etag, last_modified, body_hash FROM feeds WHERE feed_id = '{feed.feed_id}'"
    )


def test_settings_are_frozen() -> None:
    settings = Settings()
    try:
        settings.batch = 3  # type: ignore[misc]
    except ValueError:
        return
    raise AssertionError("settings could be changed")
