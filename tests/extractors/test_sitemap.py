"""Sitemaps as the protocol has them, as sites make them, and as attackers would."""

from __future__ import annotations

import gzip
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standins import sites

from extractors.records import Precision, Reason
from extractors.sitemap import MAX_URLS, Sitemap, named_spans, parse_sitemap, sitemaps_in_robots
from extractors.urls import clean_url

URL = "https://paper.example/sitemap.xml"


def read(body: bytes | str) -> Sitemap:
    return parse_sitemap(body.encode() if isinstance(body, str) else body, URL)


def locs(sitemap: Sitemap) -> list[str]:
    return [item.loc for item in sitemap.items]


def test_a_urlset_gives_its_pages_with_the_day_of_their_last_change() -> None:
    page = "https://paper.example/2023/09/13/summit?a=1&b=2"
    sitemap = read(sites.urlset([(page, "2023-09-13"), ("/relative", None)]))
    assert (sitemap.kind, sitemap.reason) == ("urlset", None)
    assert locs(sitemap) == [page, "https://paper.example/relative"]
    first, second = sitemap.items
    assert first.changed_at == datetime(2023, 9, 13, tzinfo=UTC)
    assert first.changed_precision is Precision.DAY
    assert second.changed_at is None


def test_a_news_sitemap_gives_publication_time_title_and_language() -> None:
    post = sites.Post(
        "https://paper.example/a", "Armoured train & toast", datetime(2023, 9, 13, 5, tzinfo=UTC)
    )
    item = read(sites.news_sitemap([post], "RU")).items[0]
    assert (item.title, item.language) == (post.title, "ru")
    assert (item.published_at, item.published_precision) == (post.published, Precision.INSTANT)


def test_an_index_gives_its_files_and_says_that_it_is_one() -> None:
    sitemap = read(sites.sitemap_index([(f"{URL}.1.gz", "2023-09-13T05:00:00+09:00")]))
    assert sitemap.kind == "index"
    assert sitemap.items[0].changed_at == datetime(2023, 9, 12, 20, tzinfo=UTC)


def test_gzip_is_undone_whatever_the_name_says_and_even_twice() -> None:
    plain = sites.urlset([("https://paper.example/a", None)] * 2)
    for body in (gzip.compress(plain), gzip.compress(gzip.compress(plain * 1))):
        assert locs(read(body)) == ["https://paper.example/a"]


def test_a_text_file_with_one_address_a_line_is_a_sitemap() -> None:
    sitemap = read("\ufeffhttps://paper.example/a\r\n\r\nhttps://paper.example/b\nnot an address\n")
    assert (sitemap.kind, sitemap.dropped) == ("urlset", 1)
    assert locs(sitemap) == ["https://paper.example/a", "https://paper.example/b"]


def test_a_feed_in_the_place_of_a_sitemap_is_handed_on_as_one() -> None:
    assert read('<?xml version="1.0"?><rss version="2.0"><channel/></rss>').kind == "feed"


def test_wrong_namespaces_and_prefixes_do_not_matter() -> None:
    body = (
        '<x:urlset xmlns:x="urn:wrong"><x:url><x:loc>https://paper.example/a</x:loc>'
        "</x:url></x:urlset>"
    )
    assert locs(read(body)) == ["https://paper.example/a"]


def test_the_addresses_of_pictures_and_videos_are_not_pages() -> None:
    body = (
        '<urlset xmlns:image="urn:i"><url><image:image><image:loc>https://paper.example/a.jpg'
        "</image:loc><image:title>A picture</image:title></image:image>"
        "<loc>https://paper.example/a</loc></url></urlset>"
    )
    item = read(body).items[0]
    assert (item.loc, item.title) == ("https://paper.example/a", None)


