"""The news archive of Common Crawl, played by a stand-in: files chosen by name, pages by host."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standins.drain import SEPTEMBER, Outcome, drain, utc
from standins.server import Reply, Services
from standins.warcs import FOLDER, CommonCrawl, Page, file_name, warc

from extractors.records import FeedKind, Listing, Reason
from flows.sources.base import UnitFailed, Window
from flows.sources.ccnews import CcNews, begun, choose, file_names

PAPER = Listing("f_paper", "https://www.paper.com/feed.xml", publisher="Paper", language="en")
LISTING = f"{FOLDER}/2023/09/warc.paths.gz"


@pytest.fixture
def services() -> Iterator[Services]:
    with Services() as running:
        yield running


@pytest.fixture
def crawl(services: Services) -> CommonCrawl:
    made = CommonCrawl()
    services.mount("/mirror", made)
    return made


def read(
    services: Services,
    base: str | None = None,
    feeds: tuple[Listing, ...] = (PAPER,),
    window: Window = SEPTEMBER,
) -> Outcome:
    place = base or f"{services.origin}/mirror"
    return drain(lambda door: CcNews(door, door, feeds, base_url=place), window)


def many(count: int, host: str = "elsewhere.com") -> list[Page]:
    return [Page(f"https://{host}/{number}") for number in range(count)]


def test_pages_of_the_feeds_hosts_come_out_of_the_windows_files(
    services: Services, crawl: CommonCrawl
) -> None:
    wanted = Page("https://www.paper.com/2023/09/13/talks?utm_source=x", b"<html>talks</html>")
    crawl.add("20230913060000", [*many(20), wanted, Page("https://world.paper.com/b"), wanted])
    crawl.add("20230901000000", [Page("https://www.paper.com/too-early-a-file")])
    crawl.add("20230920000000", [Page("https://www.paper.com/too-late-a-file")])
    outcome = read(services)
    assert outcome.failed == []
    assert outcome.inside == [
        "https://www.paper.com/2023/09/13/talks",
        "https://world.paper.com/b",
    ]
    page = outcome.found[0].page
    assert page is not None
    assert (page.body, page.fetched_at) == (wanted.body, utc(2023, 9, 13, 8))
    assert outcome.found[0].entry.published_at is None  # a capture is no publication
    assert services.count(".warc.gz") == 1
    assert [(one.unit.detail[8:16], one.reason) for one in outcome.left_out] == [
        ("20230901", Reason.OUTSIDE_WINDOW),
        ("20230920", Reason.OUTSIDE_WINDOW),
    ]


def test_what_is_known_to_lie_outside_is_marked_and_brings_no_page(
    services: Services, crawl: CommonCrawl
) -> None:
    pages = [
        Page("https://www.paper.com/2023/01/01/old"),
        Page("https://www.paper.com/captured-before", date="2023-09-11T23:59:59Z"),
        Page("https://www.paper.com/in"),
    ]
    crawl.add("20230911230000", pages)
    outcome = read(services)
    assert outcome.inside == ["https://www.paper.com/in"]
    assert len(outcome.outside) == 2


def test_other_answers_than_pages_are_left_out(services: Services, crawl: CommonCrawl) -> None:
    site = "https://www.paper.com"
    pages = [
        Page(f"{site}/gone", status="404 Not Found"),
        Page(f"{site}/moved", status="301 Moved", headers=(("Location", "/"),)),
        Page(f"{site}/logo.png", b"\x89PNG", content_type="image/png"),
        Page(f"{site}/empty", b" "),
        Page(f"{site}/bad", b"\x1f\x8b broken", headers=(("Content-Encoding", "gzip"),)),
        Page(f"{site}/good", gzip.compress(b"<p>x</p>"), headers=(("Content-Encoding", "gzip"),)),
    ]
    crawl.add("20230913000000", pages)
    outcome = read(services)
    assert outcome.inside == [f"{site}/good"]
    assert outcome.found[0].page is not None
    assert outcome.found[0].page.body == b"<p>x</p>"
    unreadable = {one.reason: one.count for one in outcome.passed}
    assert unreadable == {Reason.EMPTY: 1, Reason.UNPARSABLE: 1}


def test_a_folder_does_in_place_of_the_service(
    services: Services, crawl: CommonCrawl, tmp_path: Path
) -> None:
    crawl.add("20230913000000", [Page("https://www.paper.com/a")])
    for name, body in crawl.files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    for base in (str(tmp_path), tmp_path.as_uri()):
        outcome = read(services, base)
        assert outcome.inside == ["https://www.paper.com/a"]
    assert services.asked == []


def test_units_are_the_same_whatever_the_mirror_and_differ_by_the_hosts_wanted() -> None:
    def plan(*feeds: Listing, base: str = "https://mirror.com") -> set[str]:
        source = CcNews(None, None, feeds, base_url=base)  # type: ignore[arg-type]
        return {unit.unit_id for unit in source.plan(SEPTEMBER)}

    other = Listing("f_other", "https://other.com/feed")
    assert plan(PAPER) == plan(PAPER, base="/mnt/crawl")
    assert plan(PAPER).isdisjoint(plan(PAPER, other))
    assert plan() == set()


def test_the_months_of_a_window_at_a_months_edge_are_both_listed(
    services: Services, crawl: CommonCrawl
) -> None:
    crawl.add("20230831230000", [Page("https://www.paper.com/a", date="2023-09-01T00:10:00Z")])
    crawl.add("20230901010000", [Page("https://www.paper.com/b", date="2023-09-01T02:00:00Z")])
    outcome = read(services, window=Window(utc(2023, 9, 1), utc(2023, 9, 2)))
    assert sorted(outcome.inside) == ["https://www.paper.com/a", "https://www.paper.com/b"]


def test_finds_belong_to_rows_that_the_source_names(services: Services, crawl: CommonCrawl) -> None:
    crawl.add("20230913000000", [Page("https://www.paper.com/a")])
    source = CcNews(None, None, (PAPER,))  # type: ignore[arg-type]
    (row,) = source.listings()
    assert (row.kind, row.publisher) == (FeedKind.WARC, "Paper")
    assert [one.feed_id for one in read(services).found] == [row.feed_id]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Reply(b"", 404), "not_found"),
        (Reply(b"slow down", 503, headers={"Retry-After": "30"}), "throttled"),
        (Reply(b"<html>AccessDenied</html>", 403), "forbidden"),
        (Reply(gzip.compress(b"", mtime=0)), "empty"),
        (Reply(gzip.compress(b"crawl-data/CC-MAIN-2023-40/x.warc.gz\n", mtime=0)), "empty"),
        (Reply(b"<html>a page</html>"), "empty"),
        (Reply(gzip.compress(b"a" * 500, mtime=0)[:-12]), "unparsable"),
        (Reply(b"\x1f\x8bnot gzip"), "unparsable"),
        (Reply(gzip.compress(b"x" * 50_000, mtime=0), cut=20), "protocol"),
        (Reply(gzip.compress(b" " * 30_000_000, mtime=0)), "unparsable"),
    ],
)
def test_a_listing_that_names_nothing_is_a_failed_unit(
    services: Services, crawl: CommonCrawl, answer: Reply, reason: str
) -> None:
    services.fail("2023/09/warc.paths.gz", answer)
    outcome = read(services)
    assert outcome.reasons == [reason]
    assert outcome.failed[0][1].retry_after_s == (30 if reason == "throttled" else None)


def test_a_listing_leads_nowhere_but_into_the_archive() -> None:
    hostile = ["/etc/passwd", "file:///etc/passwd", "s3://other/CC-NEWS-20230913000000-0.warc.gz"]
    hostile += [f"{FOLDER}/../../../x/CC-NEWS-20230913000000-00000.warc.gz", f"{LISTING}"]
    hostile += [f"https://evil.example/{file_name('20230913000000')}"]
    assert isinstance(file_names("\n".join(hostile).encode()), UnitFailed)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_file_cut_on_the_way_fails_and_what_it_gave_counts(
    services: Services, crawl: CommonCrawl, part: float
) -> None:
    pages = [Page(f"https://www.paper.com/{n}", bytes(range(256)) * 40) for n in range(100)]
    name = crawl.add("20230913000000", pages)
    whole = crawl.files[name]
    services.fail(name, Reply(whole, cut=int(len(whole) * part)))
    outcome = read(services)
    assert outcome.reasons == ["protocol"]
    assert part * 100 - 5 <= len(outcome.found) <= part * 100 + 1


@pytest.mark.parametrize("host", ["www.paper.com", "elsewhere.com"])
@pytest.mark.parametrize("cut", [3, 40, 4_000])
def test_a_file_that_ends_too_early_fails_whoever_its_last_page_belongs_to(
    services: Services, crawl: CommonCrawl, host: str, cut: int
) -> None:
    name = crawl.add("20230913000000", many(50, host))
    crawl.files[name] = crawl.files[name][:-cut]
    outcome = read(services)
    assert outcome.reasons == ["unparsable"]
    assert (len(outcome.found) > 0) == (host == "www.paper.com")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"<html>no archive</html>" * 9, "unparsable"),
        (gzip.compress(b"not a warc" * 90, mtime=0), "unparsable"),
        (b"\x1f\x8bbroken", "unparsable"),
        (warc([]), "empty"),
    ],
    ids=["nothing", "a page", "gzip of something else", "no gzip", "an archive of nothing"],
)
def test_a_file_that_is_no_archive_fails_with_a_reason(
    services: Services, crawl: CommonCrawl, body: bytes, reason: str
) -> None:
    name = crawl.add("20230913000000", [])
    crawl.files[name] = body
    good = crawl.add("20230914000000", [Page("https://www.paper.com/good")])
    outcome = read(services)
    assert outcome.reasons == [reason]
    assert outcome.inside == ["https://www.paper.com/good"]
    assert services.count(good) == 1


@pytest.mark.parametrize("status", [500, 403, 404, 503])
def test_a_file_that_cannot_be_had_fails_and_the_rest_goes_on(
    services: Services, crawl: CommonCrawl, status: int
) -> None:
    name = crawl.add("20230913000000", [Page("https://www.paper.com/a")])
    crawl.add("20230914000000", [Page("https://www.paper.com/b")])
    services.fail(name, Reply(b"no", status))
    outcome = read(services)
    assert outcome.inside == ["https://www.paper.com/b"]
    assert len(outcome.reasons) == 1


WHOLE_MONTH = tuple(
    file_name(f"202309{day:02d}{hour:02d}0000") for day in range(1, 31) for hour in (0, 6, 12, 18)
)


def test_files_are_chosen_from_the_one_being_written_to_the_lags_end() -> None:
    window = Window(utc(2023, 9, 12, 3), utc(2023, 9, 13))
    chosen = [name[-24:-14] for name in choose(WHOLE_MONTH, window, timedelta(hours=12))]
    assert chosen[0] == begun_stamp(12, 0)
    assert chosen[-1] == begun_stamp(13, 6)
    assert len(chosen) == 6


def begun_stamp(day: int, hour: int) -> str:
    return file_name(f"202309{day:02d}{hour:02d}0000")[-24:-14]


def test_an_earlier_file_is_left_alone_when_it_was_closed_long_before() -> None:
    names = (file_name("20230901000000"), file_name("20230912060000"))
    assert choose(names, SEPTEMBER) == names[1:]


@settings(deadline=None)
@given(st.sets(st.datetimes(min_value=utc(2023, 8, 1).replace(tzinfo=None),
                            max_value=utc(2023, 10, 30).replace(tzinfo=None)), max_size=40),
       st.integers(0, 5))  # fmt: skip
def test_every_file_that_can_hold_the_window_is_chosen_and_none_far_from_it(
    moments: set[object], days: int
) -> None:
    names = tuple(sorted(file_name(f"{moment:%Y%m%d%H%M%S}") for moment in moments))
    lag = timedelta(days=days)
    chosen = choose(names, SEPTEMBER, lag)
    for name in names:
        moment = begun(name)
        assert moment is not None
        if SEPTEMBER.start <= moment < SEPTEMBER.end + lag:
            assert name in chosen
        if name in chosen:
            assert SEPTEMBER.start - timedelta(days=1) <= moment < SEPTEMBER.end + lag


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_listings_reader_raise(body: bytes) -> None:
    assert isinstance(file_names(body), tuple | UnitFailed)
    zipped = io.BytesIO()
    with gzip.open(zipped, "wb") as stream:
        stream.write(body)
    assert isinstance(file_names(zipped.getvalue()), tuple | UnitFailed)
