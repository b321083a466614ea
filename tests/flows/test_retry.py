"""What failed is tried again when a person asks for it, whatever the plan was."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from desks import Desk

from extractors.errors import UsageError
from flows.newsroom import Newsroom
from flows.steps.forget import run_forget, run_retry
from flows.steps.job import utc_now
from storage.retrying import Retried


def retry(desk: Desk, reason: str | None = None, run_id: str | None = None) -> Retried:
    return run_retry(desk.job("retry"), reason=reason, run_id=run_id)


def failed_feeds(desk: Desk) -> dict[str, str]:
    return dict(desk.ask("SELECT item, reason FROM failures WHERE stage = 'poll'"))


@pytest.fixture
def full(landed: Desk, tmp_path: Path) -> Desk:
    """A copy of a desk on which everything that the newsroom lists has landed."""
    shutil.copytree(landed.settings.data, tmp_path / "full")
    return Desk(landed.settings.model_copy(update={"data": tmp_path / "full"}))


@pytest.fixture
def some(landed: Desk, make_desk: Callable[..., Desk], newsroom: Newsroom) -> Desk:
    """A desk that has polled a good feed and the two of the newsroom that fail."""
    bad = failed_feeds(landed)
    good = next(feed for feed in newsroom.feeds() if feed.feed_id not in bad)
    desk = make_desk([good, *(feed for feed in newsroom.feeds() if feed.feed_id in bad)])
    desk.run(pages=False)
    return desk


def test_failed_feeds_are_due_and_polled_again_and_good_ones_are_not(some: Desk) -> None:
    bad = failed_feeds(some)
    assert len(bad) == 2
    assert "poll" not in some.run(pages=False).stages
    assert retry(some).feeds == 2
    assert some.run(pages=False).stages["poll"].taken == 2
    with some.job().warehouse.session() as session:
        polls = session.execute("SELECT feed_id FROM polls GROUP BY 1 HAVING count(*) = 2")
        assert {row[0] for row in polls.fetchall()} == set(bad)


def test_a_reason_or_a_run_takes_only_its_own(some: Desk) -> None:
    ((first,),) = some.ask("SELECT run_id FROM runs")
    reason = min(failed_feeds(some).values())
    assert retry(some, reason=reason).feeds == 1
    assert retry(some, run_id=first).feeds == 2
    assert retry(some, reason="timeout") == Retried(0, 0, 0)
    assert retry(some, run_id="another") == Retried(0, 0, 0)


def test_paused_feeds_and_those_off_the_list_stay_so(some: Desk) -> None:
    one, other = failed_feeds(some)
    with some.job().warehouse.session() as session:
        session.execute("UPDATE feeds SET paused = true WHERE feed_id = ?", [one])
        session.execute("UPDATE feeds SET listed = false WHERE feed_id = ?", [other])
    assert retry(some).feeds == 0


def test_pages_that_failed_wait_again_with_their_tries_renewed(full: Desk) -> None:
    assert retry(full, reason="timeout").pages == 0
    assert retry(full, reason="not_found").pages == 1
    assert full.ask("SELECT attempts, next_at <= now() FROM waiting") == [(0, True)]
    assert full.run().stages["page"].taken == 1
    assert full.ask("SELECT reason, attempts FROM failures WHERE stage = 'page'") == [
        ("not_found", 2)
    ]


def test_without_a_reason_what_was_refused_is_left_and_by_its_reason_it_is_not(full: Desk) -> None:
    assert retry(full).pages == 1
    ((reason, count),) = full.ask(
        "SELECT article_reason, count(*) FROM pages WHERE article_state = 'rejected' "
        "GROUP BY 1 ORDER BY 1 LIMIT 1"
    )
    assert retry(full, reason=reason).pages == count


def test_pages_that_wait_after_a_soft_failure_need_not_wait_any_longer(full: Desk) -> None:
    soon = utc_now() + timedelta(hours=6)
    with full.job().warehouse.session() as session:
        session.execute(
            "UPDATE pages SET state = 'waiting', reason = NULL, attempts = 0, next_at = ?", [soon]
        )
        session.execute(
            "UPDATE pages SET reason = 'timeout', attempts = 2 "
            "WHERE page_id = (SELECT min(page_id) FROM pages)"
        )
    assert retry(full).pages == 1
    assert full.ask("SELECT count(*) FROM waiting WHERE next_at <= now()") == [(1,)]


def test_what_is_forgotten_is_not_tried_again(full: Desk) -> None:
    url = full.ask("SELECT url FROM pages WHERE state = 'failed'")[0][0]
    run_forget(full.job("forget"), url)
    assert retry(full, reason="not_found").pages == 0


def test_failed_files_are_counted_and_every_run_reads_them_again(
    make_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    folder = tmp_path / "dropped"
    folder.mkdir()
    (folder / "empty.txt").touch()
    desk = make_desk([])
    desk.run(seeds=folder, poll=False)
    assert retry(desk, reason="empty") == Retried(0, 0, 1)
    (folder / "empty.txt").write_text("A ferry ran aground on Tuesday. Nobody was hurt at all.")
    assert desk.run(seeds=folder, poll=False).stages["article"].landed == 1
    assert retry(desk) == Retried(0, 0, 0)


def test_a_word_that_is_no_reason_is_refused_with_the_nearest_one(
    make_desk: Callable[..., Desk],
) -> None:
    with pytest.raises(UsageError, match="did you mean not_found"):
        retry(make_desk([]), reason="notfound")
