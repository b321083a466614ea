"""Names are resolved once, judged, and connected to as judged. Nothing here leaves the process."""

from __future__ import annotations

import asyncio
import time

import pytest

from extractors.records import Reason
from flows.net.client import Client
from flows.net.connect import GuardedBackend
from flows.net.limits import NetSettings
from flows.net.outage import CUT_HOSTS, Outage, not_charged

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def _moved(to: str) -> bytes:
    return f"HTTP/1.1 301 Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def test_the_address_connected_to_is_the_one_that_was_judged(kit):
    resolver = kit.StubResolver({"news.example": [("8.8.8.8",)]})
    connector = kit.FakeConnector([OK])
    fetched = asyncio.run(kit.fetch_faked("http://news.example/", resolver, connector))
    assert fetched.body == b"ok"
    assert connector.dialled == ["8.8.8.8"]
    assert resolver.asked == ["news.example"]


@pytest.mark.parametrize(
    "answer",
    [
        ("127.0.0.1",),
        ("10.0.0.7", "192.168.0.1"),
        ("169.254.169.254",),
        ("::ffff:127.0.0.1",),
        ("64:ff9b::7f00:1",),
        ("fe80::1%2",),
        ("0.0.0.0",),
        ("224.0.0.1",),
        (),
    ],
)
def test_a_name_that_leads_to_a_closed_address_is_never_connected_to(kit, answer):
    connector = kit.FakeConnector([OK])
    resolver = kit.StubResolver({"evil.example": [answer]})
    fetched = asyncio.run(kit.fetch_faked("http://evil.example/", resolver, connector))
    assert fetched.reason is Reason.ADDRESS
    assert fetched.detail.startswith("evil.example ")
    assert connector.dialled == []


def test_of_a_mixed_answer_only_the_open_address_is_used(kit):
    connector = kit.FakeConnector([OK])
    resolver = kit.StubResolver({"mixed.example": [("10.0.0.1", "8.8.8.8", "::1")]})
    fetched = asyncio.run(kit.fetch_faked("http://mixed.example/", resolver, connector))
    assert fetched.body == b"ok"
    assert connector.dialled == ["8.8.8.8"]


def test_dns_rebinding_fails_because_each_connection_is_judged_anew(kit):
    resolver = kit.StubResolver({"rebind.example": [("8.8.8.8",), ("127.0.0.1",)]})
    connector = kit.FakeConnector([OK, OK])
    settings = NetSettings(pace_s=0.0)
    backend = GuardedBackend(settings, resolve=resolver, connector=connector)

    async def twice():
        async with Client(settings, clock=lambda: kit.NOW, transport=backend) as client:
            return [
                await client.fetch("http://rebind.example/", accept="page", robots=False)
                for _ in range(2)
            ]

    first, second = asyncio.run(twice())
    assert (first.reason, second.reason) == (None, Reason.ADDRESS)
    assert connector.dialled == ["8.8.8.8"]


def test_a_redirect_to_a_name_inside_is_stopped_at_its_address(kit):
    resolver = kit.StubResolver(
        {"out.example": [("8.8.8.8",)], "metadata.example": [("169.254.169.254",)]}
    )
    connector = kit.FakeConnector([_moved("http://metadata.example/latest/")])
    fetched = asyncio.run(kit.fetch_faked("http://out.example/", resolver, connector))
    assert fetched.reason is Reason.ADDRESS
    assert fetched.hops == ((301, "http://out.example/"),)
    assert fetched.final_url == "http://metadata.example/latest/"
    assert connector.dialled == ["8.8.8.8"]


def test_a_name_that_does_not_resolve_is_a_dns_failure(kit):
    fetched = asyncio.run(
        kit.fetch_faked("http://nowhere.example/", kit.StubResolver({}), kit.FakeConnector([]))
    )
    assert fetched.reason is Reason.DNS
    assert fetched.detail == "nowhere.example: Name or service not known"


def test_a_resolver_that_hangs_is_left_after_its_bound(kit):
    async def hangs(host, port):
        await asyncio.sleep(100)

    started = time.monotonic()
    fetched = asyncio.run(
        kit.fetch_faked(
            "http://slow.example/", hangs, kit.FakeConnector([]), NetSettings(dns_s=0.1)
        )
    )
    assert fetched.reason is Reason.DNS
    assert time.monotonic() - started < 60


