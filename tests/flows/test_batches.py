"""Work that finishes in any order is taken in groups, and a slow one holds nobody back."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from flows.steps.batches import Together, in_batches


async def after(seconds: float, name: str) -> str:
    await asyncio.sleep(seconds)
    return name


async def collected(work: list, size: int, **given: float) -> list[list[str]]:
    return [batch async for batch in in_batches(work, size, **given)]


def test_everything_arrives_once() -> None:
    work = [after(0.001 * (n % 7), str(n)) for n in range(50)]
    batches = asyncio.run(collected(work, 8))
    assert sorted(name for batch in batches for name in batch) == sorted(map(str, range(50)))
    assert all(len(batch) <= 8 for batch in batches)


def test_what_is_ready_does_not_wait_for_a_slow_one() -> None:
    async def run() -> list[list[str]]:
        others_came = asyncio.Event()

        async def slow() -> str:
            await others_came.wait()
            return "slow"

        batches = []
        work = [after(0, "quick"), after(0, "too"), slow()]
        async for batch in in_batches(work, 10, patience_s=0.05):
            batches.append(batch)
            others_came.set()
        return batches

    assert asyncio.run(run()) == [["quick", "too"], ["slow"]]


def test_no_more_than_the_places_run_at_once() -> None:
    running = most = 0

    async def one() -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        return ""

    asyncio.run(collected([one() for _ in range(30)], 5, at_once=4))
    assert most <= 4


def test_a_bug_in_one_is_raised_and_the_others_are_cancelled() -> None:
    async def broken() -> str:
        raise KeyError("bug")

    with pytest.raises(KeyError):
        asyncio.run(collected([broken(), after(30, "never")], 5))


def test_nothing_to_do_gives_nothing() -> None:
    assert asyncio.run(collected([], 5)) == []


def test_a_pause_is_told_by_empty_groups_as_long_as_it_lasts() -> None:
    async def run() -> list[list[str]]:
        long_enough = asyncio.Event()

        async def slow() -> str:
            await long_enough.wait()
            return "slow"

        batches = []
        work = [after(0, "quick"), slow()]
        async for batch in in_batches(work, 1, patience_s=0.05, pauses=True):
            batches.append(batch)
            if batches.count([]) == 2:
                long_enough.set()
        return batches

    # One more may be told before the last is ready.
    told = asyncio.run(run())
    assert told in ([["quick"], [], [], ["slow"]], [["quick"], [], [], [], ["slow"]])


def test_heavy_results_are_given_before_the_group_is_full() -> None:
    work = [after(0, "x" * 10) for _ in range(6)]
    given = asyncio.run(collected(work, 6, weigh=len, most_weight=25))
    assert [len(batch) for batch in given] == [3, 3]


def test_places_that_become_free_one_by_one_are_given_out_together() -> None:
    turn, begun = 0, list[int]()

    async def one(end: asyncio.Future[None]) -> str:
        begun.append(turn)
        await end
        return ""

    async def run() -> None:
        nonlocal turn
        ends = [asyncio.get_running_loop().create_future() for _ in range(80)]
        everything = asyncio.create_task(collected([one(end) for end in ends], 100, at_once=40))
        for end in ends:  # forty that end one by one, then those that took their places
            turn += 1
            end.set_result(None)
            for _ in range(10):
                await asyncio.sleep(0)
        await everything

    asyncio.run(run())
    assert len(set(begun[40:])) <= 10


Work = Callable[[], str]


def _each(work: list[Work]) -> list[str]:
    return [one() for one in work]


async def _told(work: list[Work], every_s: float) -> list[str | BaseException]:
    with ThreadPoolExecutor(2) as pool:
        together = Together(pool, _each, threads=2, every_s=every_s)
        return await asyncio.gather(*map(together.run, work), return_exceptions=True)


def test_each_is_told_what_its_own_work_gave_or_raised() -> None:
    def broken() -> str:
        raise KeyError("bug")

    good = [lambda n=n: str(n) for n in range(20)]
    told = asyncio.run(_told([*good, broken], 0.001))
    assert told[:20] == [str(n) for n in range(20)]
    assert isinstance(told[20], KeyError)


def test_what_waits_is_worked_on_together_by_the_thread_that_comes_first() -> None:
    lumps: list[list[int]] = []
    begun = threading.Event()

    def work(lump: list[int]) -> list[int]:
        lumps.append(lump)
        assert begun.wait(timeout=60)
        return [10 * n for n in lump]

    async def go() -> list[int]:
        with ThreadPoolExecutor(1) as pool:
            together = Together(pool, work, threads=1, most=4, every_s=0.01)
            told = [asyncio.create_task(together.run(n)) for n in range(10)]
            while not lumps:  # the first one is taken alone or with others
                await asyncio.sleep(0.01)
            begun.set()
            return await asyncio.gather(*told)

    assert asyncio.run(go()) == [10 * n for n in range(10)]
    first, *rest = map(len, lumps)
    assert 1 <= first <= 4
    assert max(rest) == 4
    assert sum(rest) == 10 - first


def test_little_that_waits_is_shared_out_among_the_threads() -> None:
    lumps: list[list[int]] = []
    gate = threading.Barrier(2)

    def work(lump: list[int]) -> list[int]:
        lumps.append(lump)
        gate.wait(timeout=60)  # both threads are at work at once, or nobody goes on
        return lump

    async def go() -> None:
        with ThreadPoolExecutor(2) as pool:
            together = Together(pool, work, threads=2, most=8, every_s=0.01)
            await asyncio.gather(*(together.run(n) for n in range(2)))

    asyncio.run(go())
    assert sorted(map(len, lumps)) == [1, 1]


def test_results_are_told_together_and_soon() -> None:
    async def times() -> list[float]:
        with ThreadPoolExecutor(2) as pool:
            together = Together(pool, _each, threads=2, every_s=0.2)

            async def one(n: int) -> float:
                await together.run(lambda: str(time.sleep(0.002 * n)))
                return time.monotonic()

            return await asyncio.gather(*map(one, range(10)))

    for _ in range(20):
        began = time.monotonic()
        told = asyncio.run(times())
        if max(told) - min(told) < 0.1:  # else this machine paused meanwhile
            break
    assert max(told) - min(told) < 0.1
    assert 0.1 < min(told) - began < 60


def test_who_leaves_early_holds_up_nobody() -> None:
    async def go() -> str:
        with ThreadPoolExecutor(1) as pool:
            together = Together(pool, _each, threads=1, every_s=0.01)
            left = asyncio.create_task(together.run(lambda: str(time.sleep(0.05))))
            await asyncio.sleep(0)
            left.cancel()
            return await together.run(lambda: "stayed")

    assert asyncio.run(go()) == "stayed"
