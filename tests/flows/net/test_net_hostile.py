"""Servers that do what they should not; each ends as a reason, in time and within memory."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import ssl
import time
import tracemalloc
import zlib
from pathlib import Path

import brotli
import h2.config
import h2.connection
import h2.events
import pytest
import zstandard

from extractors.records import Reason
from flows.net.client import Client

PEM = Path(__file__).with_name("loopback.pem")
ZEROS = bytes(40_000_000)
BOMBS = {
    "gzip": gzip.compress(ZEROS, mtime=0),
    "deflate": zlib.compress(ZEROS),
    "br": brotli.compress(ZEROS, quality=5),
    "zstd": zstandard.compress(ZEROS),
    "gzip, gzip": gzip.compress(gzip.compress(ZEROS, mtime=0), mtime=0),
    "zstd, br": brotli.compress(zstandard.compress(ZEROS)),
}


def _drips(head: bytes, drop: bytes):
    async def play(request, writer):
        writer.write(head)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.02)

    return play


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
        (b"", b"\r\n"),
    ],
    ids=["body", "chunks", "headers", "early hints", "empty lines"],
)
def test_a_server_that_drips_is_cut_at_the_whole_requests_bound(kit, head, drop):
    started = time.monotonic()
    fetched = kit.play(_drips(head, drop), settings=kit.settings(total_s=0.4))
    assert fetched.reason in (Reason.TIMEOUT, Reason.PROTOCOL)
    assert time.monotonic() - started < 50  # each read may take longer than that


def test_a_server_that_says_nothing_is_left_after_the_read_bound(kit):
    async def silent(request, writer):
        await asyncio.sleep(5)

    fetched = kit.play(silent, settings=kit.settings(read_s=0.2))
    assert fetched.reason is Reason.TIMEOUT
    assert fetched.detail == "nothing came for 0.2 s"


def test_a_body_declared_too_large_is_not_even_read(kit):
    fetched = kit.play(
        kit.says(b"HTTP/1.1 200 OK\r\nContent-Length: 10000001\r\n\r\n"),
    )
    assert fetched.reason is Reason.TOO_LARGE
    assert fetched.body == b""
    assert fetched.status == 200


def test_a_body_without_end_stops_at_the_bound_without_filling_memory(kit):
    async def endless(request, writer):
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65_536)
            await writer.drain()

    tracemalloc.start()
    fetched = kit.play(endless, settings=kit.settings(max_body=2_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fetched.reason is Reason.TOO_LARGE
    assert fetched.detail == "a body of more than 2,000,000 bytes"
    assert peak < 12_000_000


@pytest.mark.parametrize("coding", BOMBS)
def test_a_compression_bomb_stops_at_the_bound_without_filling_memory(kit, coding):
    play = kit.answers(BOMBS[coding], Content_Encoding=coding)
    tracemalloc.start()
    fetched = kit.play(play, settings=kit.settings(max_body=2_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert fetched.reason is Reason.TOO_LARGE
    assert peak < 15_000_000


def test_the_bound_of_one_fetch_can_be_narrowed(kit):
    assert kit.play(kit.answers(b"x" * 11), max_bytes=10).reason is Reason.TOO_LARGE
    assert kit.play(kit.answers(b"x" * 10), max_bytes=10).body == b"x" * 10


@pytest.mark.parametrize(
    "head",
    [
        b"X-Long: " + b"x" * 300_000 + b"\r\n",
        b"".join(b"X-%d: y\r\n" % n for n in range(30_000)),
        b"X-Medium: " + b"x" * 70_000 + b"\r\n",
    ],
    ids=["one endless", "countless", "over the setting"],
)
def test_headers_over_the_bound_are_refused(kit, head):
    fetched = kit.play(kit.says(b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 1\r\n\r\nx"))
    assert fetched.reason is Reason.TOO_LARGE
    assert "headers" in fetched.detail


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"F" * 40 + b"\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
        b"<html>no status line at all</html>",
        b"HTTP/9.9 banana\r\n\r\n",
        b"HTTP/1.1 000 Zero\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: minus one\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy",
        b"HTTP/1.1 200 OK\r\nbad header line\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nX: a\x00b\r\n\r\nx",
        b"\x00\xff" * 5_000,
        b"",
    ],
)
def test_an_answer_that_is_not_proper_http_is_a_protocol_failure(kit, said):
    fetched = kit.play(kit.says(said))
    assert fetched.reason is Reason.PROTOCOL
    assert fetched.detail
    assert "\n" not in fetched.detail


def test_bytes_after_the_declared_length_are_not_part_of_the_answer(kit):
    fetched = kit.play(kit.says(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello and more"))
    assert (fetched.reason, fetched.body) == (None, b"hello")


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", b"no gzip at all"),
        ("gzip", gzip.compress(b"cut" * 1000, mtime=0)[:-12]),
        ("br", b"no brotli at all, really"),
        ("zstd", zstandard.compress(b"cut" * 1000)[:-3]),
        ("deflate", b"\xff\xff\xff"),
        ("compress", b"of the last century"),
        ("gzip, gzip, gzip, gzip", b"x"),
    ],
)
def test_a_body_that_is_not_what_its_coding_says_is_a_protocol_failure(kit, coding, body):
    assert kit.play(kit.answers(body, Content_Encoding=coding)).reason is Reason.PROTOCOL


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"hello", mtime=0)),
        ("deflate", zlib.compress(b"hello")),
        ("br", brotli.compress(b"hello")),
        ("zstd", zstandard.compress(b"hello")),
        ("UTF-8", b"hello"),
    ],
)
def test_content_codings_are_undone(kit, coding, packed):
    fetched = kit.play(kit.answers(packed, Content_Encoding=coding))
    assert (fetched.reason, fetched.body) == (None, b"hello")


def test_a_redirect_that_leads_back_is_found_to_go_in_a_circle(kit):
    async def circle(request, writer):
        to = b"/b" if request.startswith(b"GET /a ") else b"/a"
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % to)

    fetched = kit.play(circle, "/a")
    assert fetched.reason is Reason.REDIRECTS
    assert "circle" in fetched.detail
    assert len(fetched.hops) == 2


def test_redirects_without_end_stop_after_ten(kit):
    count = itertools.count()

    async def onward(request, writer):
        writer.write(
            b"HTTP/1.1 301 Moved\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % next(count)
        )

    fetched = kit.play(onward)
    assert fetched.reason is Reason.REDIRECTS
    assert len(fetched.hops) == 11


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("http://10.0.0.1/", Reason.ADDRESS),
        ("http://169.254.169.254/latest/meta-data/", Reason.ADDRESS),
        ("http://[::ffff:127.0.0.1]/", Reason.ADDRESS),
        ("http://2130706433/", Reason.ADDRESS),
        ("http://0x7f.1/", Reason.ADDRESS),
        ("//192.168.1.1/admin", Reason.ADDRESS),
        ("http://example.com:25/", Reason.BAD_URL),
        ("http://someone:secret@example.com/", Reason.BAD_URL),
        ("file:///etc/passwd", Reason.BAD_URL),
        ("gopher://example.com/", Reason.BAD_URL),
        ("javascript:alert(1)", Reason.BAD_URL),
        ("http://", Reason.REDIRECTS),
        ("http://exa mple.com/", Reason.BAD_URL),
        ("http://[::1", Reason.BAD_URL),
        ("", Reason.REDIRECTS),
    ],
)
def test_a_redirect_to_where_nobody_may_go_is_not_followed(kit, location, reason):
    fetched = kit.play(kit.answers(b"", "302 Found", Location=location), "/start")
    assert fetched.reason is reason
    assert "secret" not in repr(fetched)
    assert all(status == 302 for status, _ in fetched.hops)


def test_redirects_are_followed_and_remembered(kit):
    async def moved(request, writer):
        if request.startswith(b"GET /feeds/new?a=%C3%A9 "):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew")
        else:
            writer.write(
                b"HTTP/1.1 308 Moved\r\nLocation: new?a=\xc3\xa9#part\r\n"
                b"Content-Length: 4\r\n\r\ngone"
            )

    fetched = kit.play(moved, "/feeds/old")
    assert (fetched.reason, fetched.body) == (None, b"new")
    assert [(status, url[-10:]) for status, url in fetched.hops] == [(308, "/feeds/old")]
    assert fetched.final_url.endswith("/feeds/new?a=%C3%A9")
    assert fetched.url.endswith("/feeds/old")


def _tls(alpn: list[str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    context.set_alpn_protocols(alpn)
    return context


def _ask_tls(kit, play, tls, **settings):
    async def run():
        chosen = kit.settings(**settings)
        async with (
            kit.serving(play, tls) as stage,
            Client(chosen, clock=lambda: kit.NOW) as client,
        ):
            return await client.fetch(stage.url("/", "https"), accept="feed", robots=False)

    return asyncio.run(run())


def test_a_certificate_nobody_vouches_for_is_a_tls_failure(kit):
    fetched = _ask_tls(kit, kit.answers(), _tls(["http/1.1"]))
    assert fetched.reason is Reason.TLS
    assert "certificate is not trusted" in fetched.detail


def test_a_certificate_of_the_ca_file_is_trusted(kit):
    fetched = _ask_tls(kit, kit.answers(), _tls(["http/1.1"]), ca_file=str(PEM))
    assert (fetched.reason, fetched.body) == (None, b"hello")


def test_a_server_without_tls_is_a_tls_failure(kit):
    async def run():
        async def plain(reader, writer):
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            await writer.drain()
            await reader.read()
            writer.close()

        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with Client(kit.settings(), clock=lambda: kit.NOW) as client:
            got = await client.fetch(f"https://127.0.0.1:{port}/", accept="feed", robots=False)
        server.close()
        return got

    fetched = asyncio.run(run())
    assert fetched.reason is Reason.TLS
    assert fetched.detail == "no encrypted connection: wrong version number"


def test_http2_is_spoken_where_the_server_offers_it(kit):
    async def run():
        seen = []

        async def handle(reader, writer):
            side = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
            side.initiate_connection()
            writer.write(side.data_to_send())
            while data := await reader.read(65_536):
                for event in side.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        seen.append(dict(event.headers))
                        side.send_headers(event.stream_id, [(":status", "200")])
                        side.send_data(event.stream_id, b"over two", end_stream=True)
                writer.write(side.data_to_send())
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=_tls(["h2"]))
        port = server.sockets[0].getsockname()[1]
        settings = kit.settings(ca_file=str(PEM))
        async with Client(settings, clock=lambda: kit.NOW) as client:
            got = await client.fetch(f"https://127.0.0.1:{port}/f", accept="feed", robots=False)
        server.close()
        return got, seen

    fetched, seen = asyncio.run(run())
    assert (fetched.reason, fetched.body) == (None, b"over two")
    assert seen[0][b":path"] == b"/f"


def test_http2_brings_large_bodies_and_its_connection_serves_again(kit):
    size = 700_000
    connections = []

    async def handle(reader, writer):
        connections.append(writer)
        side = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        side.initiate_connection()
        writer.write(side.data_to_send())
        left = {}
        while data := await reader.read(65_536):
            for event in side.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    side.send_headers(event.stream_id, [(":status", "200")])
                    left[event.stream_id] = size
            for stream in list(left):
                while left[stream] and (room := side.local_flow_control_window(stream)):
                    count = min(room, left[stream], side.max_outbound_frame_size)
                    left[stream] -= count
                    side.send_data(stream, bytes(count), end_stream=not left[stream])
            writer.write(side.data_to_send())
        writer.close()

    async def run():
        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=_tls(["h2", "http/1.1"]))
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/f"
        settings = kit.settings(ca_file=str(PEM))
        async with Client(settings, clock=lambda: kit.NOW) as client:
            got = [await client.fetch(url, accept="page", robots=False) for _ in range(3)]
        server.close()
        return got

    found = asyncio.run(run())
    assert [(f.reason, len(f.body)) for f in found] == [(None, size)] * 3
    assert len(connections) == 1
