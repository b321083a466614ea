"""What is sent, what comes back, and what each answer means."""

from __future__ import annotations

import asyncio
import gc
from datetime import timedelta
from email.utils import format_datetime

import pytest
from shared_targets import free_port

from extractors.records import Reason
from flows.net.client import Client
from flows.net.door import Fetcher
from flows.net.fake import FakeWeb
from flows.net.limits import NetSettings
from flows.net.statuses import reason_of_status


def _head(kit, **ask):
    """Return the request head that a server sees."""
    heads = []

    async def play(request, writer):
        heads.append(request.decode("latin-1"))
        await kit.answers()(request, writer)

    settings = ask.pop("settings", None)
    kit.play(play, "/feed?x=1", settings, **ask)
    return heads[0]


@pytest.mark.parametrize(
    ("status", "facts", "reason"),
    [
        (200, {}, None),
        (206, {}, None),
        (304, {}, None),
        (300, {}, Reason.REDIRECTS),
        (400, {}, Reason.CLIENT_ERROR),
        (401, {}, Reason.UNAUTHORIZED),
        (403, {}, Reason.FORBIDDEN),
        (403, {"retry_after": True}, Reason.THROTTLED),
        (403, {"burst": True}, Reason.THROTTLED),
        (404, {}, Reason.NOT_FOUND),
        (410, {}, Reason.GONE),
        (429, {}, Reason.THROTTLED),
        (451, {}, Reason.CLIENT_ERROR),
        (500, {}, Reason.SERVER_ERROR),
        (503, {}, Reason.THROTTLED),
        (599, {}, Reason.SERVER_ERROR),
        (700, {}, Reason.PROTOCOL),
        (42, {}, Reason.PROTOCOL),
    ],
)
def test_each_status_has_one_meaning(status, facts, reason):
    assert reason_of_status(status, **facts) is reason


@pytest.mark.parametrize(
    ("status", "reason"),
    [("404 Not Found", Reason.NOT_FOUND), ("500 Oops", Reason.SERVER_ERROR)],
)
def test_a_failure_keeps_its_status_and_body(kit, status, reason):
    fetched = kit.play(kit.answers(b"sorry", status))
    assert fetched.reason is reason
    assert fetched.detail == f"HTTP {status[:3]}"
    assert fetched.body == b"sorry"


def test_an_answer_carries_headers_bytes_and_times_untouched(kit):
    fetched = kit.play(
        kit.says(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=windows-1251\r\n"
            b"X-Twice: a\r\nx-twice: b\r\nContent-Length: 3\r\n\r\n\xef\xf0\xe8"
        )
    )
    assert fetched.body == b"\xef\xf0\xe8"
    assert fetched.header("Content-Type") == "text/html; charset=windows-1251"
    assert [v for k, v in fetched.headers if k == "x-twice"] == ["a", "b"]
    assert fetched.fetched_at == kit.NOW
    assert 0 <= fetched.elapsed_ms < 60_000
    assert fetched.hops == ()
    assert fetched.url == fetched.final_url


def test_one_honest_user_agent_is_sent_with_the_contact_when_there_is_one(kit):
    assert "\r\nUser-Agent: Duckwire/" in _head(kit)
    assert "(+" not in _head(kit)
    head = _head(kit, settings=kit.settings(contact="desk@news.example\r\nX-Injected: 1"))
    assert "(+desk@news.exampleX-Injected: 1)" in head


def test_validators_make_the_request_conditional(kit):
    head = _head(kit, etag='W/"abc"', last_modified="Tue, 12 Sep 2023 10:00:00 GMT")
    assert '\r\nIf-None-Match: W/"abc"\r\n' in head
    assert "\r\nIf-Modified-Since: Tue, 12 Sep 2023 10:00:00 GMT\r\n" in head


@pytest.mark.parametrize("etag", ['"a"\r\nX-Injected: 1', '"snow☃"', "\x00", "x" * 2_000, ""])
def test_a_validator_that_cannot_stand_in_a_header_is_not_sent(kit, etag):
    assert "If-None-Match" not in _head(kit, etag=etag)


