"""HTTP/1.1 on the wire: where answers end, what is refused, and when a connection serves again."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import httpcore
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractors.records import Reason
from flows.net.addresses import Target
from flows.net.client import Client
from flows.net.http1 import Http1
from flows.net.line import Line, open_line
from flows.net.messages import Request
from flows.net.streams import StreamingClient
from flows.net.wire import FloodError, LargeHeadersError, Wire

PEM = Path(__file__).with_name("loopback.pem")
HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
OK = HEAD + b"Content-Length: 2\r\n\r\nok"
WAIT = b"HTTP/1.1 104 Wait\r\n"
FORGED = HEAD + b"Content-Length: 6\r\n\r\nforged"

REFUSED = {
    "folded header": HEAD + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\nok",
    "folded length": HEAD + b"Content-Length:\r\n 2\r\n\r\nok",
    "bare line feeds": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "bare carriage return": HEAD + b"X: a\rContent-Length: 3\r\nContent-Length: 2\r\n\r\nok",
    "control character": HEAD + b"X: a\x01b\r\nContent-Length: 2\r\n\r\nok",
    "blank before the colon": HEAD + b"Content-Length : 2\r\n\r\nok",
    "blank before the name": HEAD + b" X: y\r\nContent-Length: 2\r\n\r\nok",
    "name beyond ASCII": HEAD + b"\xe9: x\r\nContent-Length: 2\r\n\r\nok",
    "length twice": HEAD + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "lengths in a list": HEAD + b"Content-Length: 2, 2\r\n\r\nok",
    "signed length": HEAD + b"Content-Length: +2\r\n\r\nok",
    "length without end": HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\nok",
    "length and coding": HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "coding and length": HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "coded twice": HEAD + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "not chunked last": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n2\r\nok\r\n0\r\n\r\n",
    "almost chunked": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    "chunked in 1.0": CHUNKED.replace(b"1.1", b"1.0") + b"2\r\nok\r\n0\r\n\r\n",
    "blank after a chunk's size": CHUNKED + b"2 \r\nok\r\n0\r\n\r\n",
    "line feeds around a chunk": CHUNKED + b"2\nok\n0\n\n",
    "chunk longer than said": CHUNKED + b"2\r\nokay\r\n0\r\n\r\n",
    "negative chunk": CHUNKED + b"-2\r\nok\r\n0\r\n\r\n",
    "chunk in 0x": CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n",
    "length in the trailer": CHUNKED + b"2\r\nok\r\n0\r\nContent-Length: 2\r\n\r\n",
    "another protocol": b"RTSP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "a radio's": b"ICY 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "version 0.9": b"HTTP/0.9 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "version 2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    "status 000": b"HTTP/1.1 000 No\r\nContent-Length: 2\r\n\r\nok",
    "upgrade": b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nok",
    "upgrade to nothing": b"HTTP/1.1 101 Go\r\n\r\n" + OK,
    "interim with a length": WAIT + b"Content-Length: %d\r\n\r\n" % len(FORGED) + FORGED + OK,
    "interim in chunks": WAIT + b"Transfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n" + OK,
    "interim for ever": b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
    "half a head": HEAD + b"Content-Length: 2\r\n",
    "half a body": HEAD + b"Content-Length: 3\r\n\r\nok",
    "half the chunks": CHUNKED + b"2\r\nok\r\n",
    "half an end": CHUNKED + b"2\r\nok\r\n0\r\n",
}
READ = {
    "chunks": CHUNKED + b"1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
    "chunk with an extension": CHUNKED + b'2;a="b"\r\nok\r\n0\r\n\r\n',
    "trailer": CHUNKED + b"2\r\nok\r\n0\r\nX: y\r\n\r\n",
    "until it closes": HEAD + b"\r\nok",
    "version 1.0": b"HTTP/1.0 200 OK\r\n\r\nok",
    "no reason given": b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok",
    "blank lines before": b"\r\n\r\n" + OK,
    "interim before": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: </a>\r\n\r\n" + OK,
    "an offer to upgrade": HEAD
    + b"Upgrade: h2\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nok",
    "blanks around a value": HEAD + b"Content-Length: \t 2 \t\r\n\r\nok",
    "bytes behind": OK + FORGED,
    "noise behind": OK + b"\x00\xff" * 100,
}


@pytest.mark.parametrize("reply", REFUSED.values(), ids=REFUSED)
def test_what_two_readers_could_read_differently_is_refused(kit, reply):
    fetched = kit.play(kit.says(reply))
    assert (fetched.reason, fetched.body) == (Reason.PROTOCOL, b"")
    assert fetched.detail


@pytest.mark.parametrize("reply", READ.values(), ids=READ)
def test_every_proper_way_to_end_an_answer_is_understood(kit, reply):
    fetched = kit.play(kit.says(reply))
    assert (fetched.reason, fetched.status, fetched.body) == (None, 200, b"ok")


def test_header_values_are_read_beyond_ascii_and_without_the_blanks_around_them(kit):
    odd = HEAD + b"X: \t caf\xc3\xa9 \t\r\nY:\r\nZ: caf\xe9\r\nContent-Length: 2\r\n\r\nok"
    fetched = kit.play(kit.says(odd))
    assert [fetched.header(name) for name in "xyz"] == ["café", "", "café"]


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
@pytest.mark.parametrize("more", [b"", b"Content-Length: 6\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_an_answer_that_has_no_body_by_its_status_ends_with_its_head(kit, status, more):
    async def stays_open(request, writer):
        writer.write(b"HTTP/1.1 " + status + b"\r\n" + more + b"\r\n")
        await writer.drain()
        await asyncio.sleep(30)

    fetched = kit.play(stays_open, etag='"a"')
    assert (fetched.status, fetched.body) == (int(status[:3]), b"")
    assert fetched.reason is not Reason.TIMEOUT


class _Scripted:
    """A server whose first connection says what it is told to; all others are honest."""

    def __init__(self, first, afterwards=b""):
        self.first, self.afterwards = first, afterwards
        self.connections = self.open = 0
        self.said = asyncio.Event()

    async def handle(self, reader, writer):
        self.connections += 1
        self.open += 1
        number, reply = self.connections, self.first
        while await reader.read(65_536):
            writer.write(reply if number == 1 else OK)
            reply = OK
            if number == 1 and self.afterwards:
                await self.said.wait()
                writer.write(self.afterwards)
                self.afterwards = b""
        self.open -= 1
        writer.close()


async def _twice(kit, scripted, tls=None, between=None):
    server = await asyncio.start_server(scripted.handle, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
    async with Client(kit.settings(ca_file=str(PEM)), clock=lambda: kit.NOW) as client:
        first = await client.fetch(url, etag='"a"', accept="page", robots=False)
        if between is not None:
            await between()
        second = await client.fetch(url, accept="page", robots=False)
    server.close()
    return first, second


@pytest.mark.parametrize(
    ("first", "connections"),
    [
        (OK, 1),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n", 1),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\n", 1),
        (b"HTTP/1.1 103 Early\r\n\r\n" + OK, 1),
        (HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok", 2),
        (HEAD + b"Connection: Keep-Alive, Close\r\nContent-Length: 2\r\n\r\nok", 2),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", 2),
        (CHUNKED + b"2\r\nok\r\n0\r\nX: y\r\n\r\n", 2),
        (OK + FORGED, 2),
        (OK + FORGED[:20], 2),
        (OK + b"\x00", 2),
        (b"HTTP/1.1 204 No\r\nContent-Length: 57\r\n\r\n" + FORGED, 2),
        (b"HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n" + FORGED, 2),
        (CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + FORGED, 2),
    ],
)
def test_a_connection_serves_again_only_when_its_answer_ended_where_it_said(
    kit, first, connections
):
    async def run():
        scripted = _Scripted(first)
        return *await _twice(kit, scripted), scripted.connections

    _, second, used = asyncio.run(run())
    assert (second.reason, second.body) == (None, b"ok")
    assert used == connections


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one(kit):
    async def run():
        scripted = _Scripted(OK, FORGED)

        async def between():
            scripted.said.set()
            for _ in range(1_000):  # until the server has seen that we hung up
                if not scripted.open:
                    break
                await asyncio.sleep(0.01)

            assert not scripted.open

        return *await _twice(kit, scripted, between=between), scripted.connections

    first, second, used = asyncio.run(run())
    assert (first.body, second.body, used) == (b"ok", b"ok", 2)


def test_what_lies_unread_when_a_connection_is_taken_again_shows():
    async def run():
        ours, theirs = socket.socketpair()
        line = await open_line(ours, read_s=60.0, limit_s=60.0)
        line.rest()
        fresh = line.rouse()
        line.rest()
        theirs.sendall(FORGED)  # and the loop has had no turn to see it
        stale = line.rouse()
        line.close()
        theirs.close()
        await asyncio.sleep(0)
        return fresh, stale

    assert asyncio.run(run()) == (True, False)


@pytest.mark.parametrize("turns", [1, 2, 3, 5])
def test_a_handshake_given_up_at_any_turn_hangs_up(turns):
    async def run():
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        tls = ssl.create_default_context()
        opening = asyncio.create_task(
            open_line(ours, read_s=60.0, limit_s=60.0, tls=tls, host="news.example")
        )
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        loop = asyncio.get_running_loop()
        while await asyncio.wait_for(loop.sock_recv(theirs, 65_536), 50.0):
            pass
        theirs.close()

    asyncio.run(run())


def test_a_connection_over_tls_serves_again(kit):
    async def run():
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(PEM)
        scripted = _Scripted(OK)
        return *await _twice(kit, scripted, tls), scripted.connections

    first, second, used = asyncio.run(run())
    assert (first.body, second.body, used) == (b"ok", b"ok", 1)


def test_a_server_that_answers_before_it_is_asked_is_heard(kit):
    async def run():
        async def handle(reader, writer):
            writer.write(b"HTTP/1.1 503 Full\r\nContent-Length: 4\r\n\r\nfull")
            await writer.drain()
            await reader.read(65_536)
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with Client(kit.settings(), clock=lambda: kit.NOW) as client:
            fetched = await client.fetch(url, accept="page", robots=False)
        server.close()
        return fetched

    fetched = asyncio.run(run())
    assert (fetched.status, fetched.body) == (503, b"full")


@pytest.mark.parametrize(
    ("scheme", "said"),
    [
        ("http", b""),
        ("http", HEAD),
        ("http", HEAD + b"Content-Length: 9\r\n\r\nha"),
        ("https", b""),
    ],
    ids=["no answer", "half a head", "half a body", "no handshake"],
)
def test_a_fetch_given_up_hangs_up_at_once(kit, scheme, said):
    async def run():
        reached, ended = asyncio.Event(), asyncio.Event()

        async def handle(reader, writer):
            await reader.read(1)
            writer.write(said)
            reached.set()
            while await reader.read(65_536):
                pass
            ended.set()
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with Client(kit.settings(), clock=lambda: kit.NOW) as client:
            fetch = asyncio.create_task(client.fetch(url, accept="page", robots=False))
            await reached.wait()
            await asyncio.sleep(0.02)
            fetch.cancel()
            (outcome,) = await asyncio.gather(fetch, return_exceptions=True)
            await asyncio.wait_for(ended.wait(), 50.0)
        server.close()
        return outcome

    assert isinstance(asyncio.run(run()), asyncio.CancelledError)


def test_a_handshake_that_does_not_end_is_left_after_the_connections_bound(kit):
    async def run():
        async def silent(reader, writer):
            await reader.read()
            writer.close()

        server = await asyncio.start_server(silent, "127.0.0.1", 0)
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        async with Client(kit.settings(connect_s=0.3), clock=lambda: kit.NOW) as client:
            fetched = await client.fetch(url, accept="page", robots=False)
        server.close()
        return fetched

    fetched = asyncio.run(run())
    assert (fetched.reason, fetched.detail) == (Reason.TIMEOUT, "no connection within 0.3 s")


def test_a_reader_that_does_not_read_holds_the_server_back(kit):
    async def run():
        sent = 0

        async def endless(request, writer):
            nonlocal sent
            writer.write(HEAD + b"\r\n")
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536

        async with (
            kit.serving(endless) as stage,
            StreamingClient(kit.settings(), clock=lambda: kit.NOW) as client,
            client.stream(stage.url()) as streamed,
        ):
            assert streamed.body is not None
            before = -1
            while not sent or before != sent < 100_000_000:
                before = sent
                await asyncio.sleep(0.1)
        return sent

    assert asyncio.run(run()) < 50_000_000


def test_what_comes_moves_the_bound_on_the_wait_and_silence_does_not():
    async def run():
        loop = asyncio.get_running_loop()
        now = [loop.time()]
        loop.time = lambda: now[0]
        line, seen = Line(10.0), []

        async def after(seconds, piece=b""):
            now[0] += seconds
            if piece:
                line.data_received(piece)
            for _ in range(5):
                await asyncio.sleep(0)
            seen.append(reading.done())

        for _ in range(3):
            reading = asyncio.create_task(line.read())
            await after(0.0)
            await after(6.0)
            await after(3.0, b"piece")
        await after(60.0)  # nobody waits
        reading = asyncio.create_task(line.read())
        await after(0.0)
        await after(9.0)
        await after(2.0)
        with pytest.raises(httpcore.ReadTimeout):
            reading.result()
        return seen

    assert asyncio.run(run()) == [False, False, True] * 3 + [True, False, False, True]


TARGET = Target("http", "news.example", 80, b"/", "http://news.example/")


@pytest.mark.parametrize(
    ("path", "value"), [(b"/", "a\r\nX-Injected: 1"), (b"/ HTTP/1.1", "a"), (b"/\n", "a")]
)
def test_a_request_that_would_be_two_is_not_made(path, value):
    target = Target("http", "news.example", 80, path, "http://news.example/")
    with pytest.raises(httpcore.LocalProtocolError):
        Request(target, (("Host", value),), Wire(1_000))


async def _read_in_pieces(pieces):
    """What an answer is read as that comes in these pieces: head, body, and what ended it."""
    line = Line(60.0)
    for piece in pieces:
        line.data_received(piece)
    line.eof_received()
    body, response, end = b"", None, ""
    try:
        response = await Http1(line).ask(Request(TARGET, (), Wire(65_536)))
        while piece := await response.read():
            body += piece
    except (httpcore.RemoteProtocolError, FloodError, LargeHeadersError) as error:
        end = type(error).__name__
    head = None if response is None else (response.status, tuple(response.headers))
    return head, body, end


@st.composite
def _cut_replies(draw):
    """An answer, proper or not, whole and cut into pieces."""
    reply = draw(st.sampled_from([*REFUSED.values(), *READ.values()]) | st.binary(max_size=60))
    if draw(st.booleans()):  # spoil a byte
        place = draw(st.integers(0, len(reply)))
        reply = reply[:place] + draw(st.binary(max_size=2)) + reply[place + 1 :]
    cuts = sorted(draw(st.sets(st.integers(1, max(len(reply) - 1, 1)), max_size=12)))
    pieces = [reply[a:b] for a, b in zip([0, *cuts], [*cuts, len(reply)], strict=True)]
    return reply, [piece for piece in pieces if piece]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(_cut_replies())
def test_an_answer_is_read_the_same_however_its_bytes_are_cut(cut):
    reply, pieces = cut

    async def run():
        single = [reply[n : n + 1] for n in range(len(reply))]
        whole = [reply] if reply else []
        return [await _read_in_pieces(p) for p in (whole, pieces, single)]

    whole, cut_up, byte_by_byte = asyncio.run(run())
    assert whole == cut_up == byte_by_byte
