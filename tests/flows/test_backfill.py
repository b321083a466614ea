"""A window of the past, filled from every source that has it: what lands, and what never does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from desks import Desk
from standins.fill import articles, day, fill, past_desk
from standins.past import ADDRESSES, Past, issue
from tables import assert_same_tables, tables_of

pytestmark = pytest.mark.allow_hosts(ADDRESSES)


@pytest.fixture(scope="module")
def past() -> Iterator[Past]:
    with Past(5, day(11), day(13), around=1) as made:
        yield made


@pytest.mark.slow
def test_a_window_lands_what_exists_in_it_once_and_again_changes_nothing(
    past: Past, tmp_path: Path
) -> None:
    desk = past_desk(past, tmp_path / "data")
    report = fill(desk, past.start, past.end)
    assert report.failed == ()
    assert articles(desk) == past.truth()
    before = tables_of(desk.database)
    ledger = desk.ask("SELECT unit_id, state, found, new FROM backfill_units ORDER BY 1")
    for one in past.publishers:
        one.site.asked.clear()
    second = fill(desk, past.start, past.end)
    assert tables_of(desk.database) == before
    assert desk.ask("SELECT unit_id, state, found, new FROM backfill_units ORDER BY 1") == ledger
    assert not second.run.changed
    assert [one.site.asked for one in past.publishers] == [[]] * len(past.publishers)


@pytest.fixture(scope="module")
def month() -> Iterator[Past]:
    with Past(20, day(1), day(1, 10)) as made:
        yield made


@pytest.fixture(scope="module")
def filled(month: Past, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk that filled the month in one go; for looking at only."""
    desk = past_desk(month, tmp_path_factory.mktemp("filled") / "data")
    assert fill(desk, month.start, month.end).failed == ()
    return desk


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_month_of_twenty_feeds_lands_exactly_what_exists(month: Past, filled: Desk) -> None:
    assert articles(filled) == month.truth()


@pytest.fixture(scope="module")
def days_of_twenty() -> Iterator[Past]:
    """Twenty feeds of the five kinds, each with an article every other day."""
    with Past(20, day(8), day(12), around=1, each=timedelta(hours=47)) as made:
        yield made


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_day_by_day_in_any_order_gives_the_tables_of_one_go(
    days_of_twenty: Past, tmp_path: Path
) -> None:
    past = days_of_twenty
    whole = past_desk(past, tmp_path / "whole")
    fill(whole, past.start, past.end)
    parts = past_desk(past, tmp_path / "parts")
    days = [past.start + timedelta(days=n) for n in range((past.end - past.start).days)]
    random.Random(7).shuffle(days)
    assert days != sorted(days)
    for one in days:
        fill(parts, one, one + timedelta(days=1))
    assert articles(parts) == past.truth()
    assert_same_tables(whole.database, parts.database)


def issues_of_one_guid(past: Past, data: Path) -> Desk:
    """A desk with a saved issue for each post of a publisher that gives all of them one guid."""
    desk = past_desk(past, data)
    (one,) = past.publishers
    for number, post in enumerate(one.posts):
        body = issue([replace(post, guid="urn:item:7")], one.site.origin)
        (data.with_name(data.name + "-saved") / f"issue-{number}.xml").write_bytes(body)
    return desk


@pytest.mark.slow
def test_the_links_of_one_guid_all_land_whichever_day_comes_first(tmp_path: Path) -> None:
    with Past(1, day(11), day(13), around=0, each=timedelta(hours=25)) as past:
        whole = issues_of_one_guid(past, tmp_path / "whole")
        fill(whole, past.start, past.end, sources=("files",))
        parts = issues_of_one_guid(past, tmp_path / "parts")
        for one in (day(12), day(11)):
            fill(parts, one, one + timedelta(days=1), sources=("files",))
        assert articles(whole) == past.truth()
        assert_same_tables(whole.database, parts.database)