def test_feeds_and_pages_ask_for_what_they_hope_for(kit):
    assert "\r\nAccept: application/atom+xml" in _head(kit, accept="feed")
    assert "\r\nAccept: text/html" in _head(kit, accept="page")
    assert "\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n" in _head(kit)


def test_304_is_an_answer_to_a_condition_and_otherwise_nonsense(kit):
    unchanged = kit.says(b"HTTP/1.1 304 Not Modified\r\nCache-Control: max-age=600\r\n\r\n")
    asked = kit.play(unchanged, etag='"a"')
    assert (asked.reason, asked.status, asked.header("cache-control")) == (None, 304, "max-age=600")
    assert kit.play(unchanged).reason is Reason.PROTOCOL


@pytest.mark.parametrize("status", ["200 OK", "204 No Content"])
def test_a_good_status_with_nothing_in_it_is_empty(kit, status):
    assert kit.play(kit.answers(b"", status)).reason is Reason.EMPTY


@pytest.mark.parametrize("status", ["429 Slow", "503 Busy", "403 No"])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_read_in_both_forms(kit, status, form):
    date = format_datetime(kit.NOW + timedelta(seconds=90), usegmt=True)
    value = {"seconds": "90", "date": date}[form]
    fetched = kit.play(kit.answers(b"later", status, Retry_After=value))
    assert (fetched.reason, fetched.retry_after_s) == (Reason.THROTTLED, 90)


def test_credentials_in_a_url_are_neither_sent_nor_kept(kit):
    async def run():
        async with (
            kit.serving(kit.answers()) as stage,
            Client(kit.settings(), clock=lambda: kit.NOW) as client,
        ):
            url = stage.url("/private").replace("//", "//me:secret@")
            return await client.fetch(url, accept="feed", robots=False), stage.heads

    fetched, heads = asyncio.run(run())
    assert fetched.reason is Reason.BAD_URL
    assert heads == []
    assert "secret" not in repr(fetched)


def _row(kit, play, count, path="/", **settings):
    """Ask one paced host `count` times; return what came back and what the server saw."""

    async def run():
        chosen = kit.settings(pace_allowed=True, pace_s=0.0, **settings)
        async with kit.serving(play) as stage, Client(chosen, clock=lambda: kit.NOW) as client:
            found = [
                await client.fetch(stage.url(path), accept="page", robots=False)
                for _ in range(count)
            ]
            return found, stage.heads

    return asyncio.run(run())


def test_a_host_that_asks_for_rest_is_not_asked_again_in_this_run(kit):
    found, heads = _row(kit, kit.answers(b"", "429 Slow", Retry_After="120"), 3)
    assert [f.reason for f in found] == [Reason.THROTTLED] * 3
    assert len(heads) == 1
    assert found[1].status is None
    assert found[1].retry_after_s in (119, 120)
    assert "asked to be left alone" in found[1].detail


def test_a_burst_of_403_from_one_host_is_throttling(kit):
    found, heads = _row(kit, kit.answers(b"no", "403 Forbidden"), 5)
    expected = [Reason.FORBIDDEN] * 2 + [Reason.THROTTLED] * 3
    assert [f.reason for f in found] == expected
    assert len(heads) == 3


def test_connections_are_used_again(kit):
    async def run():
        connections = 0

        async def handle(reader, writer):
            nonlocal connections
            connections += 1
            while head := await reader.read(65_536):
                moved = head.startswith(b"GET /old ")
                writer.write(
                    b"HTTP/1.1 301 Moved\r\nLocation: /new\r\nContent-Length: 4\r\n\r\nmove"
                    if moved
                    else b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
                )
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with Client(kit.settings(), clock=lambda: kit.NOW) as client:
            for path in ("/a", "/old", "/b"):
                found = await client.fetch(url + path, accept="page", robots=False)
                assert found.body == b"ok"
        server.close()
        return connections

    assert asyncio.run(run()) == 1


