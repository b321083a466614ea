"""One opening of the working file serves many batches, and never for long."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import duckdb
import pytest

from extractors.records import Extracted
from flows.steps.rows import article_landing
from flows.steps.sitting import Sitting, in_thread
from storage.errors import StorageError
from storage.landing import land_pages
from storage.rows import ArticleLanding
from storage.warehouse import Warehouse

NOW = datetime(2023, 9, 13, tzinfo=UTC)


@pytest.fixture
def warehouse(tmp_path):
    made = Warehouse(tmp_path, lock_wait_s=0.1)
    made.migrate(NOW)
    return made


def test_sessions_of_one_sitting_share_one_opening(warehouse):
    with Sitting(warehouse) as sitting:
        with sitting.session() as first:
            pass
        with sitting.session() as second:
            assert second is first


def test_a_pause_closes_the_file_until_the_next_session(warehouse):
    with Sitting(warehouse) as sitting:
        with sitting.session() as session:
            pass
        sitting.rise()
        with pytest.raises(duckdb.ConnectionException):
            session.execute("SELECT 1")
        with sitting.session() as fresh:
            assert fresh.execute("SELECT count(*) FROM articles").fetchone() == (0,)


def test_the_file_is_closed_when_it_has_not_been_used_for_a_while_and_not_before(warehouse):
    with Sitting(warehouse) as sitting:
        with sitting.session() as session:
            pass
        sitting.rise_if_idle(600)
        session.execute("SELECT 1")
        sitting.rise_if_idle(0)
        with pytest.raises(duckdb.ConnectionException):
            session.execute("SELECT 1")


def test_a_sitting_ends_after_a_while_so_that_others_get_their_turn(warehouse):
    with Sitting(warehouse, most_s=0) as sitting:
        with sitting.session() as session:
            pass
        with pytest.raises(duckdb.ConnectionException):
            session.execute("SELECT 1")


def copies_of_one_text(count: int) -> list[ArticleLanding]:
    text = " ".join(f"word{number}" for number in range(100))
    return [
        article_landing(
            Extracted(url=f"https://paper{number}.example/a", text=text, language="en"),
            article_id=f"a_{number}",
            preference="0",
            source_kind="feed",
            run_id="run-1",
            now=NOW,
            page_id=f"p_{number}",
        )
        for number in range(count)
    ]


def test_near_duplicates_of_all_its_batches_are_found_before_it_ends(warehouse):
    with Sitting(warehouse) as sitting:
        for made in copies_of_one_text(3):
            with sitting.session() as session:
                land_pages(session, [], [made], run_id="run-1", now=NOW, group_later=True)
    with warehouse.session() as session:
        assert session.execute("SELECT count(*) FROM article_groups").fetchone() == (3,)


def test_what_the_disk_refuses_is_told_in_the_warehouses_words(warehouse):
    with (
        Sitting(warehouse) as sitting,
        pytest.raises(StorageError, match="nothing that had landed"),
        sitting.session(),
    ):
        raise duckdb.IOException("No space left on device")


@pytest.mark.parametrize("ended", [asyncio.CancelledError, KeyboardInterrupt])
def test_whoever_is_cancelled_leaves_when_its_work_in_a_thread_has_ended(
    ended: type[BaseException],
) -> None:
    done = []

    def work() -> None:
        time.sleep(0.2)
        done.append("work")

    async def caller() -> None:
        try:
            await in_thread(work)
        finally:
            done.append("caller")

    async def main() -> None:
        called = asyncio.create_task(caller())
        await asyncio.sleep(0.05)
        called.cancel()
        if ended is KeyboardInterrupt:
            raise ended
        await called

    with pytest.raises(ended):
        asyncio.run(main())
    assert done == ["work", "caller"]


def test_what_goes_wrong_in_the_thread_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(in_thread(divmod, 1, 0))
