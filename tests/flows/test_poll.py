"""What polling leaves in the warehouse, on a web of scripted answers and a clock of the test's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from desks import Desk

from extractors.records import Listing
from flows.net import fake
from flows.net.fake import FakeWeb
from flows.steps import poll
from flows.steps.ingest import poll_group, sync_feeds
from flows.steps.job import Job

FEED = "https://paper.example/feed.xml"
ATOM = '<link rel="alternate" type="application/atom+xml" title="News" href="/atom.xml">'
RSS = '<link rel="alternate" type="application/rss+xml" href="/rss.xml">'


def rss(*guids: int, link: str = "https://paper.example/news/{}", head: str = "") -> bytes:
    items = "".join(
        f"<item><guid isPermaLink='false'>g{n}</guid><title>The mill opened, part {n}</title>"
        f"<link>{link.format(n)}</link></item>"
        for n in guids
    )
    return (
        f"<rss version='2.0'><channel><title>Paper</title>{head}{items}</channel></rss>"
    ).encode()


class Week:
    """A desk that polls `FEED` (or others) day after day."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.now = datetime(2023, 9, 13, 6, tzinfo=UTC)
        self.web = FakeWeb(clock=lambda: self.now)
        desk.job().warehouse.migrate(self.now)

    @asynccontextmanager
    async def _door(self, job: Job) -> AsyncIterator[FakeWeb]:
        yield self.web

    def poll(self, *, everything: bool = True, pages: bool = False) -> None:
        job = self.desk.job(clock=lambda: self.now, door=self._door)
        due, _ = sync_feeds(job, everything)
        poll_group(job, due, pages)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with self.desk.job().warehouse.session() as session:
            return session.execute(query).fetchall()

    def later(self, **wait: float) -> None:
        self.now += timedelta(**wait)

    def last(self, columns: str) -> tuple[Any, ...]:
        return self.ask(f"SELECT {columns} FROM polls ORDER BY polled_at DESC LIMIT 1")[0]

    def feed(self, columns: str) -> tuple[Any, ...]:
        return self.ask(f"SELECT {columns} FROM feeds WHERE kind = 'feed'")[0]


@pytest.fixture
def week(make_desk: Callable[..., Desk]) -> Week:
    return Week(make_desk([Listing(feed_id="f", url=FEED)]))


def test_a_page_that_names_one_feed_is_followed_to_it_and_says_so(week: Week) -> None:
    week.web.add(FEED, f"<html><head>{RSS}</head></html>".encode())
    week.web.add("https://paper.example/rss.xml", rss(1, 2))
    week.poll()
    assert week.last("state, new_entries, detail, final_url") == (
        "landed",
        2,
        "the address is a page; its one feed is https://paper.example/rss.xml",
        "https://paper.example/rss.xml",
    )


@pytest.mark.parametrize(
    ("links", "words"),
    [
        ("", "the page names no feed"),
        (RSS + ATOM, "the page names 2 feeds, add the one you want: "),
    ],
)
def test_a_page_that_names_no_feed_or_several_is_a_failure_that_says_which(
    week: Week, links: str, words: str
) -> None:
    week.web.add(FEED, f"<html><head>{links}</head></html>".encode())
    week.poll()
    state, reason, detail = week.last("state, reason, detail")
    assert (state, reason) == ("failed", "not_a_feed")
    assert words in detail
    assert week.web.asked("https://paper.example/rss.xml") == 0


def test_links_that_hide_their_article_are_kept_as_given_with_a_reason(week: Week) -> None:
    link = "https://news.google.com/rss/articles/CBMiX2h0dHBz?oc=5"
    week.web.add(FEED, rss(1, link=link))
    week.poll()
    assert week.ask("SELECT link, state, reason FROM entries") == [(link, "skipped", "redirector")]
    assert week.ask("SELECT count(*) FROM pages") == [(0,)]


