"""Pace, places and rest of each host, on a clock that moves only when everybody waits."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from flows.net.limits import NetSettings
from flows.net.politeness import Politeness


class _Desk:
    """Requests of a test: when each started, and how many ran at once."""

    def __init__(self, kit, **settings):
        self.time = kit.FakeTime()
        self.polite = Politeness(NetSettings(**settings), now=self.time.now, sleep=self.time.sleep)
        self.began = self.time.now()
        self.starts = []
        self.running = {}
        self.most = {}

    async def ask(self, host, takes=0.0, *, exempt=False, name=None):
        async with self.polite.slot(host, exempt=exempt):
            self.starts.append((name or host, self.time.now() - self.began))
            for key in (host, "all"):
                self.running[key] = self.running.get(key, 0) + 1
                self.most[key] = max(self.most.get(key, 0), self.running[key])
            await self.time.sleep(takes)
            for key in (host, "all"):
                self.running[key] -= 1

    def run(self, *work):
        return asyncio.run(self.time.run(*work))

    def times(self, name):
        return [at for started, at in self.starts if started == name]


def test_requests_of_one_host_start_a_second_apart(kit):
    desk = _Desk(kit)

    async def go():
        await desk.time.run(*(desk.ask("a.example") for _ in range(5)))

    asyncio.run(go())
    assert desk.times("a.example") == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_no_more_than_two_requests_of_one_host_run_at_once(kit):
    desk = _Desk(kit)

    async def go():
        await desk.time.run(*(desk.ask("a.example", takes=10.0) for _ in range(6)))

    asyncio.run(go())
    assert desk.most["a.example"] == 2
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(desk.times("a.example")))


def test_hosts_do_not_wait_for_each_other(kit):
    desk = _Desk(kit)

    async def go():
        slow = [desk.ask("slow.example", takes=100.0) for _ in range(4)]
        await desk.time.run(*slow, *(desk.ask(f"h{n}.example") for n in range(20)))

    asyncio.run(go())
    assert all(desk.times(f"h{n}.example") == [0.0] for n in range(20))


def test_all_hosts_together_keep_the_global_limit(kit):
    desk = _Desk(kit, connections=7)

    async def go():
        await desk.time.run(*(desk.ask(f"h{n}.example", takes=5.0) for n in range(40)))

    asyncio.run(go())
    assert desk.most["all"] == 7
    assert len(desk.starts) == 40


def test_a_host_with_many_requests_does_not_starve_the_others(kit):
    desk = _Desk(kit, connections=3)

    async def go():
        crowd = [desk.ask("big.example", takes=1.0) for _ in range(60)]
        late = [desk.ask(f"h{n}.example", takes=1.0) for n in range(5)]
        await desk.time.run(*crowd, *late)

    asyncio.run(go())
    assert max(desk.times(f"h{n}.example")[0] for n in range(5)) <= 6.0


def test_requests_of_one_host_start_in_the_order_in_which_they_came(kit):
    desk = _Desk(kit)

    async def go():
        await desk.time.run(*(desk.ask("a.example", takes=3.0, name=n) for n in "abcdefgh"))

    asyncio.run(go())
    assert [name for name, _ in desk.starts] == list("abcdefgh")


def test_an_exempt_host_has_neither_pace_nor_limit_of_its_own(kit):
    desk = _Desk(kit)

    async def go():
        await desk.time.run(*(desk.ask("127.0.0.1", takes=1.0, exempt=True) for _ in range(30)))

    asyncio.run(go())
    assert set(desk.times("127.0.0.1")) == {0.0}
    assert desk.most["127.0.0.1"] == 30


@pytest.mark.parametrize("cancel_at", [0.0, 0.5, 1.5, 2.5])
def test_a_cancelled_request_leaves_no_place_taken_and_no_pace_spent(kit, cancel_at):
    desk = _Desk(kit)

    async def go():
        doomed = [asyncio.create_task(desk.ask("a.example", takes=9.0)) for _ in range(4)]

        async def cancel():
            await desk.time.sleep(cancel_at)
            for task in doomed:
                task.cancel()
            await asyncio.gather(*doomed, return_exceptions=True)
            desk.starts.clear()
            await desk.time.run(*(desk.ask("a.example") for _ in range(3)))

        await desk.time.run(cancel())

    asyncio.run(asyncio.wait_for(go(), 10))
    times = desk.times("a.example")
    assert len(times) == 3
    assert times[0] <= cancel_at + 1.0
    assert all(later - earlier == pytest.approx(1.0) for earlier, later in pairwise(times))


def test_a_crawl_delay_slows_a_host_down_and_never_speeds_it_up(kit):
    desk = _Desk(kit, max_crawl_delay_s=20.0)
    desk.polite.slow_down("a.example", 5.0)
    desk.polite.slow_down("a.example", 0.1)
    desk.polite.slow_down("b.example", 100_000.0)

    async def go():
        asked = [desk.ask(host) for host in ("a.example", "b.example") for _ in range(3)]
        await desk.time.run(*asked)

    asyncio.run(go())
    assert desk.times("a.example") == [5.0, 10.0, 15.0]
    assert desk.times("b.example") == [20.0, 40.0, 60.0]


def test_a_host_that_names_a_time_is_left_alone_until_then(kit):
    desk = _Desk(kit)
    assert desk.polite.held_s("a.example") == 0
    desk.polite.note("a.example", 429, 120)
    assert desk.polite.held_s("a.example") == 120
    assert desk.polite.held_s("b.example") == 0
    asyncio.run(desk.time.run(desk.time.sleep(121)))
    assert desk.polite.held_s("a.example") == 0


def test_429_without_a_time_rests_the_host_a_minute_and_503_not_at_all(kit):
    desk = _Desk(kit)
    desk.polite.note("a.example", 429, None)
    desk.polite.note("b.example", 503, None)
    assert (desk.polite.held_s("a.example"), desk.polite.held_s("b.example")) == (60, 0)


def test_three_answers_of_403_in_a_row_are_a_burst(kit):
    polite = _Desk(kit).polite
    assert [polite.note("a.example", 403, None) for _ in range(4)] == [False, False, True, True]
    assert polite.held_s("a.example") == 300


def test_an_answer_in_between_is_no_burst(kit):
    polite = _Desk(kit).polite
    statuses = [403, 403, 200, 403, 404, 403]
    assert not any(polite.note("a.example", status, None) for status in statuses)


@pytest.mark.parametrize("exempt", [False, True])
def test_while_it_is_paused_no_request_starts_and_none_is_lost(kit, exempt):
    desk = _Desk(kit)

    async def stop_and_go():
        await desk.time.sleep(1.5)
        desk.polite.pause()
        await desk.time.sleep(10.0)
        desk.polite.resume()

    async def late(seconds):
        await desk.time.sleep(seconds)
        await desk.ask("a.example", exempt=exempt)

    desk.run(stop_and_go(), *(late(seconds) for seconds in (0.0, 1.0, 2.0, 3.0)))
    first, second, *rest = desk.times("a.example")
    assert [first, second] == [0.0, 1.0]
    assert len(rest) == 2
    assert min(rest) >= 11.5
