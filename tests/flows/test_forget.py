"""Publishers ask for it: an article gone with all that was made of it, and never landed again."""

from __future__ import annotations

import pytest
from desks import Desk

from extractors.errors import UsageError
from extractors.records import WarcPosition
from flows.newsroom import Newsroom
from flows.steps.forget import run_forget, run_retry
from storage.archive import read_record


def archived(desk: Desk) -> str:
    """All that the archive's readable records hold."""
    rows = desk.ask(
        "SELECT warc_file, warc_offset, warc_digest FROM pages WHERE warc_file NOT NULL"
    )
    root = desk.settings.archive_root
    return "".join(
        read_record(root, WarcPosition(*row)).body.decode("utf-8", "replace") for row in rows
    )


def test_a_forgotten_article_is_gone_everywhere_and_stays_out(
    desk: Desk, newsroom: Newsroom
) -> None:
    desk.run()
    item = next(i for i in newsroom.truth(listed=True) if i.language == "en" and i.label == "on")
    (ids,) = desk.ask(f"SELECT article_id, page_id FROM articles WHERE url = '{item.url}'")
    files = {row[0] for row in desk.ask("SELECT warc_file FROM pages WHERE warc_file NOT NULL")}
    assert item.paragraphs[0][:40] in archived(desk)

    gone = run_forget(desk.job("forget"), item.url)

    assert (gone.articles, gone.pages, gone.records) == (1, 1, 1)
    for table in ("articles", "article_topics", "article_dates", "article_signatures"):
        assert desk.ask(f"SELECT 1 FROM {table} WHERE article_id = '{ids[0]}'") == []
    assert desk.ask(f"SELECT 1 FROM pages WHERE page_id = '{ids[1]}'") == []
    assert item.paragraphs[0][:40] not in archived(desk)
    after = {row[0] for row in desk.ask("SELECT warc_file FROM pages WHERE warc_file NOT NULL")}
    kept = {p.relative_to(desk.settings.archive_root).as_posix() for p in _segments(desk)}
    assert after <= kept
    assert len(files - kept) == 1

    newsroom.edit(item.slug, title="Changed, so that its feed shows it as new")
    try:
        desk.run(everything=True)
    finally:
        newsroom.edit(item.slug, title=item.title)
    assert desk.ask(f"SELECT 1 FROM articles WHERE url = '{item.url}'") == []
    assert desk.ask("SELECT 1 FROM entries WHERE reason = 'forgotten'") == [(1,)]
    assert desk.ask("FROM orphans") == []


def test_one_that_never_landed_can_be_forgotten_ahead(desk: Desk, newsroom: Newsroom) -> None:
    item = newsroom.truth(listed=True)[0]
    run_forget(desk.job("forget"), item.url)
    desk.run()
    assert desk.ask(f"SELECT 1 FROM articles WHERE url = '{item.url}'") == []


def test_what_is_no_address_is_refused(desk: Desk) -> None:
    with pytest.raises(UsageError, match="no web address"):
        run_forget(desk.job("forget"), "not an address")


def test_failed_pages_can_be_tried_again_by_reason(desk: Desk) -> None:
    desk.run()
    assert run_retry(desk.job("retry"), reason="not_found", run_id=None) == 1
    assert run_retry(desk.job("retry"), reason="timeout", run_id=None) == 0
    assert desk.run().stages["page"].taken == 1


def _segments(desk: Desk) -> list:
    return list(desk.settings.archive_root.rglob("*.warc.gz"))
