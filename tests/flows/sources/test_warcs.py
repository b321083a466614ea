"""Any WARC file: pages and feeds out of it, wherever it lies and however it ends."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standins import sites
from standins.drain import SEPTEMBER, Outcome, drain, open_door, utc
from standins.server import Reply, Services
from standins.warcs import Page, warc

from extractors.records import Fetched, Reason
from flows.sources.base import Found
from flows.sources.warc_records import Tally, Unpacked, WarcError, is_page, read_records
from flows.sources.warcs import Warcs, locate


@pytest.fixture
def services() -> Iterator[Services]:
    with Services() as running:
        yield running


def read(*files: str, base: str = "https://data.commoncrawl.org") -> Outcome:
    return drain(lambda door: Warcs(door, files, base_url=base))


FEED = b'<rss version="2.0"><channel><title>F</title>' + b"".join(
    sites.Post(f"https://paper.com/{day}", f"Day {day}", utc(2023, 9, day)).rss.encode()
    for day in (11, 13)
)
PAGES = [
    Page("https://paper.com/a?utm_source=x"),
    Page("https://elsewhere.com/b"),
    Page("https://paper.com/a", date="2023-09-14T00:00:00Z"),
    Page("https://paper.com/feed", FEED + b"</channel></rss>", content_type="application/rss+xml"),
]
WANTED = ["https://paper.com/a", "https://elsewhere.com/b", "https://paper.com/13"]


@pytest.mark.parametrize("zipped", [True, False])
def test_pages_of_every_host_and_entries_of_feeds_come_once(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "some.warc"
    path.write_bytes(warc(PAGES, zipped=zipped))
    outcome = read(str(path))
    assert outcome.failed == []
    assert outcome.inside == WANTED
    assert outcome.outside == ["https://paper.com/11"]
    assert outcome.twice() == []


def test_a_file_may_stand_on_the_web_or_in_a_bucket(services: Services, tmp_path: Path) -> None:
    services.mount("/m", sites.Files({"/x/a.warc.gz": Reply(warc(PAGES))}))
    for name in (f"{services.origin}/m/x/a.warc.gz", "s3://commoncrawl/x/a.warc.gz"):
        assert read(name, base=f"{services.origin}/m").inside == WANTED
    path = tmp_path / "a b.warc.gz"
    path.write_bytes(warc(PAGES))
    assert read(path.as_uri()).inside == WANTED


@pytest.mark.parametrize(
    ("name", "base", "place"),
    [
        ("s3://commoncrawl/a/b", "https://m.example/", "https://m.example/a/b"),
        ("s3://commoncrawl/a", "s3://commoncrawl", "https://data.commoncrawl.org/a"),
        ("s3://commoncrawl/a", "s3://mine/cc/", "https://mine.s3.amazonaws.com/cc/a"),
        ("s3://commoncrawl/a/b", "/mnt/cc", Path("/mnt/cc/a/b")),
        ("s3://commoncrawl/a", "file:///mnt/c%20c", Path("/mnt/c c/a")),
        ("s3://other/a/b", "/mnt/cc", "https://other.s3.amazonaws.com/a/b"),
        ("https://x.example/a", "/mnt/cc", "https://x.example/a"),
        ("dir/a.warc.gz", "/mnt/cc", Path("dir/a.warc.gz")),
    ],
)
def test_names_of_files_lead_to_places(name: str, base: str, place: str | Path) -> None:
    assert locate(name, base) == place


def test_a_file_that_is_not_there_fails_and_the_next_is_read(tmp_path: Path) -> None:
    path = tmp_path / "good.warc.gz"
    path.write_bytes(warc(PAGES[:1]))
    outcome = read(str(tmp_path / "missing.warc.gz"), str(path), str(tmp_path))
    assert outcome.reasons == ["unreadable", "unreadable"]
    assert len(outcome.inside) == 1


def records(body: bytes) -> tuple[list[Fetched], WarcError | None]:
    class Raw:
        left = body

        def read(self, size: int = -1, /) -> bytes:
            piece, self.left = self.left[:size], self.left[size:]
            return piece

    found: list[Fetched] = []
    try:
        every = read_records(Raw(), lambda url: True, is_page, Tally())
        found.extend(one for one in every if one is not None)
    except WarcError as error:
        return found, error
    return found, None


MANY = [Page(f"https://paper.com/{n}", b"<p>%d</p>" % n * 50) for n in range(8)]
WHOLE = warc(MANY)
MEMBERS = {0, *(at for at in range(1, len(WHOLE)) if WHOLE[at : at + 3] == b"\x1f\x8b\x08")}


@settings(deadline=None)
@given(st.integers(1, len(WHOLE) - 1))
def test_a_cut_anywhere_keeps_whole_pages_and_is_noticed(cut: int) -> None:
    found, error = records(WHOLE[:cut])
    assert [page.body for page in found] == [page.body for page in MANY[: len(found)]]
    if cut not in MEMBERS:
        assert error is not None
    elif error is not None:  # nothing but the file's own record and a request
        assert (error.reason, found) == (Reason.EMPTY, [])


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.binary(min_size=1, max_size=40))
def test_damage_anywhere_never_escapes(at: int, damage: bytes) -> None:
    records(WHOLE[:at] + damage + WHOLE[at + len(damage) :])


PLAIN = warc(MANY, zipped=False)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(PLAIN) - 1), st.binary(min_size=1, max_size=40))
def test_damage_to_a_plain_file_never_escapes(at: int, damage: bytes) -> None:
    records(PLAIN[:at] + damage + PLAIN[at + len(damage) :])


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_raise_anything_else(body: bytes) -> None:
    records(body)
    records(b"WARC/1.0\r\n" + body)


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\0\1 junk",
        b"<html>no head at all",
        b"HTTP/1.1 many OK\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000 + b"\r\n\r\nz",
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html",
    ],
)
def test_a_page_with_a_broken_head_is_left_out_and_the_next_is_read(head: bytes) -> None:
    record = (
        b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
        b"WARC-Date: 2023-09-13T00:00:00Z\r\nWARC-Target-URI: https://paper.com/bad\r\n"
        b"Content-Type: application/http; msgtype=response\r\n"
        b"Content-Length: %d\r\n\r\n%s\r\n\r\n" % (len(head), head)
    )
    found, error = records(gzip.compress(record) + WHOLE)
    assert error is None
    assert len(found) == len(MANY)


def test_what_unpacks_without_end_is_stopped() -> None:
    bomb = warc([Page("https://paper.com/a", b"\0" * 5_000_000)])

    class Raw:
        left = bomb

        def read(self, size: int = -1, /) -> bytes:
            piece, self.left = self.left[:size], self.left[size:]
            return piece

    stream = Unpacked(Raw(), limit=1_000_000)
    with pytest.raises(OSError, match="unpacked"):
        deque(iter(lambda: stream.read(65_536), b""), maxlen=0)


def test_leaving_in_the_middle_ends_the_thread_and_the_connection(services: Services) -> None:
    body = warc(Page(f"https://paper.com/{n}", bytes(range(256)) * 100) for n in range(2_000))
    services.mount("", sites.Files({"/a.warc.gz": Reply(body)}))

    async def run() -> int:
        async with open_door() as door:
            source = Warcs(door, (f"{services.origin}/a.warc.gz",))
            unit = source.plan(SEPTEMBER)[0]
            events = source.fetch(unit)
            seen = 0
            async for event in events:
                seen += isinstance(event, Found)
                if seen == 3:
                    break
            await events.aclose()
            return seen

    assert asyncio.run(run()) == 3


def test_a_reader_that_is_cancelled_does_not_wait_for_the_server(services: Services) -> None:
    """The head comes, and then less than it promised for as long as anybody would wait."""
    promised = {"Content-Length": "100000"}
    services.mount("", sites.Files({"/slow.warc.gz": Reply(WHOLE[:100], headers=promised)}))

    async def run() -> None:
        async with open_door(read_s=100.0, total_s=100.0) as door:
            source = Warcs(door, (f"{services.origin}/slow.warc.gz",))

            async def consume() -> None:
                async for _ in source.fetch(source.plan(SEPTEMBER)[0]):
                    pass

            task = asyncio.create_task(consume())
            await asyncio.sleep(0.3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    started = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - started < 60
