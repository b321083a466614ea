"""The Wayback Machine, played by a stand-in: old issues of feeds, then pages of their hosts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standins import sites
from standins.cdx import Machine, Row
from standins.drain import SEPTEMBER, Outcome, drain, utc
from standins.server import Reply, Services

from extractors.records import FeedKind, Fetched, Listing
from flows.sources.base import UnitFailed
from flows.sources.wayback import (
    BASE_URL,
    CdxPage,
    Wayback,
    capture_of,
    read_cdx,
    replay_url,
    unwrap,
)

FEED = "https://www.paper.example/feed.xml?section=world"
LISTING = Listing("f_paper", FEED, publisher="Paper")


@pytest.fixture
def services() -> Iterator[Services]:
    with Services() as running:
        yield running


@pytest.fixture
def machine(services: Services) -> Machine:
    made = Machine()
    services.mount("/archive", made)
    return made


def read(services: Services, **options: object) -> Outcome:
    given = {"pages": False, "pace_s": 0.0, "base_url": f"{services.origin}/archive"} | options
    return drain(lambda door: Wayback(door, (LISTING,), **given))  # type: ignore[arg-type]


def issue(*posts: tuple[str, int, int]) -> bytes:
    """An old issue of the feed: (slug, day, hour) of September 2023 each."""
    items = "".join(
        sites.Post(f"https://www.paper.example/{slug}", slug, utc(2023, 9, day, hour)).rss
        for slug, day, hour in posts
    )
    return f'<rss version="2.0"><channel><title>P</title>{items}</channel></rss>'.encode()


def capture(stamp: str, body: bytes, url: str = FEED, **changes: str) -> Row:
    return Row(stamp, url, body, **({"mimetype": "text/xml"} | changes))


def saved(stamp: str, path: str, mimetype: str = "text/html") -> Row:
    """A capture of a page of the feed's host."""
    return Row(stamp, f"https://www.paper.example{path}", b"<html>page</html>", mimetype)


def test_old_issues_give_what_is_in_the_window_with_the_capture_of_each_page(
    services: Services, machine: Machine
) -> None:
    machine.rows = [
        capture("20230910120000", issue(("too-early-capture", 12, 1))),
        capture("20230912120000", issue(("before", 11, 23), ("first", 12, 8))),
        capture("20230913120000", issue(("first", 12, 8), ("second", 13, 8))),
        capture("20230916120000", issue(("late-capture", 14, 23), ("after", 15, 0))),
        capture("20230925120000", issue(("too-late-capture", 14, 1))),
    ]
    outcome = read(services)
    assert outcome.failed == []
    slugs = [link.rpartition("/")[2] for link in outcome.inside]
    assert sorted(set(slugs)) == ["first", "late-capture", "second"]
    assert sorted(link.rpartition("/")[2] for link in outcome.outside) == ["after", "before"]
    second = next(one for one in outcome.found if one.entry.title == "second")
    assert second.feed_id == "f_paper"
    assert second.fetch_url == replay_url(
        f"{services.origin}/archive", "20230913120000", "https://www.paper.example/second"
    )


def test_the_same_bytes_are_read_once_and_one_issue_an_hour(
    services: Services, machine: Machine
) -> None:
    same = issue(("a", 12, 1))
    machine.rows = [capture(f"202309120{hour}0000", same) for hour in range(8)]
    machine.rows += [
        capture(f"2023091309{minute:02d}00", issue((f"m{minute}", 13, 9)))
        for minute in range(0, 60, 10)
    ]
    read(services)
    assert services.count("id_/") == 2


def test_failed_captures_are_not_asked_for(services: Services, machine: Machine) -> None:
    machine.rows = [
        capture("20230912120000", b"gone", statuscode="404"),
        capture("20230912130000", b"", statuscode="-", mimetype="warc/revisit"),
    ]
    outcome = read(services)
    assert (outcome.found, outcome.failed, services.count("id_/")) == ([], [], 0)


def test_a_long_answer_is_read_part_by_part_to_its_end(
    services: Services, machine: Machine
) -> None:
    machine.rows = [
        capture(f"202309{day}{hour:02d}0000", issue((f"d{day}h{hour}", day, hour)))
        for day in (12, 13, 14)
        for hour in range(24)
    ]
    outcome = read(services, rows=10)
    assert len(set(outcome.inside)) == 72
    assert services.count("resumeKey=") == 7
    assert outcome.failed == []


def test_a_chain_of_parts_without_end_is_given_up(services: Services, machine: Machine) -> None:
    machine.rows = [
        capture(f"20230912{hour:02d}0000", issue((f"h{hour}", 12, hour))) for hour in range(24)
    ]
    outcome = read(services, rows=2, max_queries=3)
    assert outcome.reasons == ["limit"]


def test_pages_of_a_host_are_asked_day_by_day_and_only_articles_are_given(
    services: Services, machine: Machine
) -> None:
    machine.rows = [
        saved("20230913080000", "/2023/09/13/a"),
        saved("20230913090000", "/2023/09/13/a"),
        saved("20230914080000", "/2023/01/01/old"),
        saved("20230914080000", "/"),
        saved("20230914080000", "/a.png", mimetype="image/png"),
        capture("20230913080000", b"b", "https://other.example/b", mimetype="text/html"),
        saved("20230930080000", "/later"),
    ]
    outcome = read(services, pages=True, lag=timedelta(days=1))
    assert outcome.inside == ["https://www.paper.example/2023/09/13/a"]
    assert outcome.outside == ["https://www.paper.example/2023/01/01/old"]
    assert services.count("matchType=host") == 4  # three days and the lag
    found = outcome.found[0]
    assert found.entry.published_at is None  # the capture's date says nothing
    assert (found.fetch_url or "").endswith("id_/https://www.paper.example/2023/09/13/a")