def test_the_next_address_is_tried_when_one_refuses(kit):
    resolver = kit.StubResolver({"dual.example": [("2606:4700::1", "8.8.8.8")]})
    connector = kit.FakeConnector([OK], dead=frozenset({"2606:4700::1"}))
    fetched = asyncio.run(kit.fetch_faked("http://dual.example/", resolver, connector))
    assert fetched.body == b"ok"
    assert connector.dialled == ["2606:4700::1", "8.8.8.8"]


def test_an_address_that_hangs_does_not_hold_up_the_other_family(kit):
    resolver = kit.StubResolver({"dual.example": [("2606:4700::1", "2606:4700::2", "8.8.8.8")]})
    connector = kit.FakeConnector([OK], silent=frozenset({"2606:4700::1"}))
    patient = NetSettings(pace_s=0.0, connect_s=100.0, total_s=100.0)
    started = time.monotonic()
    fetched = asyncio.run(kit.fetch_faked("http://dual.example/", resolver, connector, patient))
    assert fetched.body == b"ok"
    assert connector.dialled == ["2606:4700::1", "8.8.8.8"]
    assert time.monotonic() - started < 60


def test_a_refused_connection_says_so_in_plain_words(kit):
    resolver = kit.StubResolver({"dead.example": [("8.8.8.8",)]})
    connector = kit.FakeConnector([], dead=frozenset({"8.8.8.8"}))
    fetched = asyncio.run(kit.fetch_faked("http://dead.example/", resolver, connector))
    assert (fetched.reason, fetched.detail) == (Reason.CONNECT, "the connection was refused")


def test_without_a_network_fifty_feeds_end_quickly_and_nobody_is_charged(kit):
    async def hangs(host, port):
        await asyncio.sleep(100)

    settings = NetSettings(dns_s=0.3)
    backend = GuardedBackend(settings, resolve=hangs, connector=kit.FakeConnector([]))

    async def poll_all():
        async with Client(settings, clock=lambda: kit.NOW, transport=backend) as client:
            at_once = asyncio.Semaphore(10)

            async def one(n):
                async with at_once:
                    url = f"https://feed{n}.example/rss"
                    return await client.fetch(url, accept="feed", robots=False)

            found = await asyncio.gather(*(one(n) for n in range(50)))
            return found, client.offline

    started = time.monotonic()
    found, offline = asyncio.run(poll_all())
    assert offline
    assert time.monotonic() - started < 60
    assert {f.reason for f in found} <= {Reason.DNS, Reason.OFFLINE}
    assert sum(f.reason is Reason.OFFLINE for f in found) >= 40
    assert {not_charged(f, offline=offline).reason for f in found} == {Reason.OFFLINE}


def test_after_the_outage_is_recognised_nobody_is_even_looked_up(kit):
    resolver = kit.StubResolver({})
    settings = NetSettings()
    backend = GuardedBackend(settings, resolve=resolver, connector=kit.FakeConnector([]))

    async def run():
        async with Client(settings, clock=lambda: kit.NOW, transport=backend) as client:
            for n in range(CUT_HOSTS + 20):
                await client.fetch(f"http://h{n}.example/", accept="page", robots=True)

    asyncio.run(run())
    assert len(resolver.asked) == CUT_HOSTS


def test_one_host_that_answers_shows_that_the_network_is_up():
    outage = Outage()
    outage.note("up.example", reached=True)
    for n in range(CUT_HOSTS - 2):
        outage.note(f"down{n}.example", reached=False)
    assert not outage.cut(0.0)
    assert not outage.offline


def test_most_of_many_hosts_failing_is_our_outage_though_some_answered_before_it():
    outage = Outage()
    for n in range(4):
        outage.note(f"up{n}.example", reached=True)
    for n in range(5):
        outage.note(f"down{n}.example", reached=False)
    assert outage.offline
    assert not outage.cut(0.0)


def test_a_few_hosts_that_all_fail_are_an_outage_and_two_are_not():
    outage = Outage()
    outage.note("a.example", reached=False)
    outage.note("a.example", reached=False)
    outage.note("b.example", reached=False)
    assert not outage.offline
    outage.note("c.example", reached=False)
    assert outage.offline


def test_while_cut_off_one_request_a_minute_looks_whether_it_is_over():
    outage = Outage()
    for n in range(CUT_HOSTS):
        outage.note(f"h{n}.example", reached=False)
    assert [outage.cut(t) for t in (0.0, 30.0, 61.0, 62.0, 130.0)] == [
        True,
        True,
        False,
        True,
        False,
    ]
    outage.note("h1.example", reached=True)
    assert not outage.cut(131.0)
