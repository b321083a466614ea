"""Whatever fails in a source ends as a unit with a reason; the rest goes on, and a retry heals."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from standins.fill import articles, day, fill, past_desk
from standins.past import ADDRESSES, KINDS, Past
from standins.server import Reply

pytestmark = [pytest.mark.slow, pytest.mark.allow_hosts(ADDRESSES)]

CUT = Reply(b"<rss version='2.0'><channel>" + b" " * 5_000, content_type="text/xml", cut=20)
MALFORMED = Reply(b"<urlset><url><loc>http://", content_type="application/xml")
NO_GZIP = Reply(b"\x1f\x8b\x08\x00 this is none", content_type="application/gzip")
FAULTS = {
    "wordpress: 503": ("wordpress", "paged", "/feed/", Reply(b"", 503)),
    "archives: cut stream": ("archives", "paged", "/feed.atom", CUT),
    "sitemaps: malformed": ("sitemaps", "sitemaps", "/index.xml", MALFORMED),
    "sitemaps: wrong gzip": ("sitemaps", "sitemaps", "/sitemap-2023-09-11", NO_GZIP),
    "wayback: 503": (None, "wayback", "/archive/cdx", Reply(b"down", 503)),
    "ccnews: no files": (None, "ccnews", "warc.paths.gz", Reply(b"", 404)),
    "ccnews: empty listing": (None, "ccnews", "warc.paths.gz", Reply(gzip.compress(b"", mtime=0))),
    "ccnews: wrong gzip": (None, "ccnews", "/CC-NEWS-20230911", NO_GZIP),
}


@pytest.fixture
def past() -> Iterator[Past]:
    with Past(5, day(11), day(12), around=1) as made:
        yield made


@pytest.mark.parametrize("name", FAULTS)
def test_a_failure_is_a_unit_with_a_reason_and_the_rest_goes_on(
    name: str, past: Past, tmp_path: Path
) -> None:
    kind, source, part, reply = FAULTS[name]
    desk = past_desk(past, tmp_path / "data")
    where = past.services if kind is None else past.publishers[KINDS.index(kind)].site
    where.fail(part, reply, times=50)
    beside = "paged" if source != "paged" else "sitemaps"
    report = fill(desk, past.start, past.end, pages=False, sources=(source, beside))
    assert {unit.source for unit in report.failed} == {source}
    assert all(unit.reason and unit.detail for unit in report.failed)
    assert any(line.source == beside and line.done for line in report.sources)


def test_what_failed_is_done_by_the_same_command_again(past: Past, tmp_path: Path) -> None:
    desk = past_desk(past, tmp_path / "data")
    site = past.publishers[0].site
    site.fail("/feed/", Reply(b"", 404))
    asked = {"sources": ("paged",), "feeds": ("f_wordpress_0",)}
    assert fill(desk, past.start, past.end, **asked).failed
    assert articles(desk) == {}
    assert fill(desk, past.start, past.end, **asked).failed == ()
    wanted = {a: t for a, t in past.truth().items() if a.startswith(site.origin)}
    assert articles(desk) == wanted


def test_a_service_that_is_down_is_a_reason_and_the_rest_goes_on(
    past: Past, tmp_path: Path
) -> None:
    nobody = "http://127.0.0.1:9"
    desk = past_desk(past, tmp_path / "data", cdx_url=nobody, ccnews_url=nobody)
    asked = {"pages": False, "sources": ("paged", "wayback", "ccnews")}
    report = fill(desk, past.start, past.end, **asked)
    assert {unit.source for unit in report.failed} == {"wayback", "ccnews"}
    assert {unit.reason for unit in report.failed} == {"connect"}
    assert [line.source for line in report.sources if line.done] == ["paged"]
