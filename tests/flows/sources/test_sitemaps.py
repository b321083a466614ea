"""Sitemaps of a stand-in site: what of the window is listed comes, whole files are passed over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from standins import sites
from standins.drain import SEPTEMBER, Outcome, drain, utc
from standins.server import Reply, Services

from extractors.records import FeedKind, Listing, Reason
from flows.sources.sitemaps import Sitemaps


@pytest.fixture
def services() -> Iterator[Services]:
    with Services() as running:
        yield running


@pytest.fixture
def site(services: Services) -> sites.Files:
    files = sites.Files()
    services.mount("", files)
    return files


def feed(services: Services, **changes: object) -> Listing:
    listing = Listing("f_paper", f"{services.origin}/feed.xml", publisher="Paper", language="en")
    return replace(listing, **changes)  # type: ignore[arg-type]


def read(services: Services, **options: object) -> Outcome:
    return drain(lambda door: Sitemaps(door, (feed(services),), **options))  # type: ignore[arg-type]


def test_robots_index_gzip_and_news_lead_to_the_pages_of_the_window(
    services: Services, site: sites.Files
) -> None:
    origin = services.origin
    site.add("/robots.txt", sites.robots(f"{origin}/index.xml", f"{origin}/news.xml"))
    files = [
        (f"{origin}/2023-09.xml.gz", None),
        (f"{origin}/2023-08.xml", None),
        (f"{origin}/old.xml", "2023-09-01"),
    ]
    site.add("/index.xml", sites.sitemap_index(files))
    inside = f"{origin}/2023/09/13/talks"
    pages = [
        (inside, "2023-09-14"),
        (f"{origin}/2023/09/02/before", None),
        (f"{origin}/long-ago", "2020-01-01"),
        (f"{origin}/undated", None),
    ]
    site.add("/2023-09.xml.gz", sites.zipped(sites.urlset(pages)))
    posts = [
        sites.Post(f"{origin}/n1", "Kim arrives", utc(2023, 9, 12, 23, 59)),
        sites.Post(f"{origin}/n2", "Too late", utc(2023, 9, 15)),
    ]
    site.add("/news.xml", sites.news_sitemap(posts))
    outcome = read(services)
    assert outcome.failed == []
    assert sorted(outcome.inside) == sorted([inside, f"{origin}/undated", f"{origin}/n1"])
    assert sorted(outcome.outside) == sorted(
        [f"{origin}/2023/09/02/before", f"{origin}/long-ago", f"{origin}/n2"]
    )
    assert outcome.twice() == []
    assert services.count("2023-08") == services.count("old.xml") == 0
    left = {one.unit.url: (one.reason, one.detail) for one in outcome.left_out}
    assert left == {
        f"{origin}/2023-08.xml": (
            Reason.OUTSIDE_WINDOW,
            "its name states a time outside the window",
        ),
        f"{origin}/old.xml": (
            Reason.OUTSIDE_WINDOW,
            "last changed on 2023-09-01, before the window",
        ),
    }
    title = {one.entry.link: one.entry.title for one in outcome.found}
    assert title[f"{origin}/n1"] == "Kim arrives"


def test_a_lastmod_is_a_change_and_never_a_publication(
    services: Services, site: sites.Files
) -> None:
    site.add("/sitemap.xml", sites.urlset([(f"{services.origin}/a", "2023-09-13")]))
    entry = read(services).found[0].entry
    assert entry.published_at is None
    assert entry.modified_at == utc(2023, 9, 13)


def test_finds_belong_to_a_row_that_the_source_names(services: Services, site: sites.Files) -> None:
    site.add("/sitemap.xml", sites.urlset([(f"{services.origin}/a", None)]))
    source: list[Sitemaps] = []

    def make(door: object) -> Sitemaps:
        source.append(Sitemaps(door, (feed(services),)))  # type: ignore[arg-type]
        return source[0]

    outcome = drain(make)
    (row,) = source[0].listings()
    assert outcome.found[0].feed_id == row.feed_id
    assert (row.kind, row.publisher) == (FeedKind.SITEMAP, "Paper")


def test_without_robots_the_usual_place_is_tried_and_its_absence_is_no_failure(
    services: Services, site: sites.Files
) -> None:
    outcome = read(services)
    assert services.asked == ["/robots.txt", "/sitemap.xml"]
    assert outcome.failed == []
    assert [(unit.url, end.reason) for unit, end in outcome.skipped] == [
        (f"{services.origin}/sitemap.xml", Reason.NOT_FOUND)
    ]


def test_of_thousands_of_files_outside_the_first_are_named_and_the_rest_counted(
    services: Services, site: sites.Files
) -> None:
    files = [(f"{services.origin}/{number}.xml", "2020-01-01") for number in range(3000)]
    site.add("/sitemap.xml", sites.sitemap_index(files))
    outcome = read(services)
    assert len(outcome.left_out) + sum(one.count for one in outcome.passed) == 3000
    assert 0 < len(outcome.left_out) < 1000


def test_a_sitemap_listed_by_its_owner_is_read_as_it_stands(
    services: Services, site: sites.Files
) -> None:
    site.add("/mine.xml", sites.urlset([(f"{services.origin}/a", None)]))
    own = feed(services, url=f"{services.origin}/mine.xml", kind=FeedKind.SITEMAP)
    outcome = drain(lambda door: Sitemaps(door, (own,)))
    assert outcome.inside == [f"{services.origin}/a"]
    assert outcome.found[0].feed_id == "f_paper"


def test_pages_of_other_sites_are_passed_over(services: Services, site: sites.Files) -> None:
    pages = [(f"{services.origin}/a", None), ("https://elsewhere.example/b", None)]
    site.add("/sitemap.xml", sites.urlset(pages))
    outcome = read(services)
    assert outcome.inside == [f"{services.origin}/a"]
    assert [(one.count, one.reason) for one in outcome.passed] == [(1, Reason.BAD_URL)]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Reply(b"", 500), "server_error"),
        (Reply(b"busy", 503, headers={"Retry-After": "120"}), "throttled"),
        (Reply(b"<urlset><url><loc>", content_type="text/xml"), "unparsable"),
        (Reply(sites.urlset([("/a", None)]) * 9, cut=300), "protocol"),
        (Reply(sites.zipped(b"<urlset></urlset>")[:20]), "unparsable"),
        (Reply(b"<html>Welcome</html>", content_type="text/html"), "unparsable"),
        (Reply(b""), "empty"),
        (Reply(sites.zipped(b"<urlset>" + b" " * 60_000_000)), "too_large"),
    ],
)
def test_what_goes_wrong_is_a_failed_unit_with_a_reason_and_the_rest_goes_on(
    services: Services, site: sites.Files, answer: Reply, reason: str
) -> None:
    origin = services.origin
    site.add("/robots.txt", sites.robots(f"{origin}/broken.xml", f"{origin}/good.xml"))
    site.files["/broken.xml"] = answer
    site.add("/good.xml", sites.urlset([(f"{origin}/good", None)]))
    outcome = read(services)
    assert outcome.reasons == [reason]
    assert f"{origin}/good" in outcome.inside
    assert outcome.failed[0][1].retry_after_s == (120 if reason == "throttled" else None)


def test_a_robots_that_cannot_be_had_now_is_a_failure(
    services: Services, site: sites.Files
) -> None:
    services.fail("/robots.txt", Reply(b"", 502))
    assert read(services).reasons == ["server_error"]


def test_indexes_that_lead_back_to_themselves_end(services: Services, site: sites.Files) -> None:
    origin = services.origin
    loop = sites.sitemap_index([(f"{origin}/sitemap.xml", None), (f"{origin}/b.xml", None)])
    site.add("/robots.txt", sites.robots(f"{origin}/sitemap.xml"))
    site.add("/sitemap.xml", loop)
    site.add("/b.xml", loop)
    read(services)
    assert services.asked.count("/sitemap.xml") == services.asked.count("/b.xml") == 1


def test_indexes_nested_without_end_stop_at_a_depth(services: Services) -> None:
    def deeper(path: str, query: str) -> Reply:
        if path == "/robots.txt":
            return Reply(sites.robots(f"{services.origin}/i/1.xml"))
        number = int(path.rsplit("/", maxsplit=1)[-1].removesuffix(".xml"))
        return Reply(sites.sitemap_index([(f"{services.origin}/i/{number + 1}.xml", None)]))

    services.mount("", deeper)
    outcome = read(services, max_depth=3)
    assert outcome.reasons == ["limit"]
    assert len(services.asked) == 4


def test_a_tree_that_branches_without_end_gives_a_bounded_number_of_files(
    services: Services,
) -> None:
    def bushy(path: str, query: str) -> Reply:
        if path == "/robots.txt":
            return Reply(sites.robots(f"{services.origin}/i.xml"))
        stem = path.removesuffix(".xml")
        files = [(f"{services.origin}{stem}/{branch}.xml", None) for branch in range(20)]
        return Reply(sites.sitemap_index(files))

    services.mount("", bushy)
    outcome = read(services, max_files=100)
    assert len(services.asked) <= 102
    assert set(outcome.reasons) == {"limit"}


def test_a_plan_asks_nobody_and_is_the_same_every_time(services: Services) -> None:
    source = Sitemaps(None, (feed(services),))  # type: ignore[arg-type]
    assert source.plan(SEPTEMBER) == source.plan(SEPTEMBER)
    assert [unit.lists for unit in source.plan(SEPTEMBER)] == [True]
    assert services.asked == []