def test_a_cancelled_fetch_leaves_the_client_usable(kit):
    async def run():
        async def play(request, writer):
            if b"/hang" in request:
                await asyncio.sleep(5)
            await kit.answers()(request, writer)

        settings = kit.settings(connections=2)
        async with kit.serving(play) as stage, Client(settings, clock=lambda: kit.NOW) as client:
            for _ in range(6):
                hang = asyncio.create_task(
                    client.fetch(stage.url("/hang"), accept="page", robots=False)
                )
                await asyncio.sleep(0.02)
                hang.cancel()
                await asyncio.gather(hang, return_exceptions=True)
            return await client.fetch(stage.url("/good"), accept="page", robots=False)

    assert asyncio.run(run()).body == b"hello"
    gc.collect()  # anything left open would warn here, and warnings are errors


def test_the_deadline_counts_the_whole_way_of_redirects(kit):
    async def slow_redirect(request, writer):
        await asyncio.sleep(0.12)
        n = int(request.split(b" ")[1][1:] or 0)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % (n + 1))

    for _ in range(20):
        fetched = kit.play(slow_redirect, "/0", kit.settings(total_s=0.5))
        assert fetched.reason is Reason.TIMEOUT
        if len(fetched.hops) >= 2:  # else a pause of this machine used the time up
            break
    assert 2 <= len(fetched.hops) <= 4


def test_a_machine_without_a_server_is_a_plain_connection_failure(kit):
    async def run():
        nobody = f"http://127.0.0.1:{free_port()}/"
        async with Client(kit.settings(), clock=lambda: kit.NOW) as client:
            return await client.fetch(nobody, accept="page", robots=False)

    fetched = asyncio.run(run())
    assert (fetched.reason, fetched.detail) == (Reason.CONNECT, "the connection was refused")


def test_proxies_of_the_environment_are_not_used(kit, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert kit.play(kit.answers()).body == b"hello"


def test_settings_are_closed_by_default():
    settings = NetSettings()
    assert settings.allow_hosts == ()
    assert settings.allow_ports == (80, 443, 8080, 8443)
    assert settings.robot == "Duckwire"
    assert settings.contact is None


def test_the_double_and_the_client_are_the_same_door(kit):
    double: Fetcher = FakeWeb(clock=lambda: kit.NOW)
    real: Fetcher = Client(NetSettings(), clock=lambda: kit.NOW)
    assert double.offline is real.offline is False


def test_the_double_answers_in_turn_and_remembers_what_it_was_asked(kit):
    web = FakeWeb(clock=lambda: kit.NOW)
    web.add("https://a.example/feed", b"one", headers=[("ETag", '"1"')])
    web.add("https://a.example/feed", b"two", headers=[("ETag", '"2"')])
    web.add("https://a.example/busy", status=503, headers=[("Retry-After", "30")])
    web.add("https://a.example/dead", status=None, reason=Reason.DNS, detail="no such name")

    async def ask(path, etag=None):
        url = f"https://a.example/{path}"
        return await web.fetch(url, etag=etag, accept="feed", robots=False)

    async def run():
        return [
            await ask("feed"),
            await ask("feed", '"1"'),
            await ask("feed", '"2"'),
            await ask("busy"),
            await ask("dead"),
            await ask("unknown"),
        ]

    one, two, same, busy, dead, unknown = asyncio.run(run())
    assert (one.body, two.body) == (b"one", b"two")
    assert (same.status, same.body, same.reason) == (304, b"", None)
    assert (busy.reason, busy.retry_after_s) == (Reason.THROTTLED, 30)
    assert (dead.reason, dead.status) == (Reason.DNS, None)
    assert unknown.reason is Reason.NOT_FOUND
    assert web.asked("https://a.example/feed") == 3
    assert web.requests[1].etag == '"1"'
    assert one.fetched_at == kit.NOW
