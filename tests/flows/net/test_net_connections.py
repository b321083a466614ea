"""Connections kept open, names resolved by the system, and whatever bytes a server may say."""

from __future__ import annotations

import asyncio
import socket
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractors.records import Reason
from flows.net import connections
from flows.net.client import Client

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class _Counting:
    """A server of one kept connection after another, which may hang up on the second request."""

    def __init__(self, *, hangs_up=False):
        self.hangs_up = hangs_up
        self.connections = 0
        self.open = 0

    async def handle(self, reader, writer):
        self.connections += 1
        self.open += 1
        answered = 0
        while await reader.read(65_536):
            if self.hangs_up and answered:
                break
            writer.write(OK)
            answered += 1
        self.open -= 1
        writer.close()


async def _serve(counting, ask):
    server = await asyncio.start_server(counting.handle, "127.0.0.1", 0)
    try:
        return await ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()


async def _get(client, url):
    return await client.fetch(url, accept="page", robots=False)


def test_a_server_that_hung_up_on_an_idle_connection_is_asked_on_a_new_one(kit):
    counting = _Counting(hangs_up=True)

    async def ask(url):
        async with Client(kit.settings(), clock=lambda: kit.NOW) as client:
            return [await _get(client, url) for _ in range(4)]

    found = asyncio.run(_serve(counting, ask))
    assert [f.body for f in found] == [b"ok"] * 4
    assert counting.connections == 4


async def _open_at_most(counting, most):
    """How many are open, once the server has seen the others end."""
    for _ in range(500):
        if counting.open <= most:
            break
        await asyncio.sleep(0.01)
    return counting.open


def test_idle_connections_are_bounded_and_all_closed_in_the_end(kit, monkeypatch):
    monkeypatch.setattr(connections, "_KEPT", 5)
    counting = _Counting()

    async def ask(url):
        async with Client(kit.settings(), clock=lambda: kit.NOW) as client:
            await asyncio.gather(*(_get(client, url) for _ in range(30)))
            kept = await _open_at_most(counting, 5)
        return kept, await _open_at_most(counting, 0)

    kept, left = asyncio.run(_serve(counting, ask))
    assert kept <= 5
    assert left == 0


def test_a_connection_whose_answer_was_not_read_to_its_end_is_not_used_again(kit):
    counting = _Counting()

    async def ask(url):
        async with Client(kit.settings(), clock=lambda: kit.NOW) as client:
            small = await client.fetch(url, accept="page", robots=False, max_bytes=1)
            return small, await _get(client, url)

    small, after = asyncio.run(_serve(counting, ask))
    assert (small.reason, after.body) == (Reason.TOO_LARGE, b"ok")
    assert counting.connections == 2


def test_a_name_is_resolved_by_the_system_and_judged(kit):
    async def ask(url):
        named = url.replace("127.0.0.1", "localhost")
        async with Client(kit.settings(), clock=lambda: kit.NOW) as client:
            return await _get(client, named)

    assert asyncio.run(_serve(_Counting(), ask)).body == b"ok"


def test_a_lookup_that_hangs_keeps_neither_the_fetch_nor_the_end_of_the_run(kit, monkeypatch):
    over = threading.Event()

    def hangs(*args, **kwargs):
        over.wait(100)
        raise OSError(-2, "too late")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    started = time.monotonic()

    async def run():
        chosen = kit.settings(dns_s=0.1)
        async with Client(chosen, clock=lambda: kit.NOW) as client:
            many = (_get(client, f"http://h{n}.example/") for n in range(50))
            return await asyncio.gather(*many)

    found = asyncio.run(run())
    took = time.monotonic() - started
    over.set()
    assert {f.reason for f in found} <= {Reason.DNS, Reason.OFFLINE}
    assert took < 60


_HEADERS = st.lists(
    st.sampled_from(
        [
            b"Content-Length: 3",
            b"Content-Length: 99",
            b"Transfer-Encoding: chunked",
            b"Content-Encoding: gzip",
            b"Content-Encoding: br, zstd",
            b"Location: /next",
            b"Location: http://[::1",
            b"Retry-After: \xff\xfe",
            b"Connection: close",
            b"\xff: \x01",
            b"X: " + b"y" * 100,
        ]
    ),
    max_size=5,
)


@st.composite
def _replies(draw):
    """Nearly proper answers, and bytes that were never one."""
    if draw(st.booleans()):
        return draw(st.binary(max_size=200))
    status = draw(
        st.sampled_from([b"200 OK", b"301", b"304 X", b"404 \xff", b"99 Z", b"103 E", b"204"])
    )
    body = draw(st.binary(max_size=60) | st.just(b"3\r\nabc\r\n0\r\n\r\n"))
    return b"\r\n".join([b"HTTP/1.1 " + status, *draw(_HEADERS), b"", body])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_replies())
def test_whatever_a_server_says_comes_back_as_an_answer_or_a_reason(kit, reply):
    fetched = kit.play(kit.says(reply), settings=kit.settings(total_s=1.0, max_redirects=3))
    if fetched.reason is None:
        assert 200 <= fetched.status < 300
        assert fetched.body
        assert not fetched.detail
    else:
        assert fetched.detail
        assert "\n" not in fetched.detail


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"])
def test_a_server_that_always_breaks_off_is_asked_once_and_not_for_ever(kit, reply):
    async def run():
        async with (
            kit.serving(kit.says(reply)) as stage,
            Client(kit.settings(), clock=lambda: kit.NOW) as client,
        ):
            return await _get(client, stage.url()), stage.paths

    fetched, paths = asyncio.run(run())
    assert fetched.reason is Reason.PROTOCOL
    assert paths == ["/"]
