"""What lies on this machine already: saved feeds, and the archive's bodies of feeds."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from standins.drain import SEPTEMBER, Outcome, drain, utc
from standins.sites import Post

from extractors.records import FeedKind, Fetched, Listing, Reason
from flows.sources.files import Files
from storage.archive import ArchiveWriter

PAPER = Listing("f_paper", "https://feeds.paper.com/world.xml", homepage="https://www.paper.com/")
OTHER = Listing("f_other", "https://other.com/feed")


def read(folder: Path | None = None, archive: Path | None = None) -> Outcome:
    folders = (folder,) if folder else ()
    return drain(lambda door: Files((PAPER, OTHER), folders, archive))


def issue(
    *posts: tuple[str, datetime], link: str = "https://www.paper.com/", self_: str = ""
) -> bytes:
    items = "".join(Post(f"https://www.paper.com/{slug}", slug, at).rss for slug, at in posts)
    named = (
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="{self_}"/>'
        if self_
        else ""
    )
    head = f'<rss version="2.0"><channel><title>P</title><link>{link}</link>{named}'
    return f"{head}{items}</channel></rss>".encode()


IN, BEFORE = utc(2023, 9, 13), utc(2023, 9, 1)


def test_saved_feeds_belong_to_the_listed_feed_that_they_are(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    own = issue(("by-link", IN), ("old", BEFORE))
    (tmp_path / "deep" / "a.xml").write_bytes(own)
    (tmp_path / "b.rss").write_bytes(
        issue(("by-self", IN), link="https://portal.com/", self_=OTHER.url)
    )
    (tmp_path / "c.atom").write_bytes(issue(("nobodys", IN), link="https://nobody.com/"))
    outcome = read(tmp_path)
    (row,) = Files((), (tmp_path,)).listings()
    assert row.kind is FeedKind.FILES
    assert {one.entry.title: one.feed_id for one in outcome.found} == {
        "by-link": "f_paper",
        "old": "f_paper",
        "by-self": "f_other",
        "nobodys": row.feed_id,
    }
    assert outcome.outside == ["https://www.paper.com/old"]
    assert outcome.failed == []


def test_other_files_are_left_alone_and_broken_feeds_fail(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_bytes(b"<html>")
    (tmp_path / ".hidden.xml").write_bytes(issue(("hidden", IN)))
    (tmp_path / "data.json").write_bytes(b'{"rows": []}')
    (tmp_path / "empty.xml").write_bytes(b"")
    (tmp_path / "good.xml").write_bytes(issue(("good", IN)))
    outcome = read(tmp_path)
    assert outcome.inside == ["https://www.paper.com/good"]
    assert [one.reason for one in outcome.passed] == [Reason.NOT_A_FEED]
    assert outcome.reasons == ["empty"]


def keep(archive: Path, at: datetime, url: str, body: bytes, kind: str = "text/xml") -> None:
    with ArchiveWriter(archive, f"run{at:%d%H%M}") as writer:
        writer.add(Fetched(url, url, 200, (("content-type", kind),), body, fetched_at=at), at)


def test_archived_bodies_of_feeds_are_old_issues(tmp_path: Path) -> None:
    keep(tmp_path, utc(2023, 9, 13), PAPER.url, issue(("first", IN), ("before", BEFORE)))
    keep(tmp_path, utc(2023, 9, 16), PAPER.url, issue(("first", IN), ("second", IN)))
    keep(tmp_path, utc(2023, 9, 25), PAPER.url, issue(("too-late-an-issue", IN)))
    keep(tmp_path, utc(2023, 9, 5), PAPER.url, issue(("too-early-an-issue", IN)))
    keep(tmp_path, utc(2023, 7, 5), PAPER.url, issue(("another-month", IN)))
    keep(tmp_path, utc(2023, 9, 13), "https://www.paper.com/page", b"<p>x</p>", "text/html")
    keep(tmp_path, utc(2023, 9, 13), "https://stranger.com/feed", issue(("strange", IN)))
    outcome = read(archive=tmp_path)
    assert sorted(set(outcome.inside)) == [
        "https://www.paper.com/first",
        "https://www.paper.com/second",
    ]
    assert outcome.outside == ["https://www.paper.com/before"]
    assert {one.feed_id for one in outcome.found} == {"f_paper"}
    assert not any("2023/07" in unit.url for unit in outcome.units)
    assert outcome.failed == []


def test_a_listed_feed_sent_as_a_web_page_is_a_feed_all_the_same(tmp_path: Path) -> None:
    keep(tmp_path, utc(2023, 9, 13), PAPER.url, issue(("a", IN)), "text/html")
    assert read(archive=tmp_path).inside == ["https://www.paper.com/a"]


def test_an_article_of_many_issues_in_one_segment_comes_once(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path, "run") as writer:
        for hour in range(10):
            at = utc(2023, 9, 13, hour)
            body = issue(("same", IN), (f"h{hour}", IN))
            headers = (("content-type", "text/xml"),)
            writer.add(Fetched(PAPER.url, PAPER.url, 200, headers, body, fetched_at=at), at)
    outcome = read(archive=tmp_path)
    assert len(outcome.inside) == 11
    assert outcome.twice() == []


def test_a_torn_segment_fails_and_what_came_before_counts(tmp_path: Path) -> None:
    keep(tmp_path, utc(2023, 9, 13), PAPER.url, issue(("a", IN)))
    (segment,) = tmp_path.rglob("*.warc.gz")
    whole = segment.read_bytes()
    segment.write_bytes(whole + whole[:-20])
    outcome = read(archive=tmp_path)
    assert outcome.inside == ["https://www.paper.com/a"]
    assert outcome.reasons == ["unparsable"]


def test_a_file_that_changed_is_another_unit(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(issue(("a", IN)))
    source = Files((PAPER,), (tmp_path,))
    first = source.plan(SEPTEMBER)
    assert source.plan(SEPTEMBER) == first
    (tmp_path / "a.xml").write_bytes(issue(("a", IN), ("b", IN)))
    assert source.plan(SEPTEMBER)[0].unit_id != first[0].unit_id


def test_no_archive_and_no_folder_give_nothing(tmp_path: Path) -> None:
    source = Files((PAPER,), (tmp_path / "missing",), tmp_path / "nothing", timedelta(days=400))
    assert source.plan(SEPTEMBER) == []
