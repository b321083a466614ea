"""Feeds that go back page by page: WordPress, RFC 5005, JSON Feed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from standins import sites
from standins.drain import SEPTEMBER, Outcome, drain, utc
from standins.server import Reply, Services
from standins.sites import Archives, Post, WordPress

from extractors.records import Entry, Listing, Precision
from flows.sources.paged import PagedFeeds, behind, with_page


@pytest.fixture
def services() -> Iterator[Services]:
    with Services() as running:
        yield running


def posts(days: int = 60, first: int = 1) -> list[Post]:
    """A post a day at noon, from the first of August 2023."""
    start = utc(2023, 8, first, 12)
    return [
        Post(f"https://blog.example/{number}", f"Post {number}", start + timedelta(days=number))
        for number in range(days)
    ]


def in_window(all_posts: list[Post]) -> list[str]:
    return [post.link for post in all_posts if SEPTEMBER.contains(post.published)]


def read(services: Services, path: str, **options: object) -> Outcome:
    listing = Listing("f_blog", services.origin + path)
    return drain(lambda door: PagedFeeds(door, (listing,), **options))  # type: ignore[arg-type]


def test_a_wordpress_feed_is_followed_to_the_windows_edge_and_no_further(
    services: Services,
) -> None:
    services.mount("", WordPress(posts(), per_page=5))
    outcome = read(services, "/feed/")
    assert sorted(outcome.inside) == sorted(in_window(posts()))
    assert outcome.twice() == []
    assert outcome.failed == []
    # 60 posts back from 29 September: the window's start is on page 4, page 5 lies before it.
    assert services.asked == ["/feed/", *[f"/feed/?paged={n}" for n in (2, 3, 4, 5)]]


def test_what_the_pages_hold_beside_the_window_is_marked(services: Services) -> None:
    services.mount("", WordPress(posts(), per_page=5))
    outcome = read(services, "/feed/")
    assert len(outcome.outside) == 25 - 3
    assert not set(outcome.outside) & set(outcome.inside)


def test_a_sticky_post_on_every_page_does_not_end_the_way(services: Services) -> None:
    old = Post("https://blog.example/about", "About us", utc(2015, 1, 1))
    services.mount("", WordPress(posts(), per_page=5, sticky=old))
    outcome = read(services, "/feed/")
    assert sorted(set(outcome.inside)) == sorted(in_window(posts()))


def test_the_end_of_a_wordpress_feed_is_a_404_and_no_failure(services: Services) -> None:
    young = [post for post in posts() if post.published >= SEPTEMBER.start]
    services.mount("", WordPress(young, per_page=10))
    outcome = read(services, "/feed/")
    assert services.asked[-1] == "/feed/?paged=3"
    assert (outcome.failed, len(outcome.inside)) == ([], 3)


def test_a_site_that_ignores_the_page_number_is_asked_twice_at_most(services: Services) -> None:
    services.mount("", WordPress(posts()[50:], knows_pages=False))
    outcome = read(services, "/feed/")
    assert len(services.asked) == 2
    assert outcome.failed == []


@pytest.mark.parametrize("rel", ["prev-archive", "next"])
def test_rfc_5005_documents_are_followed_backwards(services: Services, rel: str) -> None:
    services.mount("", Archives(posts(), rel=rel, base=services.origin))
    outcome = read(services, "/feed.atom")
    assert sorted(outcome.inside) == sorted(in_window(posts()))
    assert outcome.twice() == []
    assert services.asked == ["/feed.atom", "/archive/1.atom", "/archive/2.atom"]


def test_archives_that_go_in_a_circle_end(services: Services) -> None:
    young = [post for post in posts() if post.published >= SEPTEMBER.start]
    services.mount("", Archives(young, rel="next", base=services.origin, loop=True))
    outcome = read(services, "/feed.atom")
    assert services.asked == ["/feed.atom", "/archive/1.atom", "/archive/0.atom"]
    assert sorted(set(outcome.inside)) == sorted(in_window(young))


def test_a_json_feed_is_followed_by_its_next_url(services: Services) -> None:
    def pages(path: str, query: str) -> Reply:
        number = int(query.removeprefix("page=") or 1)
        shown = sites.newest_first(posts())[(number - 1) * 10 : number * 10]
        items = [
            {
                "id": post.link,
                "url": post.link,
                "title": post.title,
                "content_text": "Text.",
                "date_published": post.published.isoformat(),
            }
            for post in shown
        ]
        body = {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "J",
            "next_url": f"{services.origin}/feed.json?page={number + 1}",
            "items": items,
        }
        return Reply(json.dumps(body).encode(), content_type="application/feed+json")

    services.mount("", pages)
    outcome = read(services, "/feed.json")
    assert sorted(outcome.inside) == sorted(in_window(posts()))
    assert len(services.asked) == 3


def test_a_feed_without_pages_gives_its_one_document(services: Services) -> None:
    services.mount("", Archives(posts(5, first=31), base=services.origin))
    assert len(read(services, "/feed.atom").found) == 5
    assert len(services.asked) == 1


def test_a_chain_that_never_reaches_the_window_is_given_up_with_a_reason(
    services: Services,
) -> None:
    endless = [Post(f"https://blog.example/{n}", "", utc(2024, 1, 1)) for n in range(500)]
    services.mount("", WordPress(endless))
    outcome = read(services, "/feed/", max_pages=5)
    assert outcome.reasons == ["limit"]
    assert len(services.asked) == 5


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Reply(b"", 500), "server_error"),
        (Reply(b"busy", 503, headers={"Retry-After": "90"}), "throttled"),
        (Reply(b"<rss><channel>" + b" " * 5000, cut=600), "protocol"),
        (Reply(b"<html>A page</html>", content_type="text/html"), "not_a_feed"),
        (Reply(b"\x1f\x8bwrong", headers={"Content-Encoding": "gzip"}), "protocol"),
        (Reply(b""), "empty"),
    ],
)
def test_a_page_that_cannot_be_read_is_a_failed_unit_and_what_came_before_counts(
    services: Services, answer: Reply, reason: str
) -> None:
    services.mount("", WordPress(posts(), per_page=5))
    services.fail("paged=4", answer)
    outcome = read(services, "/feed/")
    assert outcome.reasons == [reason]
    assert outcome.failed[0][0].level == 4
    assert len(outcome.found) == 15


def test_two_feeds_do_not_share_their_units(services: Services) -> None:
    services.mount("", WordPress(posts(3)))
    listings = (
        Listing("f_one", f"{services.origin}/feed/"),
        Listing("f_two", f"{services.origin}/feed/"),
    )
    outcome = drain(lambda door: PagedFeeds(door, listings))
    assert {one.feed_id for one in outcome.found} == {"f_one", "f_two"}


def test_undated_entries_never_end_the_way() -> None:
    undated = Entry("a", None, None)
    old = Entry("b", None, None, utc(2020, 1, 1), None, Precision.INSTANT)
    assert not behind((undated,), SEPTEMBER)
    assert behind((undated, old), SEPTEMBER)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://b.example/feed/", "https://b.example/feed/?paged=3"),
        ("https://b.example/?feed=rss2&paged=2#x", "https://b.example/?feed=rss2&paged=3"),
    ],
)
def test_a_page_number_takes_the_place_of_the_one_before(url: str, expected: str) -> None:
    assert with_page(url, 3) == expected