def test_rows_of_hosts_are_named_after_the_service_not_a_mirror() -> None:
    mirrored = Wayback(None, (LISTING,), base_url="https://mirror.example")  # type: ignore[arg-type]
    (row,) = mirrored.listings()
    assert row.url.startswith(BASE_URL)
    assert (row.kind, row.publisher) == (FeedKind.CDX, "Paper")


def test_a_raw_capture_is_the_sites_own_answer(services: Services, machine: Machine) -> None:
    url = replay_url("https://web.archive.org", "20230913120000", FEED)
    fetched = Fetched(
        url,
        url.replace("20230913120000", "20230913080001"),
        200,
        headers=(("content-type", "text/xml"), ("x-archive-orig-etag", '"then"'), ("server", "x")),
        body=b"bytes",
        fetched_at=utc(2026, 1, 1),
    )
    plain = unwrap(fetched)
    assert (plain.url, plain.final_url) == (FEED, FEED)
    assert plain.fetched_at == utc(2023, 9, 13, 8) + timedelta(seconds=1)
    assert plain.headers == (("etag", '"then"'), ("content-type", "text/xml"))
    direct = Fetched(FEED, FEED, 200)
    assert unwrap(direct) is direct


@pytest.mark.parametrize(
    ("part", "answer", "reason"),
    [
        ("/cdx/", Reply(b"slow down", 429, headers={"Retry-After": "300"}), "throttled"),
        ("/cdx/", Reply(b"down", 503), "throttled"),
        ("/cdx/", Reply(b"oops", 504), "server_error"),
        ("/cdx/", Reply(b"<html>maintenance</html>"), "unparsable"),
        ("/cdx/", Reply(b'{"error": "?"}'), "unparsable"),
        ("/cdx/", Reply(b'[["timestamp", "original"], ["2023'), "unparsable"),
        ("/cdx/", Reply(b'[["urlkey", "length"], ["a", "1"]]'), "unparsable"),
        ("/cdx/", Reply(b"[]" * 500, cut=100), "protocol"),
        ("id_/", Reply(b"<html>not a feed</html>"), "not_a_feed"),
        ("id_/", Reply(b"", 404), "not_found"),
        ("id_/", Reply(b"x", 429, headers={"Retry-After": "60"}), "throttled"),
    ],
)
def test_what_the_service_does_wrong_is_a_failed_unit_with_a_reason(
    services: Services, machine: Machine, part: str, answer: Reply, reason: str
) -> None:
    machine.rows = [capture("20230912120000", issue(("a", 12, 1)))]
    services.fail(part, answer)
    outcome = read(services)
    assert outcome.reasons == [reason]
    if "Retry-After" in answer.headers:
        assert outcome.failed[0][1].retry_after_s == int(answer.headers["Retry-After"])


@pytest.mark.parametrize("silent", [True, False])
def test_no_captures_are_no_failure(services: Services, machine: Machine, silent: bool) -> None:
    machine.empty_is_bytes = silent
    outcome = read(services)
    assert (outcome.failed, outcome.found, len(outcome.units)) == ([], [], 1)


def test_queries_of_the_index_keep_their_distance(services: Services, machine: Machine) -> None:
    started = time.monotonic()
    read(services, pages=True, lag=timedelta(0), pace_s=0.1)
    assert services.count("/cdx/") == 4
    assert time.monotonic() - started >= 0.3


def test_a_plan_asks_nobody_and_is_the_same_every_time(services: Services) -> None:
    source = Wayback(None, (LISTING,))  # type: ignore[arg-type]
    assert source.plan(SEPTEMBER) == source.plan(SEPTEMBER)
    assert len(source.plan(SEPTEMBER)) == 1 + 6  # the feed, three days and three of lag
    assert services.asked == []


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_the_index_reader_raise(body: bytes) -> None:
    assert isinstance(read_cdx(body), CdxPage | UnitFailed)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.lists(st.lists(_JSON, max_size=4), max_size=5), st.booleans())
def test_no_table_makes_the_index_reader_raise(rows: list[list[object]], named: bool) -> None:
    table = [["timestamp", "original", "digest"], *rows] if named else rows
    page = read_cdx(json.dumps(table).encode())
    assert isinstance(page, CdxPage | UnitFailed)
    if isinstance(page, CdxPage):
        assert all(len(one.stamp) == 14 and one.url for one in page.captures)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.datetimes(), st.integers(0, 10**6)), max_size=20),
    st.none() | st.text("abc,)%+0123456789", min_size=1),
)
def test_a_table_written_by_the_service_is_read_back_whole(
    rows: list[tuple[object, int]], key: str | None
) -> None:
    captures = [
        (f"{moment:%Y}".zfill(4) + f"{moment:%m%d%H%M%S}", f"https://paper.example/{number}")
        for moment, number in rows
    ]
    table: list[list[str]] = [["original", "timestamp"], *[[url, at] for at, url in captures]]
    if key is not None:
        table += [[], [key]]
    page = read_cdx(json.dumps(table).encode())
    assert isinstance(page, CdxPage)
    assert [(one.stamp, one.url) for one in page.captures] == captures
    assert (page.resume_key, page.unusable) == (key, 0)


@settings(deadline=None)
@given(st.from_regex(r"[0-9]{14}", fullmatch=True), st.sampled_from(["a", "a?b=c", "a/id_/x"]))
def test_a_replay_address_names_its_capture(stamp: str, path: str) -> None:
    url = f"https://paper.example/{path}"
    named = capture_of(replay_url(BASE_URL, stamp, url))
    assert named is not None
    assert (named.stamp, named.url) == (stamp, url)


def test_what_names_no_capture_is_none() -> None:
    assert capture_of("https://web.archive.org/web/2023*/paper.example") is None
