"""Child processes at work: what one item does to its process reaches no other item."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flows.settings import ROOT
from flows.steps.children import Children, WorkFailed
from flows.steps.turns import process_is_gone

WORK = """
import os, time

kept = []

def work(shared, *rest):
    *given, body = rest
    if body == b"who":
        return os.getpid()
    if body == b"shared":
        return shared
    if body == b"endless":
        while True:
            pass
    if body == b"asleep":
        time.sleep(60)
    if body == b"nap":
        time.sleep(0.6)
    if body == b"holds":
        kept.append(b"x" * 200_000_000)
    if body == b"dies":
        os._exit(3)
    if body == b"raises":
        raise ValueError("odd")
    if body == b"fat":
        return len(bytearray(300_000_000))
    if body == b"grows":
        kept.append(b"x" * 400_000_000)
    return (*given, body)
"""


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "at_work.py").write_text(WORK, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return "at_work:work"


@pytest.fixture
def one(work: str) -> Iterator[Children]:
    with Children(work, 1, seconds=60, memory=10**9) as children:
        yield children


def test_what_is_given_goes_there_and_back(one: Children) -> None:
    body = bytes(range(256)) * 20_000  # more than a socket holds
    assert one.call(("a", 1), body) == ("a", 1, body)
    assert one.call((), b"") == (b"",)


def test_what_is_shared_goes_there_once_for_each_key(one: Children) -> None:
    asked = [((), b"shared")]
    assert one.call_all(asked, "k1", "first") == ["first"]
    assert one.call_all(asked, "k1", "not sent") == ["first"]
    assert one.call_all(2 * asked, "k2", "second") == ["second", "second"]


def _told(answers: list[Any]) -> list[Any]:
    return [str(one) if isinstance(one, WorkFailed) else one for one in answers]


def test_a_lump_of_items_is_answered_in_its_order(one: Children) -> None:
    bodies = [bytes([n]) * 400_000 * (n % 3) for n in range(9)]
    items = [((n,), body) for n, body in enumerate(bodies)]
    assert one.call_all(items) == [(n, body) for n, body in enumerate(bodies)]
    assert one.call_all([]) == []
    assert len(one.pids) == 1


def test_of_a_lump_an_item_that_raises_fails_alone_and_in_its_place(one: Children) -> None:
    first, failed, last = _told(one.call_all([((), b"a"), ((), b"raises"), ((), b"b")]))
    assert (first, last) == ((b"a",), (b"b",))
    assert failed.startswith("ValueError: odd at at_work.py:")


def test_of_a_lump_an_item_that_ends_its_process_fails_alone(one: Children) -> None:
    items = [((), body) for body in (b"a", b"dies", b"b", b"dies", b"c")]
    died = "the process that read it ended with status 3"
    assert _told(one.call_all(items)) == [(b"a",), died, (b"b",), died, (b"c",)]


def test_of_a_lump_an_item_has_the_memory_that_it_would_have_alone(work: str) -> None:
    with Children(work, 1, seconds=60, memory=450_000_000) as children:
        first, large, last = children.call_all([((), b"holds"), ((), b"fat"), ((), b"who")])
        assert (first, large) == ((b"holds",), 300_000_000)
        assert [last] == children.pids


def test_an_item_has_the_memory_that_it_would_have_in_a_new_process(work: str) -> None:
    with Children(work, 1, seconds=60, memory=450_000_000) as children:
        before = children.call((), b"who")
        children.call((), b"holds")
        assert children.call((), b"fat") == 300_000_000
        assert children.pids != [before]


def test_a_process_that_keeps_what_it_took_is_replaced_in_the_midst_of_a_lump(
    one: Children,
) -> None:
    before, grown, after = one.call_all([((), b"who"), ((), b"grows"), ((), b"who")])
    assert grown == (b"grows",)
    assert before != after


def test_when_the_caller_has_left_nothing_more_of_a_lump_is_begun(one: Children) -> None:
    left = threading.Event()
    one.call((), b"")
    threading.Timer(0.2, left.set).start()
    answers = _told(one.call_all([((), b"nap")] * 9, stopped=left))
    assert answers[-1] == "it was stopped"
    assert (b"nap",) in answers
    assert one.call((), b"next") == (b"next",)


def test_what_it_took_is_told_without_the_wait_for_a_process(one: Children) -> None:
    told: list[tuple[int, float]] = []
    items = [((), body) for body in (b"nap", b"a", b"dies", b"b")]
    one.call_all(items, took=lambda count, seconds: told.append((count, seconds)))
    assert sum(count for count, _ in told) == 3
    assert sum(seconds for _, seconds in told) >= 0.6


def test_lumps_that_are_sent_ahead_get_their_own_answers_whatever_befalls_the_others(
    work: str,
) -> None:
    kinds = [b"raises", b"dies", *[b"x" * n for n in (1, 0, 5_000, 70_000, 900_000)] * 3]
    lumps = [
        [((turn, n), kinds[(7 * turn + n) % len(kinds)]) for n in range(turn % 6)]
        for turn in range(30)
    ]
    with Children(work, 2, seconds=60, memory=10**9) as children, ThreadPoolExecutor(5) as callers:
        told = list(callers.map(lambda lump: _told(children.call_all(lump)), lumps))
    for lump, answers in zip(lumps, told, strict=True):
        for (given, body), answer in zip(lump, answers, strict=True):
            if body == b"dies":
                assert answer == "the process that read it ended with status 3"
            elif body == b"raises":
                assert answer.startswith("ValueError: odd")
            else:
                assert answer == (*given, body)


def test_a_lump_waits_at_a_process_that_another_one_ends_and_is_not_charged(one: Children) -> None:
    one.call((), b"")
    with ThreadPoolExecutor(2) as callers:
        first = callers.submit(one.call_all, [((), b"nap"), ((), b"dies")])
        time.sleep(0.2)
        second = callers.submit(one.call_all, [((), b"a"), ((), b"b")])
        assert second.result(60) == [(b"a",), (b"b",)]
        assert _told(first.result(60)) == [
            (b"nap",),
            "the process that read it ended with status 3",
        ]


def test_a_lump_that_was_sent_ahead_is_not_waited_for_when_its_caller_has_left(
    one: Children,
) -> None:
    one.call((), b"")
    left = threading.Event()
    with ThreadPoolExecutor(2) as callers:
        first = callers.submit(one.call_all, [((), b"nap")])
        time.sleep(0.2)
        second = callers.submit(one.call_all, [((), b"endless")], stopped=left)
        time.sleep(0.1)
        left.set()
        assert _told(second.result(30)) == ["it was stopped"]
        assert first.result(30) == [(b"nap",)]
    assert one.call((), b"next") == (b"next",)


@pytest.mark.slow
def test_the_time_of_an_item_is_its_own_in_a_lump_as_well(work: str) -> None:
    """Three that take more than that together are done; of two others, one never ends."""
    with Children(work, 1, seconds=1.5, memory=10**9) as children:
        assert children.call_all([((), b"nap")] * 3) == [(b"nap",)] * 3
        first, failed, last = _told(children.call_all([((), b"a"), ((), b"endless"), ((), b"b")]))
    assert (first, last) == ((b"a",), (b"b",))
    assert failed == "reading it took over 1.5 s"


def test_an_item_that_takes_too_long_fails_alone(work: str) -> None:
    with Children(work, 1, seconds=0.2, memory=10**9) as children:
        with pytest.raises(WorkFailed, match=r"over 0\.2 s"):
            children.call((), b"endless")
        children.seconds = 60
        assert children.call((), b"next") == (b"next",)


def test_an_item_that_takes_too_much_memory_fails_alone(work: str) -> None:
    with Children(work, 1, seconds=60, memory=100_000_000) as children:
        with pytest.raises(WorkFailed, match="too much memory"):
            children.call((), b"fat")
        assert children.call((), b"next") == (b"next",)


def test_an_item_that_raises_fails_with_the_place_to_mend(one: Children) -> None:
    with pytest.raises(WorkFailed, match=r"ValueError: odd at at_work\.py:\d+"):
        one.call((), b"raises")
    assert one.call((), b"next") == (b"next",)


def test_a_process_killed_in_the_middle_of_an_item_costs_that_item_alone(one: Children) -> None:
    pid = one.call((), b"who")
    killer = threading.Timer(0.3, os.kill, (pid, signal.SIGKILL))
    killer.start()
    with pytest.raises(WorkFailed, match="ended with signal 9"):
        one.call((), b"asleep")
    assert one.call((), b"who") != pid


def test_a_process_that_keeps_what_it_took_is_replaced(one: Children) -> None:
    pid = one.call((), b"who")
    assert one.call((), b"grows") == (b"grows",)
    assert one.call((), b"who") != pid


def test_processes_are_started_only_when_there_is_work_for_them(work: str) -> None:
    with Children(work, 4, seconds=60, memory=10**9) as children:
        assert children.pids == []
        for _ in range(3):
            children.call((), b"")
        assert len(children.pids) == 1


def test_all_are_started_at_once_where_that_is_asked_for_and_then_do_the_work(work: str) -> None:
    with Children(work, 2, seconds=60, memory=10**9) as children:
        children.warm()
        deadline = time.monotonic() + 100
        while len(started := set(children.pids)) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert children.call((), b"who") in started
        assert set(children.pids) == started


def test_no_process_outlives_a_parent_that_was_killed_however_long_its_item_takes(
    work: str,
) -> None:
    """One child waits for work, the other is at work that never ends."""
    program = (
        "import sys, threading, time\n"
        "from flows.steps.children import Children, WorkFailed\n"
        f"both = Children({work!r}, 2, seconds=1, memory=10**9)\n"
        "while not both.pids:\n"
        "    try:\n"
        "        both.call((), b'')\n"
        "    except WorkFailed:\n"  # a pause of this machine: it is replaced
        "        pass\n"
        "both.seconds = 60\n"  # the parent would wait; the first child's own clock is set
        "one = threading.Thread(target=both.call, args=((), b'endless'), daemon=True)\n"
        "one.start()\n"
        "time.sleep(0.2)\n"
        "both.call((), b'')\n"
        "print(*both.pids, flush=True)\n"
        "sys.stdin.read()\n"
    )
    path = os.pathsep.join((str(ROOT), os.environ["PYTHONPATH"]))
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout
        pids = [int(word) for word in parent.stdout.readline().split()]
        parent.kill()
    assert len(pids) == 2
    deadline = time.monotonic() + 100
    while not all(process_is_gone(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.05)
