"""robots.txt: what each answer allows, how long it is remembered, and what it slows down."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.records import Fetched, Reason
from flows.net.addresses import Refusal, read_url
from flows.net.client import Client
from flows.net.limits import NetSettings
from flows.net.politeness import Politeness
from flows.net.robots import MAX_BYTES, Robots, Rules, read_robots
from flows.net.statuses import reason_of_status

URL = "https://news.example/politics/1?page=2"


def _answer(body=b"", status=200, reason=None):
    found = reason or (reason_of_status(status) if status else None)
    return Fetched("r", "r", status, body=body, reason=found, detail="HTTP x" if found else "")


def _judge(body=b"", status=200, reason=None, url=URL, robot="Duckwire"):
    refusal = read_robots(_answer(body, status, reason), robot).judge(url, robot)
    return refusal.reason if refusal is not None else None


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", None),
        (b"User-agent: *\nDisallow:\n", None),
        (b"User-agent: *\nDisallow: /\n", Reason.ROBOTS),
        (b"User-agent: *\nDisallow: /politics\n", Reason.ROBOTS),
        (b"User-agent: *\nDisallow: /sport\n", None),
        (b"User-agent: *\nDisallow: /\nAllow: /politics/\n", None),
        (b"User-agent: *\nDisallow: /*?page=\n", Reason.ROBOTS),
        (b"User-agent: duckwire\nDisallow: /\n\nUser-agent: *\nAllow: /\n", Reason.ROBOTS),
        (b"User-agent: *\nDisallow: /\n\nUser-agent: Duckwire\nAllow: /\n", None),
        (b"\xef\xbb\xbfUser-agent: *\r\nDisallow: /\r\n", Reason.ROBOTS),
        (b"<html><body>no robots here</body></html>", None),
        (b"\xff\xfe\x00\x01" * 100, None),
    ],
)
def test_rules_are_read_as_the_rfc_reads_them(body, reason):
    assert _judge(body) is reason


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 418, 451])
def test_4xx_means_that_there_are_no_rules(status):
    assert _judge(status=status) is None


@pytest.mark.parametrize("status", [429, 500, 502, 503, 599])
def test_5xx_and_429_mean_not_now(status):
    assert _judge(status=status) is Reason.ROBOTS_UNREACHABLE


@pytest.mark.parametrize("reason", [Reason.DNS, Reason.CONNECT, Reason.TLS, Reason.TIMEOUT])
def test_a_failed_connection_keeps_its_own_reason(reason):
    assert _judge(status=None, reason=reason) is reason


def test_too_many_redirects_mean_that_there_are_no_rules():
    assert _judge(status=None, reason=Reason.REDIRECTS) is None


def test_what_lies_behind_the_bound_is_not_read():
    filler = b"# filler\n" * (MAX_BYTES // 9 + 1)
    assert _judge(b"User-agent: *\n" + filler + b"Disallow: /\n") is None


@pytest.mark.parametrize(
    ("body", "delay"),
    [
        (b"User-agent: *\nCrawl-delay: 7\n", 7.0),
        (b"User-agent: *\nCrawl-delay: 0.5\n", 0.5),
        (b"User-agent: *\nRequest-rate: 1/15s\n", 15.0),
        (b"User-agent: *\nCrawl-delay: 7\nRequest-rate: 1/15s\n", 15.0),
        (b"User-agent: other\nCrawl-delay: 7\n", 0.0),
        (b"User-agent: *\nCrawl-delay: soon\n", 0.0),
        (b"User-agent: *\nCrawl-delay: -3\n", 0.0),
        (b"User-agent: *\nCrawl-delay: nan\n", 0.0),
    ],
)
def test_the_longer_of_crawl_delay_and_request_rate_is_the_pace(body, delay):
    assert read_robots(_answer(body), "Duckwire").delay_s == delay


_LINES = st.lists(
    st.one_of(
        st.text(max_size=40),
        st.builds(
            "{}: {}".format,
            st.sampled_from(["User-agent", "Allow", "Disallow", "Crawl-delay", "Request-rate"]),
            st.text(st.sampled_from("/*$a%0é.:1-"), max_size=20),
        ),
    ),
    max_size=20,
)


@given(_LINES.map("\n".join), st.binary(max_size=50))
def test_no_robots_txt_whatsoever_raises(text, tail):
    body = text.encode("utf-8", "surrogatepass") + tail
    assert _judge(body) in (None, Reason.ROBOTS, Reason.ROBOTS_UNREACHABLE)


class _Site:
    """Answers for robots.txt in turn, the last one repeating; a clock that the test moves."""

    def __init__(self, kit, *answers):
        self.now = kit.NOW
        self.answers = list(answers)
        self.asked = []
        self.slowed = []
        self.robots = Robots(
            self._fetch,
            "Duckwire",
            clock=lambda: self.now,
            slow_down=lambda host, seconds: self.slowed.append((host, seconds)),
        )

    async def _fetch(self, url):
        self.asked.append(url)
        await asyncio.sleep(0)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def judge(self, url=URL):
        return await self.robots.judge(read_url(url, NetSettings()))


def test_an_origin_is_asked_once_a_day_however_many_pages_are_wanted(kit):
    site = _Site(kit, _answer(b"User-agent: *\nCrawl-delay: 3\nDisallow: /x\n"))

    async def run():
        await asyncio.gather(*(site.judge() for _ in range(10)))
        site.now += timedelta(hours=23)
        await site.judge()
        assert site.asked == ["https://news.example/robots.txt"]
        site.now += timedelta(hours=2)
        await site.judge()

    asyncio.run(run())
    assert len(site.asked) == 2
    assert site.slowed[0] == ("news.example", 3.0)


def test_each_origin_has_rules_of_its_own(kit):
    site = _Site(kit, _answer(b""))

    async def run():
        for url in ("http://news.example/", "https://news.example:8443/", "https://b.example/?x"):
            await site.judge(url)

    asyncio.run(run())
    assert site.asked == [
        "http://news.example/robots.txt",
        "https://news.example:8443/robots.txt",
        "https://b.example/robots.txt",
    ]


def test_not_now_is_forgotten_after_ten_minutes(kit):
    site = _Site(kit, _answer(status=503), _answer(status=404))

    async def run():
        first = await site.judge()
        site.now += timedelta(minutes=9)
        second = await site.judge()
        site.now += timedelta(minutes=2)
        return first, second, await site.judge()

    first, second, third = asyncio.run(run())
    assert isinstance(first, Refusal)
    assert first == second
    assert third is None


def test_a_caller_that_gives_up_takes_nobody_with_it(kit):
    site = _Site(kit, _answer(b"User-agent: *\nDisallow: /\n"))

    async def run():
        first = asyncio.create_task(site.judge())
        second = asyncio.create_task(site.judge())
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(run()) == Refusal(Reason.ROBOTS, "robots.txt of that site says no")


def test_rules_without_anything_allow_everything():
    assert Rules().judge(URL, "Duckwire") is None


async def _two_sites(request, writer):
    path = request.split(b" ")[1]
    bodies = {
        b"/robots.txt": b"User-agent: *\nDisallow: /closed\nCrawl-delay: 2\n",
        b"/open": b"read me",
    }
    if path == b"/away":
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /closed\r\nContent-Length: 0\r\n\r\n")
        return
    body = bodies.get(path, b"never")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def test_pages_are_asked_only_where_robots_txt_allows_and_feeds_anyway(kit):
    async def run():
        async with (
            kit.serving(_two_sites) as stage,
            Client(kit.settings(), clock=lambda: kit.NOW) as client,
        ):
            page = {"accept": "page", "robots": True}
            found = [
                await client.fetch(stage.url("/open"), **page),
                await client.fetch(stage.url("/closed"), **page),
                await client.fetch(stage.url("/away"), **page),
                await client.fetch(stage.url("/closed"), accept="feed", robots=False),
            ]
            return found, stage.paths

    found, paths = asyncio.run(run())
    assert [f.reason for f in found] == [None, Reason.ROBOTS, Reason.ROBOTS, None]
    assert paths == ["/robots.txt", "/open", "/away", "/closed"]


def test_a_robots_txt_over_the_bound_is_read_as_far_as_the_bound(kit):
    heads = []

    async def play(request, writer):
        heads.append(request)
        if request.startswith(b"GET /robots.txt "):
            body = b"User-agent: *\nDisallow: /closed\n" + b"# more and more\n" * 100_000
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        else:
            await _two_sites(request, writer)

    assert kit.play(play, "/closed", robots=True).reason is Reason.ROBOTS
    # Packed, it could not be cut at the bound and still be read.
    assert b"\r\nAccept-Encoding: identity\r\n" in heads[0]


def test_robots_txt_can_be_left_out_altogether_by_setting(kit):
    fetched = kit.play(_two_sites, "/closed", kit.settings(robots=False), robots=True)
    assert fetched.reason is None


def test_a_crawl_delay_reaches_the_pace_of_its_host(kit):
    class Noting(Politeness):
        @asynccontextmanager
        async def slot(self, host, *, exempt=False):
            async with super().slot(host, exempt=exempt):
                starts.append(time.now())
                yield

    starts = []
    time = kit.FakeTime()
    settings = kit.settings(pace_allowed=True, total_s=60)
    polite = Noting(settings, now=time.now, sleep=time.sleep)

    async def run():
        async with (
            kit.serving(_two_sites) as stage,
            Client(settings, clock=lambda: kit.NOW, politeness=polite) as client,
        ):
            page = {"accept": "page", "robots": True}
            await time.run(*(client.fetch(stage.url("/open"), **page) for _ in range(3)))

    asyncio.run(run())
    assert [later - earlier for earlier, later in pairwise(starts)] == [2.0, 2.0, 2.0]
