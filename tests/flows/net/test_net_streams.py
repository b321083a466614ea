"""Large bodies, piece by piece: the door's rules hold, and the bounds are the stream's own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from standins.drain import open_door
from standins.server import Reply, Services

from extractors.records import Fetched, Reason
from flows.net.streams import Body, StreamBounds, StreamError

WIDE = StreamBounds()
BIG = bytes(range(256)) * 16_384  # 4 MB


@pytest.fixture
def services() -> Iterator[Services]:
    with Services() as running:
        yield running


def serve(services: Services, **replies: Reply) -> None:
    services.mount("", lambda path, query: replies.get(path.strip("/")))


def read(
    url: str, bounds: StreamBounds = WIDE, **settings: Any
) -> tuple[Fetched, bytes, StreamError | None, int]:
    """Open and read to the end: head, what came, what ended it early, how many lumps."""

    async def run() -> tuple[Fetched, bytes, StreamError | None, int]:
        async with open_door(**settings) as door, door.stream(url, bounds=bounds) as streamed:
            lumps: list[bytes] = []
            if streamed.body is None:
                return streamed.head, b"", None, 0
            error = await _all(streamed.body, lumps)
            return streamed.head, b"".join(lumps), error, len(lumps)

    return asyncio.run(run())


async def _all(body: Body, lumps: list[bytes]) -> StreamError | None:
    try:
        while lump := await body.read():
            lumps.append(lump)
    except StreamError as error:
        return error
    return None


def test_a_body_comes_whole_in_lumps_and_is_not_held(services: Services, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(BIG)
    serve(services, big=Reply(tmp_path / "big"))
    head, body, error, lumps = read(f"{services.origin}/big")
    assert (head.status, head.reason, head.body, error) == (200, None, b"", None)
    assert body == BIG
    assert lumps >= 4


def test_redirects_are_followed_and_remembered(services: Services) -> None:
    moved = Reply(b"", 302, headers={"Location": "/there"})
    serve(services, here=moved, there=Reply(b"found"))
    head, body, _, _ = read(f"{services.origin}/here")
    assert body == b"found"
    assert (head.final_url, head.hops) == (
        f"{services.origin}/there",
        ((302, f"{services.origin}/here"),),
    )


def test_redirects_in_a_circle_end(services: Services) -> None:
    serve(services, a=Reply(b"", 301, headers={"Location": "/a"}))
    assert read(f"{services.origin}/a")[0].reason is Reason.REDIRECTS


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "ftp://127.0.0.1/x", "http:///x"])
def test_addresses_are_judged_as_for_any_request(url: str) -> None:
    head = read(url, allow_hosts=())[0]
    assert head.reason in {Reason.ADDRESS, Reason.BAD_URL}


def test_a_redirect_to_an_address_nobody_may_reach_is_refused(services: Services) -> None:
    serve(services, a=Reply(b"", 302, headers={"Location": "http://169.254.169.254/latest"}))
    assert read(f"{services.origin}/a")[0].reason is Reason.ADDRESS


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(b"", 404), Reason.NOT_FOUND),
        (Reply(b"x", 503, headers={"Retry-After": "7"}), Reason.THROTTLED),
        (Reply(b"x", 500), Reason.SERVER_ERROR),
    ],
)
def test_another_status_is_no_answer(services: Services, reply: Reply, reason: Reason) -> None:
    serve(services, a=reply)
    head = read(f"{services.origin}/a")[0]
    assert head.reason is reason
    assert head.retry_after_s == (7 if reply.status == 503 else None)


def test_a_body_that_breaks_off_gives_what_came_and_then_the_error(services: Services) -> None:
    serve(services, a=Reply(BIG, cut=3_000_000))
    _, body, error, _ = read(f"{services.origin}/a")
    assert error is not None
    assert error.reason is Reason.PROTOCOL
    assert body == BIG[:3_000_000]


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_over_the_bound_is_refused_or_ended(services: Services, declared: bool) -> None:
    headers = {} if declared else {"Content-Length": "1000"}
    serve(services, a=Reply(b"x" * (2_000 if declared else 1_000), headers=headers))
    head, body, error, _ = read(
        f"{services.origin}/a", StreamBounds(max_bytes=1_500 if declared else 500)
    )
    assert Reason.TOO_LARGE in (head.reason, error.reason if error else None)
    assert len(body) <= 1_500


def test_a_server_that_drips_is_left(services: Services, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(BIG * 2)
    serve(services, a=Reply(tmp_path / "big", drip_s=0.1))
    bounds = StreamBounds(grace_s=0.2, least_rate=50_000_000)
    _, body, error, _ = read(f"{services.origin}/a", bounds)
    assert error is not None
    assert error.reason is Reason.TIMEOUT
    assert 0 < len(body) < len(BIG) * 2


def test_a_server_that_falls_silent_is_left(services: Services) -> None:
    serve(services, a=Reply(b"x" * 100, delay_s=1.0))
    head = read(f"{services.origin}/a", read_s=0.2, total_s=0.5)[0]
    assert head.reason is Reason.TIMEOUT


def test_a_slow_reader_costs_the_stream_none_of_its_time(services: Services) -> None:
    serve(services, a=Reply(BIG))

    async def run() -> int:
        total = 0
        bounds = StreamBounds(total_s=0.5, grace_s=0.1)
        async with open_door() as door, door.stream(f"{services.origin}/a", bounds=bounds) as one:
            assert one.body is not None
            while lump := await one.body.read():
                total += len(lump)
                await asyncio.sleep(0.1)
        return total

    found = 0
    for _ in range(20):
        with suppress(StreamError):  # a pause of this machine looks like one of the server's
            found = asyncio.run(run())
            break
    assert found == len(BIG)


def test_leaving_early_closes_the_connection_and_frees_the_hosts_place(
    services: Services,
) -> None:
    serve(services, a=Reply(BIG), b=Reply(b"next"))

    async def run() -> bytes:
        async with open_door(per_host=1, pace_allowed=True, pace_s=0.0) as door:
            async with door.stream(f"{services.origin}/a") as one:
                assert one.body is not None
                await one.body.read()
            return (await door.fetch(f"{services.origin}/b", accept="page", robots=False)).body

    assert asyncio.run(run()) == b"next"
