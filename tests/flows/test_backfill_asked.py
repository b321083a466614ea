"""What a backfill is asked for: windows, depths, choices, limits, gates, and plans."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from desks import Desk
from standins.fill import articles, day, fill, past_desk
from standins.past import ADDRESSES, KINDS, Past
from tables import tables_of

from flows.sources.base import Window
from flows.steps.backfill import BackfillReport, run_backfill
from flows.steps.backfill_plan import plan_backfill
from flows.steps.backfill_report import left_lines
from flows.steps.backfill_request import NAMES, BackfillRequest

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(ADDRESSES)]

PAGED = {"sources": ("paged",), "feeds": ("f_wordpress_0",)}


@pytest.fixture(scope="module")
def past() -> Iterator[Past]:
    with Past(5, day(11), day(13), around=1) as made:
        yield made


@pytest.fixture
def desk(past: Past, tmp_path: Path) -> Desk:
    for one in past.publishers:
        one.site.asked.clear()
    return past_desk(past, tmp_path / "data")


def done(report: BackfillReport) -> int:
    return sum(line.done for line in report.sources)


def asked(past: Past) -> int:
    return sum(len(one.site.asked) for one in past.publishers)


def pages_asked(past: Past) -> int:
    return sum(one.site.count("story") for one in past.publishers)


def wordpress_truth(past: Past) -> dict[str, str]:
    wanted = past.publishers[KINDS.index("wordpress")]
    return {link: t for link, t in past.truth().items() if link.startswith(wanted.site.origin)}


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(desk: Desk, past: Past) -> None:
    request = BackfillRequest(Window(past.start, past.end), sources=NAMES)
    plan = plan_backfill(desk.job("backfill"), request)
    assert {line.source for line in plan.lines} == set(NAMES)
    assert plan.done_units == 0
    assert all(line.done_days == 0 for line in plan.lines)
    assert not (desk.settings.data / "duckwire.duckdb").exists()
    assert pages_asked(past) == 0


def test_a_dry_run_says_what_is_done_already(desk: Desk, past: Past) -> None:
    fill(desk, day(11), day(12), pages=False, **PAGED)
    request = BackfillRequest(Window(day(11), day(13)), pages=False, **PAGED)
    (line,) = plan_backfill(desk.job("backfill"), request).lines
    assert (line.done_days, line.days) == (1, 2)


def test_sightings_alone_are_not_the_pages_and_the_pages_are_both(desk: Desk, past: Past) -> None:
    fill(desk, past.start, past.end, pages=False, **PAGED)
    assert pages_asked(past) == 0
    fill(desk, past.start, past.end, **PAGED)
    assert articles(desk) == wordpress_truth(past)
    before = asked(past)
    nothing = fill(desk, past.start, past.end, pages=False, **PAGED)
    assert asked(past) == before
    assert left_lines(nothing) == ["all of it was done before; --again does it once more"]


def test_again_does_what_is_done_once_more_and_leaves_one_of_each(desk: Desk, past: Past) -> None:
    fill(desk, past.start, past.end, **PAGED)
    before, first = tables_of(desk.database)["articles"], asked(past)
    fill(desk, past.start, past.end, again=True, **PAGED)
    assert asked(past) > first
    assert tables_of(desk.database)["articles"] == before


def test_a_window_that_overlaps_one_that_is_done_asks_for_the_rest_alone(
    desk: Desk, past: Past
) -> None:
    days = {"pages": False, "sources": ("wayback",), "feeds": ("f_wayback_3",)}
    fill(desk, day(11), day(12), **days)
    past.services.asked.clear()
    fill(desk, day(11), day(13), **days)
    hosts = [target for target in past.services.asked if "matchType=host" in target]
    assert hosts
    assert not any("from=20230911000000&to=20230911235959" in target for target in hosts)


def test_a_day_that_is_not_over_is_never_done(desk: Desk, past: Past) -> None:
    during = past.end - timedelta(hours=6)
    fill(desk, past.start, past.end, clock=lambda: during, pages=False, **PAGED)
    states = desk.ask("SELECT DISTINCT state, detail FROM backfill_units")
    assert states == [("planned", "its window is not over yet")]


def test_a_day_is_not_done_while_a_service_may_still_meet_its_articles(
    desk: Desk, past: Past
) -> None:
    asked = {"sources": ("ccnews",), "pages": False}
    states = "SELECT DISTINCT state FROM backfill_units WHERE state <> 'skipped'"
    soon, late = past.end + timedelta(days=1), past.end + timedelta(days=3)
    fill(desk, past.start, past.end, clock=lambda: soon, **asked)
    assert desk.ask(states) == [("planned",)]
    fill(desk, past.start, past.end, clock=lambda: late, **asked)
    assert desk.ask(states) == [("done",)]


def test_a_backfill_moves_no_feed(desk: Desk, past: Past) -> None:
    desk.run(pages=False)
    before = desk.ask("FROM feeds WHERE kind = 'feed' AND listed ORDER BY 1")
    polls = desk.ask("SELECT count(*) FROM polls")
    fill(desk, past.start, past.end, pages=False)
    assert desk.ask("FROM feeds WHERE kind = 'feed' AND listed ORDER BY 1") == before
    assert desk.ask("SELECT count(*) FROM polls") == polls


def test_no_page_is_fetched_that_the_archive_holds(desk: Desk, past: Past) -> None:
    fill(desk, past.start, past.end, **PAGED)
    held = pages_asked(past)
    fill(desk, past.start, past.end, feeds=("f_wordpress_0",), sources=("wayback", "paged"))
    assert pages_asked(past) == held


def test_what_lies_outside_is_seen_and_not_fetched(desk: Desk, past: Past) -> None:
    fill(desk, past.start, past.end, **PAGED)
    ((outside,),) = desk.ask(
        "SELECT count(*) FROM entries WHERE state = 'skipped' AND reason = 'outside_window'"
    )
    assert outside > 0
    assert pages_asked(past) == len(wordpress_truth(past))


def test_a_gate_counts_what_it_passes_over_and_fetches_none_of_it(desk: Desk, past: Past) -> None:
    fill(desk, past.start, past.end, topic="kim-putin-summit", **PAGED)
    ((passed,),) = desk.ask(
        "SELECT count(*) FROM entries WHERE state = 'skipped' AND reason = 'unlikely'"
    )
    assert passed == len(wordpress_truth(past))
    assert pages_asked(past) == 0


def test_a_limit_leaves_the_rest_waiting_and_the_next_takes_it(desk: Desk, past: Past) -> None:
    report = fill(desk, past.start, past.end, limit=1, **PAGED)
    assert len(articles(desk)) == 1
    assert report.backlog == len(wordpress_truth(past)) - 1
    fill(desk, past.start, past.end, **PAGED)
    assert articles(desk) == wordpress_truth(past)


def test_only_the_publishers_asked_for_are_asked(desk: Desk, past: Past) -> None:
    fill(desk, past.start, past.end, pages=False, sources=("paged",), publishers=("paper 1",))
    assert [bool(one.site.asked) for one in past.publishers] == [False, True, False, False, False]


def test_a_list_of_addresses_without_dates_lets_the_pages_decide(
    desk: Desk, past: Past, tmp_path: Path
) -> None:
    paper = past.publishers[0]
    listed = tmp_path / "some.txt"
    listed.write_text("".join(f"{post.link}\n" for post in paper.posts), "utf-8")
    fill(desk, past.start, past.end, sources=(str(listed),))
    assert articles(desk) == wordpress_truth(past)
    assert pages_asked(past) == len(paper.posts)
    ((kept,),) = desk.ask("SELECT count(*) FROM pages WHERE warc_file IS NOT NULL")
    assert kept == len(paper.posts)


def test_without_recorded_gaps_there_is_nothing_to_fill(desk: Desk, past: Past) -> None:
    desk.run(pages=False)
    report = fill(desk, past.start, past.end, gaps=True)
    assert (report.windows, report.sources) == ((), ())


def test_a_plan_counts_each_day_of_a_feed_once(desk: Desk, past: Past) -> None:
    asked = {"sources": ("wayback",), "feeds": ("f_wayback_3",), "pages": False}
    request = BackfillRequest(Window(past.start, past.end), **asked)
    (line,) = plan_backfill(desk.job("backfill"), request).lines
    assert (line.done_days, line.days) == (0, 2)


def test_a_machine_too_slow_for_its_stretches_leaves_no_unit_undone(desk: Desk, past: Past) -> None:
    request = BackfillRequest(Window(past.start, past.end), pages=False, **PAGED)
    report = run_backfill(desk.job("backfill"), request, stretch_s=0.0)
    assert [(line.planned, line.running) for line in report.sources] == [(0, 0)]


def test_a_recorded_gap_is_filled_for_its_feed_alone(desk: Desk, past: Past) -> None:
    desk.run(pages=False)
    with desk.job().warehouse.session() as session:
        session.execute("DELETE FROM entries")
        session.execute("DELETE FROM pages")
        session.execute("UPDATE polls SET polled_at = '2023-09-11 00:00:00+00'")
        session.execute(
            "INSERT INTO polls SELECT * REPLACE (TIMESTAMPTZ '2023-09-13 00:00:00+00' "
            "AS polled_at, true AS possible_gap) FROM polls WHERE feed_id = 'f_wordpress_0'"
        )
    request = BackfillRequest(None, gaps=True, sources=("paged",))
    report = run_backfill(desk.job("backfill"), request)
    assert report.windows == (Window(day(11), day(13)),)
    assert articles(desk) == wordpress_truth(past)


def test_a_gate_lets_pass_what_could_concern_the_topic(desk: Desk, tmp_path: Path) -> None:
    listed = tmp_path / "some.csv"
    listed.write_text(
        "url,title,date\n"
        "http://127.0.1.1:9/1,Kim Jong Un meets Putin at the Vostochny cosmodrome,2023-09-12\n"
        "http://127.0.1.1:9/2,Ferry rebuilt after museum plan,2023-09-12\n",
        "utf-8",
    )
    asked = {"sources": (str(listed),), "topic": "kim-putin-summit", "pages": False}
    fill(desk, day(11), day(13), **asked)
    states = desk.ask("SELECT url, state, reason FROM entries ORDER BY url")
    assert states == [
        ("http://127.0.1.1:9/1", "landed", None),
        ("http://127.0.1.1:9/2", "skipped", "unlikely"),
    ]


def test_an_article_has_the_date_it_states_and_not_that_of_its_capture(
    desk: Desk, past: Past
) -> None:
    fill(desk, past.start, past.end, sources=("wayback",), feeds=("f_wayback_3",))
    stated = {post.link: post.published for one in past.publishers for post in one.posts}
    found = dict(desk.ask("SELECT url, published_at FROM articles"))
    assert found
    assert found == {url: stated[url] for url in found}


def test_what_the_archive_has_no_copy_of_is_fetched_where_it_was_published(
    desk: Desk, past: Past
) -> None:
    paper = past.publishers[3]
    inside = {a: t for a, t in past.truth().items() if a.startswith(paper.site.origin)}
    rows = past.machine.rows
    past.machine.rows = [row for row in rows if row.original not in inside]
    try:
        report = fill(desk, past.start, past.end, sources=("wayback",), feeds=("f_wayback_3",))
    finally:
        past.machine.rows = rows
    assert report.failed == ()
    assert articles(desk) == inside


def test_a_plan_says_how_many_items_and_how_long(past: Past, tmp_path: Path) -> None:
    paced = past_desk(past, tmp_path / "paced", pace_s=7.0)
    paced.run(pages=False)
    request = BackfillRequest(Window(past.start, past.end), **PAGED)
    plan = plan_backfill(paced.job("backfill"), request)
    (line,) = plan.lines
    assert line.expected in (2, 3)  # a story every twenty hours, over two days
    assert plan.seconds == 7.0 * (line.expected + line.units)
