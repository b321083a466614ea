"""Servers that keep our processor busy without sending anything worth having."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
import tracemalloc
from pathlib import Path

import h2.config
import h2.connection
import h2.events
import pytest

from extractors.records import Reason
from flows.net import wire
from flows.net.client import Client
from flows.net.wire import LargePlace, LargePlaces

PEM = Path(__file__).with_name("loopback.pem")
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
PING = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + bytes(8)
EMPTY_DATA = b"\x00\x00\x00\x00\x00\x00\x00\x00\x01"
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
# Far less than a request may take here, far more than any of these needs.
SECONDS, WHOLE_S = 60.0, 300.0


def _flood(head: bytes, piece: bytes):
    async def play(request, writer):
        writer.write(head)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)

    return play


@pytest.mark.parametrize(
    ("head", "piece", "reason"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, Reason.TOO_LARGE),
        (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000, Reason.TOO_LARGE),
        (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 1000, Reason.TOO_LARGE),
        (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 65_536, Reason.TOO_LARGE),
        (CHUNKED, b"1\r\nx\r\n" * 10_000, Reason.PROTOCOL),
        (CHUNKED, b"10\r\n0123456789abcdef\r\n" * 3_000, Reason.PROTOCOL),
        (CHUNKED + b"1;", b"e" * 65_536, Reason.TOO_LARGE),
        (CHUNKED, b"1;" + b"e" * 60_000 + b"\r\nx\r\n", Reason.PROTOCOL),
        (CHUNKED + b"0\r\n", b"T: y\r\n" * 1000, Reason.TOO_LARGE),
    ],
    ids=[
        "interim answers",
        "early hints",
        "headers",
        "one header",
        "chunks of a byte",
        "small chunks",
        "a chunk's extension",
        "long extensions",
        "trailers",
    ],
)
def test_a_flood_of_packaging_is_cut_long_before_the_whole_requests_bound(kit, head, piece, reason):
    started = time.monotonic()
    fetched = kit.play(_flood(head, piece), settings=kit.settings(total_s=WHOLE_S))
    assert fetched.reason is reason
    assert time.monotonic() - started < SECONDS


def test_a_body_in_chunks_of_an_ordinary_size_is_no_flood(kit):
    chunk = b"80\r\n" + b"x" * 128 + b"\r\n"
    body = CHUNKED + chunk * 20_000 + b"0\r\n\r\n"
    fetched = kit.play(kit.says(body), settings=kit.settings(total_s=60.0))
    assert (fetched.reason, len(fetched.body)) == (None, 20_000 * 128)


def test_many_large_bodies_at_once_fill_no_memory_and_all_arrive(kit):
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n"
    play = kit.says(head, *[bytes(100_000)] * 90)

    async def run():
        async def one(client, url):
            fetched = await client.fetch(url, accept="feed", robots=False)
            return fetched.reason, len(fetched.body)

        chosen = kit.settings(total_s=WHOLE_S, read_s=WHOLE_S)
        async with (
            kit.serving(play) as stage,
            Client(chosen, clock=lambda: kit.NOW) as client,
        ):
            tracemalloc.start()
            found = await asyncio.gather(*(one(client, stage.url()) for _ in range(30)))
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        return found, peak

    found, peak = asyncio.run(run())
    assert found == [(None, 9_000_000)] * 30
    assert peak < 150_000_000, peak


def test_waiting_for_a_place_is_not_charged_to_the_request(kit):
    async def run():
        places = LargePlaces(1)
        async with asyncio.timeout(60.0) as deadline:
            await places.acquire()
            asyncio.get_running_loop().call_later(0.3, places.release)
            due = deadline.when()
            with LargePlace(places, deadline) as place:
                await place.take()
                await place.take()
                moved = deadline.when() - due
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(places.acquire(), 0.05)
            await asyncio.wait_for(places.acquire(), 5.0)
            return moved

    assert 0.2 < asyncio.run(run()) < 60.0


class _Clock:
    """Time in which ordinary answers come in up to a moment; it moves only where it is waited."""

    def __init__(self, ordinary_until=0.0):
        self.now, self.places, self.until = 0.0, LargePlaces(1), ordinary_until

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        if self.now <= self.until:
            self.places.came()


@pytest.fixture
def clock(monkeypatch):
    def make(ordinary_until):
        made = _Clock(ordinary_until)
        monkeypatch.setattr(wire, "time", made)
        monkeypatch.setattr(wire, "asyncio", made)
        made.places.came()
        return made

    return make


@pytest.mark.parametrize(("until", "waited"), [(0.25, (1.2, 1.4)), (1000.0, (4.0, 4.0))])
def test_a_large_body_waits_while_ordinary_answers_come_in_but_not_for_ever(clock, until, waited):
    made = clock(until)
    asyncio.run(made.places.quiet(4.0))
    assert waited[0] - 1e-6 <= made.now <= waited[1] + 1e-6


def test_a_feed_of_middling_size_lets_ordinary_answers_go_first_but_needs_no_place(clock):
    made = clock(0.0)

    async def run():
        await made.places.acquire()  # and it stays taken
        due = asyncio.get_running_loop().time() + 3600.0
        async with asyncio.timeout_at(due) as deadline:
            with LargePlace(made.places, deadline, patience_s=0.5) as place:
                await place.give_way()
                waited = made.now
                await place.give_way()
            return waited, made.now, deadline.when() - due

    assert asyncio.run(run()) == pytest.approx((0.5, 0.5, 0.5))


def _over_http2(kit, flood: bytes, *, answered: bool):
    """Fetch from a server that answers (or not) and then repeats the same frames for ever."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(PEM)
    tls.set_alpn_protocols(["h2"])

    async def handle(reader, writer):
        side = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        side.initiate_connection()
        asked = False
        while not asked and (data := await reader.read(65_536)):
            events = side.receive_data(data)
            asked = any(isinstance(event, h2.events.RequestReceived) for event in events)
            if asked and answered:
                side.send_headers(1, [(":status", "200")])
            writer.write(side.data_to_send())
        with contextlib.suppress(OSError):
            while True:
                writer.write(flood * 500)
                await writer.drain()
                await asyncio.sleep(0)

    async def run():
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        chosen = kit.settings(total_s=WHOLE_S, read_s=WHOLE_S, ca_file=str(PEM))
        try:
            async with Client(chosen, clock=lambda: kit.NOW) as client:
                return await client.fetch(url, accept="feed", robots=False)
        finally:
            server.close()

    return asyncio.run(run())


@pytest.mark.parametrize("answered", [False, True], ids=["before the answer", "in the body"])
@pytest.mark.parametrize("frame", [PING, SETTINGS], ids=["ping", "settings"])
def test_a_flood_of_http2_frames_is_cut_long_before_the_whole_requests_bound(kit, frame, answered):
    started = time.monotonic()
    fetched = _over_http2(kit, frame, answered=answered)
    assert fetched.reason in (Reason.TOO_LARGE, Reason.PROTOCOL, Reason.TIMEOUT)
    assert time.monotonic() - started < SECONDS


def test_a_flood_of_empty_http2_data_is_cut(kit):
    started = time.monotonic()
    fetched = _over_http2(kit, EMPTY_DATA, answered=True)
    assert fetched.reason is Reason.PROTOCOL
    assert time.monotonic() - started < SECONDS