def test_a_file_cut_in_the_middle_keeps_what_came_before_and_says_so() -> None:
    whole = sites.urlset([(f"https://paper.example/{n}", None) for n in range(500)])
    sitemap = read(whole[: len(whole) // 2])
    assert sitemap.reason is Reason.UNPARSABLE
    assert 200 < len(sitemap.items) < 260


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", Reason.EMPTY),
        (b"  \n ", Reason.EMPTY),
        (b"<html><body>Not found</body></html>", Reason.UNPARSABLE),
        (b'{"error": 404}', Reason.UNPARSABLE),
        (gzip.compress(b"<urlset/>", mtime=0)[:-9], Reason.UNPARSABLE),
        (b"\x1f\x8b but no gzip", Reason.UNPARSABLE),
        (b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><urlset/>', Reason.UNPARSABLE),
    ],
)
def test_what_is_no_sitemap_has_a_reason(body: bytes, reason: Reason) -> None:
    sitemap = read(body)
    assert (sitemap.reason, sitemap.items) == (reason, ())


def test_an_entity_opens_no_file() -> None:
    body = (
        '<!DOCTYPE urlset [<!ENTITY f SYSTEM "file:///etc/hostname">]>'
        "<urlset><url><loc>https://paper.example/&f;</loc></url></urlset>"
    )
    assert read(body).items == ()


def test_no_more_than_the_protocols_addresses_are_read() -> None:
    many = [(f"https://paper.example/{n}", None) for n in range(MAX_URLS + 10)]
    sitemap = read(sites.urlset(many))
    assert len(sitemap.items) == MAX_URLS
    assert sitemap.reason is Reason.LIMIT


def test_a_bomb_stops_at_the_bound() -> None:
    bomb = gzip.compress(b"<urlset>" + b" " * 60_000_000)
    assert len(bomb) < 100_000
    assert read(bomb).reason is Reason.TOO_LARGE
    assert parse_sitemap(b"<urlset>" + b" " * 100, URL, max_bytes=50).reason is Reason.TOO_LARGE


def test_more_elements_than_an_honest_file_has_end_the_reading() -> None:
    body = b"<urlset><url>" + b"<a/>" * 50_000 + b"</url></urlset>"
    assert parse_sitemap(body, URL, max_urls=1_000).reason is Reason.LIMIT
    assert parse_sitemap(body, URL, max_urls=2_000).reason is None


# The peak of this program alone: getrusage would hand on what the parent had before it.
_ALONE = """
import re
from extractors.sitemap import parse_sitemap

def peak_kb():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])

body = b"<urlset><url>" + b"<a/>" * 2_500_000 + b"</url></urlset>"
before = peak_kb()
parse_sitemap(body, "https://paper.example/sitemap.xml")
print(peak_kb() - before)
"""


@pytest.mark.slow
def test_millions_of_small_elements_take_no_memory() -> None:
    """Built as a tree they would take some hundred bytes each. In a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", _ALONE], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(done.stdout) < 100_000  # kilobytes; the text itself is 10 MB, and is decoded


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_make_it_raise(body: bytes) -> None:
    for wrapped in (body, b"<urlset>" + body, b"<sitemapindex><sitemap><loc>" + body):
        sitemap = read(wrapped)
        assert sitemap.reason is not None or sitemap.kind


_PATHS = st.text(st.characters(codec="utf-8", categories=["L", "N"]), min_size=1, max_size=12)


@settings(max_examples=50, deadline=None)
@given(st.lists(_PATHS, unique=True, max_size=30), st.integers(0, 30), st.booleans())
def test_what_is_written_is_read_back_in_order_and_once(
    names: list[str], doubled: int, zipped: bool
) -> None:
    pages = [f"https://paper.example/{number}/{name}" for number, name in enumerate(names)]
    body = sites.urlset([(page, None) for page in pages + pages[:doubled]])
    sitemap = read(gzip.compress(body) if zipped else body)
    assert locs(sitemap) == [clean_url(page) for page in pages]
    assert sitemap.dropped == len(pages[:doubled])


def test_robots_txt_names_sitemaps_absolute_and_once() -> None:
    body = (
        b"\xef\xbb\xbfUser-agent: *\nDisallow: /\nSITEMAP : https://paper.example/a.xml\r\n"
        b"Sitemap: /b.xml\nSitemap: /b.xml\n# Sitemap: /no.xml\nSitemap: ftp://paper.example/c\n"
    )
    assert sitemaps_in_robots(body, "https://paper.example/robots.txt") == (
        "https://paper.example/a.xml",
        "https://paper.example/b.xml",
    )


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("/sitemap/2023/09/13.xml", (2023, 9, 13), (2023, 9, 14)),
        ("/posts-2023-09.xml.gz", (2023, 9, 1), (2023, 10, 1)),
        ("/map?yyyy=2023&mm=09&dd=13", (2023, 9, 13), (2023, 9, 14)),
        ("/sitemap-2023-september.xml", (2023, 9, 1), (2023, 10, 1)),
        ("/sitemap_2022.xml", (2022, 1, 1), (2023, 1, 1)),
        ("/archive-202312.xml", (2023, 12, 1), (2024, 1, 1)),
    ],
)
def test_a_files_name_may_state_its_span(
    name: str, first: tuple[int, int, int], last: tuple[int, int, int]
) -> None:
    (span,) = named_spans([f"https://paper.example{name}"])
    zones = timedelta(hours=14)  # a publisher's day may begin that far from UTC's
    assert span == (
        datetime(*first, tzinfo=UTC) - zones,
        datetime(*last, tzinfo=UTC) + zones,
    )


def test_running_numbers_are_not_taken_for_dates() -> None:
    numbered = [f"https://paper.example/sitemap-{n}.xml" for n in (1, 2, 500, 2017, 2018)]
    assert named_spans(numbered) == [None] * 5
    parts = [f"https://paper.example/sitemap-2023-{n}.xml" for n in (1, 10, 13)]
    spans = named_spans(parts)
    assert spans[1] is not None
    assert spans[1][1] - spans[1][0] > timedelta(days=360)  # the tenth part of a year