def test_the_many_addresses_of_one_article_become_one_page(week: Week) -> None:
    links = [
        "/news/9?utm_source=rss&amp;amp;id=3",
        "//paper.example/news/9?id=3&amp;fbclid=1",
        "https://paper-example.cdn.ampproject.org/c/s/paper.example/news/9?id=3",
        "https://paper.example/news/9/amp?id=3#top",
    ]
    items = "".join(
        f"<item><guid>{n}</guid><link>{link}</link></item>" for n, link in enumerate(links)
    )
    week.web.add(FEED, f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
    week.poll()
    assert week.ask("SELECT url FROM pages") == [("https://paper.example/news/9?id=3",)]
    assert week.ask("SELECT count(*) FROM entries") == [(4,)]


def test_what_did_not_change_is_known_by_304_or_by_its_hash_and_not_parsed(week: Week) -> None:
    week.web.add(FEED, rss(1), headers=[("ETag", '"one"')])
    week.web.add(FEED, status=304)
    week.web.add(FEED, rss(1), headers=[("ETag", '"two"')])
    week.poll()
    for status in (304, 200):
        week.later(hours=1)
        week.poll()
        assert week.last("state, status, entries, path") == ("known", status, 0, None)
    assert [asked.etag for asked in week.web.requests] == [None, '"one"', '"one"']


def test_conditional_requests_can_be_switched_off_for_a_feed(
    make_desk: Callable[..., Desk],
) -> None:
    week = Week(make_desk([Listing(feed_id="f", url=FEED, conditional=False)]))
    week.web.add(FEED, rss(1), headers=[("ETag", '"one"')])
    for _ in range(2):
        week.poll()
        week.later(hours=1)
    assert [asked.etag for asked in week.web.requests] == [None, None]


@pytest.mark.parametrize(
    "validator", [("Last-Modified", "Tue, 12 Sep 2023 06:00:00 GMT"), ("ETag", '"one"')]
)
def test_a_validator_repeated_over_a_changed_body_is_never_sent_again(
    week: Week, validator: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # This server would answer 304 to a validator it knows; the one that is meant never does.
    monkeypatch.setattr(fake, "_conditional", lambda found, request: found)
    for n in (1, 2, 3):
        week.web.add(FEED, rss(*range(n + 1)), headers=[validator])
    for _ in range(3):
        week.poll()
        week.later(hours=1)
    sent = [asked.etag or asked.last_modified for asked in week.web.requests]
    assert sent == [None, validator[1], None]
    changes = [row[0] for row in week.ask("SELECT change FROM polls ORDER BY polled_at")]
    assert changes[1] is not None
    assert "not believed any more" in changes[1]


def test_a_permanent_redirect_is_adopted_on_the_third_day_and_told(week: Week) -> None:
    new = "https://paper.example/new.xml"
    week.web.add(FEED, rss(1), final_url=new, hops=((301, FEED),))
    week.web.add(new, rss(1))
    urls = []
    for _ in range(4):
        for _ in range(2):  # a second sighting on the same day counts for nothing
            week.poll()
            week.later(hours=1)
        urls.append(week.feed("url")[0])
        week.later(hours=22)
    assert urls == [FEED, FEED, new, new]
    told = week.ask("SELECT change FROM polls WHERE change LIKE 'moved for good%'")
    assert told == [(f"moved for good from {FEED} to {new}",)]


@pytest.mark.parametrize("status", [302, 307])
def test_a_temporary_redirect_is_never_adopted(week: Week, status: int) -> None:
    week.web.add(FEED, rss(1), final_url="https://paper.example/x", hops=((status, FEED),))
    for _ in range(5):
        week.poll()
        week.later(days=1)
    assert week.feed("url") == (FEED,)


def test_410_on_two_days_is_shown_as_gone_probed_weekly_and_revived(week: Week) -> None:
    week.web.add(FEED, status=410)
    week.web.add(FEED, status=410)
    week.web.add(FEED, rss(1))
    week.poll()
    assert week.feed("gone") == (False,)
    week.later(days=1)
    week.poll()
    gone, at = week.feed("gone, next_poll_at")
    assert gone
    assert timedelta(days=6) < at - week.now < timedelta(days=8)
    assert week.ask("SELECT health FROM feed_health WHERE feed_id = 'f'") == [("gone",)]
    week.later(days=8)
    week.poll(everything=False)
    assert week.feed("gone, failures") == (False, 0.0)
    assert week.last("state, change") == ("landed", "back after it was gone; answers again")


def test_a_feed_that_fails_for_long_is_probed_weekly_shown_and_revives_by_itself(
    week: Week,
) -> None:
    for _ in range(9):
        week.web.add(FEED, status=500)
    week.web.add(FEED, rss(1))
    waits = []
    for _ in range(9):
        week.poll(everything=False)
        (at,) = week.feed("next_poll_at")
        waits.append(at - week.now)
        week.now = at
    assert week.web.asked(FEED) == 9
    assert waits[0] < timedelta(hours=2)
    assert all(timedelta(days=6) < wait < timedelta(days=8) for wait in waits[-1:])
    assert week.ask("SELECT health, failed_polls FROM feed_health") == [("failing", 9)]
    week.now -= timedelta(days=1)
    week.poll(everything=False)
    assert week.web.asked(FEED) == 9  # not yet
    week.later(days=1)
    week.poll(everything=False)
    assert week.feed("failures, last_reason") == (0.0, None)


def test_a_poll_that_overlaps_nothing_before_it_is_recorded_and_shown_as_a_possible_gap(
    week: Week,
) -> None:
    # The last one shows an old entry again, which says nothing of what came in between.
    for guids in ((1, 2, 3), (3, 4, 5), (9, 10, 11), (11, 12), (1, 20, 21)):
        week.web.add(FEED, rss(*guids))
    gaps = []
    for _ in range(5):
        week.poll()
        gaps.append(week.last("possible_gap")[0])
        week.later(hours=1)
    assert gaps == [False, False, True, False, True]
    shown = week.ask("SELECT possible_gaps FROM feed_health")
    assert shown == [(2,)]


def test_a_password_in_a_link_is_kept_nowhere_in_the_tables(week: Week) -> None:
    secret = "https://reader:hunter2@paper.example/"
    item = f"<item><link>{secret}2</link><title>Ships sail</title></item></channel>"
    week.web.add(FEED, rss(1).replace(b"</channel>", item.encode()))
    week.poll()
    rows = week.ask("FROM entries") + week.ask("FROM pages") + week.ask("FROM feeds")
    assert "hunter2" not in repr(rows)
    assert ("https://paper.example/2",) in week.ask("SELECT link FROM entries")


@pytest.mark.slow
def test_an_entry_that_embeds_the_clock_is_not_new_for_ever(week: Week) -> None:
    for minute in range(27):
        text = f"<description>It is {minute} minutes past six</description>"
        week.web.add(FEED, rss(1).replace(b"</item>", text.encode() + b"</item>"))
    for _ in range(27):
        week.poll()
        week.later(hours=1)
    assert week.ask("SELECT changes FROM entries") == [(24,)]
    fates = week.ask(
        "SELECT landed, known FROM run_stages WHERE stage = 'entry' ORDER BY counted_at"
    )
    assert fates[-2:] == [(0, 1), (0, 1)]


def test_retry_after_and_the_headers_of_a_304_move_the_next_poll(week: Week) -> None:
    week.web.add(FEED, rss(1), headers=[("ETag", '"a"')])
    week.web.add(FEED, status=304, headers=[("Cache-Control", "max-age=40000")])
    week.web.add(FEED, status=429, headers=[("Retry-After", "90000")])
    waits = []
    for _ in range(3):
        week.poll()
        waits.append((week.feed("next_poll_at")[0] - week.now).total_seconds())
        week.later(hours=1)
    assert waits[0] < 5000
    assert 40_000 <= waits[1] <= 45_000
    assert 90_000 <= waits[2] <= 100_000


def test_large_answers_are_set_aside_on_the_disk_and_land_with_their_bytes(
    make_desk: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poll, "LARGE", 2_000)
    urls = [f"https://paper.example/{n}.xml" for n in range(4)]
    week = Week(make_desk([Listing(feed_id=f"f{n}", url=url) for n, url in enumerate(urls)]))
    for n, url in enumerate(urls):
        week.web.add(url, rss(*range(50 if n % 2 else 1)))
    week.poll()
    rows = week.ask("SELECT feed_id, state, new_entries, warc_file IS NULL FROM polls ORDER BY 1")
    assert rows == [(f"f{n}", "landed", 50 if n % 2 else 1, False) for n in range(4)]
    left = [path for path in week.desk.settings.data.iterdir() if path.name.startswith("tmp")]
    assert left == []


def test_many_feeds_before_their_pages_are_read_in_processes_and_come_out_the_same(
    week: Week, monkeypatch: pytest.MonkeyPatch
) -> None:
    week.web.add(FEED, rss(1, 2, 3))
    week.web.add(FEED, rss(1, 2, 3, 4))
    week.poll()
    columns = "guid, link, url, page_id, title, content_hash, state"
    here = week.ask(f"SELECT {columns} FROM entries ORDER BY guid")
    monkeypatch.setattr("flows.steps.poll._MANY", 1)
    monkeypatch.setattr("flows.steps.aside.read_all_cheaply", None)  # nobody reads in this process
    week.later(hours=2)
    week.poll(pages=True)
    assert week.last("state, new_entries, known_entries") == ("landed", 1, 3)
    assert week.ask(f"SELECT {columns} FROM entries WHERE guid <> 'g4' ORDER BY guid") == here
