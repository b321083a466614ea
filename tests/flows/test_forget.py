"""Publishers ask for it: an article gone with all that was made of it, and never landed again."""

from __future__ import annotations

import html

import pytest
from desks import Desk
from warcio.archiveiterator import ArchiveIterator

from extractors.errors import UsageError
from extractors.records import WarcPosition
from flows.newsroom import Newsroom
from flows.steps.forget import run_forget
from flows.steps.maintain import run_maintain
from storage.archive import read_record, remove_records
from storage.errors import StorageError


def archived(desk: Desk) -> str:
    """All that the archive's segments hold, whether a row points to it or not."""
    return "".join(
        html.unescape(record.content_stream().read().decode("utf-8", "replace"))
        for path in _segments(desk)
        for record in ArchiveIterator(path.open("rb"))
    )


def unreadable(desk: Desk) -> list[str]:
    """The rows whose bytes are not where they say."""
    rows = desk.ask(
        "SELECT warc_file, warc_offset, warc_digest FROM pages WHERE warc_file NOT NULL "
        "UNION ALL SELECT warc_file, warc_offset, warc_digest FROM polls WHERE warc_file NOT NULL"
    )
    lost = []
    for row in rows:
        try:
            read_record(desk.settings.archive_root, WarcPosition(*row))
        except StorageError as error:
            lost.append(str(error))
    return lost


def test_a_forgotten_article_is_gone_everywhere_and_stays_out(
    desk: Desk, newsroom: Newsroom
) -> None:
    desk.run()
    item = next(i for i in newsroom.truth(listed=True) if i.language == "en" and i.label == "on")
    (ids,) = desk.ask(f"SELECT article_id, page_id FROM articles WHERE url = '{item.url}'")
    files = {row[0] for row in desk.ask("SELECT warc_file FROM pages WHERE warc_file NOT NULL")}
    assert item.paragraphs[0][:40] in archived(desk)
    assert f"<link>{item.url}</link>" in archived(desk)

    gone = run_forget(desk.job("forget"), item.url)

    assert (gone.articles, gone.pages, gone.records) == (1, 1, 2)  # the page, and the feed's body
    for table in ("articles", "article_topics", "article_dates", "article_signatures"):
        assert desk.ask(f"SELECT 1 FROM {table} WHERE article_id = '{ids[0]}'") == []
    assert desk.ask(f"SELECT 1 FROM pages WHERE page_id = '{ids[1]}'") == []
    assert item.paragraphs[0][:40] not in archived(desk)
    assert f"<link>{item.url}</link>" not in archived(desk)  # no feed body lists it
    assert unreadable(desk) == []
    after = {row[0] for row in desk.ask("SELECT warc_file FROM pages WHERE warc_file NOT NULL")}
    kept = {p.relative_to(desk.settings.archive_root).as_posix() for p in _segments(desk)}
    assert after <= kept
    assert files - kept

    newsroom.edit(item.slug, title="Changed, so that its feed shows it as new")
    try:
        desk.run(everything=True)
    finally:
        newsroom.edit(item.slug, title=item.title)
    assert desk.ask(f"SELECT 1 FROM articles WHERE url = '{item.url}'") == []
    assert desk.ask("SELECT 1 FROM entries WHERE reason = 'forgotten'") == [(1,)]
    assert desk.ask("FROM orphans") == []


def test_a_feed_that_goes_on_listing_what_is_forgotten_is_not_kept(
    desk: Desk, newsroom: Newsroom
) -> None:
    item = newsroom.truth(listed=True)[0]
    run_forget(desk.job("forget"), item.url)
    desk.run()
    assert item.paragraphs[0][:40] not in archived(desk)
    (other,) = desk.ask("SELECT count(*) FROM polls WHERE warc_file NOT NULL")[0]
    (without,) = desk.ask(
        "SELECT count(*) FROM polls WHERE state = 'landed' AND warc_file IS NULL AND feed_id IN "
        "(SELECT feed_id FROM entries WHERE reason = 'forgotten')"
    )[0]
    assert (other > 5, without) == (True, 1)
    assert desk.ask("FROM run_balance WHERE NOT balanced") == []


def test_one_that_never_landed_can_be_forgotten_ahead(desk: Desk, newsroom: Newsroom) -> None:
    item = newsroom.truth(listed=True)[0]
    run_forget(desk.job("forget"), item.url)
    desk.run()
    assert desk.ask(f"SELECT 1 FROM articles WHERE url = '{item.url}'") == []


def test_a_removal_that_was_killed_is_ended_by_maintenance(desk: Desk) -> None:
    desk.run()
    root = desk.settings.archive_root
    name = desk.ask("SELECT any_value(warc_file) FROM pages WHERE warc_file NOT NULL")[0][0]
    before = set(_segments(desk))
    remove_records(root, name, [0])  # killed before any row moved: the new one is of no use
    assert set(_segments(desk)) > before

    run_maintain(desk.job("maintain"))

    assert set(_segments(desk)) == before
    assert unreadable(desk) == []


def test_what_is_no_address_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="no web address"):
        run_forget(desk.job("forget"), "not an address")


def _segments(desk: Desk) -> list:
    return list(desk.settings.archive_root.rglob("*.warc.gz"))
