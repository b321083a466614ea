"""`maintain`: what is old goes, what is damaged is named, a file of mostly air is rewritten."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from desks import Desk

from flows.steps.ingest import publish_after_run
from flows.steps.maintain import Upkeep, run_maintain, upkeep_lines
from flows.steps.reprocess import run_reprocess
from storage.compaction import compact
from storage.warehouse import Warehouse

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "seeds" / "articles"


@pytest.fixture
def fill(make_desk: Callable[..., Desk]) -> Callable[..., Desk]:
    """Make a desk with the sample files landed, and these settings."""

    def made(**settings: object) -> Desk:
        desk = make_desk(**settings)
        desk.run(seeds=SAMPLES, poll=False)
        return desk

    return made


def maintain(desk: Desk, days_later: int = 0) -> Upkeep:
    """An upkeep so many days from now."""
    later = datetime.now(UTC) + timedelta(days=days_later)
    return run_maintain(desk.job("maintain", clock=lambda: later))


def segments(desk: Desk) -> list[Path]:
    return sorted(desk.settings.archive_root.rglob("*.warc.gz"))


def add_polls(desk: Desk, *days_ago: int) -> None:
    with desk.job().warehouse.session() as session:
        for days in days_ago:
            session.execute(
                "INSERT INTO polls (feed_id, run_id, polled_at, state) "
                "VALUES ('f', 'r', ?, 'known')",
                [datetime.now(UTC) - timedelta(days=days)],
            )


def test_old_polls_go_but_for_the_last_one_of_a_feed(fill: Callable[..., Desk]) -> None:
    desk = fill(keep_polls_days=30)
    add_polls(desk, 100, 90, 10)
    assert maintain(desk).dropped.polls == 2
    assert desk.ask("SELECT count(*) FROM polls WHERE feed_id = 'f'") == [(1,)]
    add_polls(desk, 5)
    assert maintain(desk, days_later=400).dropped.polls >= 1
    assert desk.ask("SELECT count(*) FROM polls WHERE feed_id = 'f'") == [(1,)]


def test_articles_pages_and_bytes_stay_unless_told_otherwise(fill: Callable[..., Desk]) -> None:
    desk = fill()
    counts = "SELECT (FROM articles SELECT count(*)), (FROM pages SELECT count(*))"
    before = desk.ask(counts)
    kept = segments(desk)
    assert kept
    upkeep = maintain(desk, days_later=5000)
    assert (upkeep.dropped.pages, upkeep.dropped.segments) == (0, 0)
    assert (
        desk.ask("SELECT (FROM articles SELECT count(*)), (FROM pages SELECT count(*))") == before
    )
    assert segments(desk) == kept


def test_old_pages_rows_go_and_their_articles_stay(fill: Callable[..., Desk]) -> None:
    desk = fill(keep_pages_days=30)
    articles = desk.ask("SELECT count(*) FROM articles")
    with desk.job().warehouse.session() as session:
        session.execute("UPDATE pages SET fetched_at = first_seen_at WHERE fetched_at IS NULL")
    upkeep = maintain(desk, days_later=31)
    assert upkeep.dropped.pages > 0
    assert upkeep.findings == ()
    assert desk.ask("SELECT count(*) FROM pages WHERE state <> 'waiting'") == [(0,)]
    assert desk.ask("SELECT count(*) FROM articles") == articles


def test_rows_whose_bytes_went_are_marked_and_reprocess_leaves_them(
    fill: Callable[..., Desk],
) -> None:
    desk = fill(keep_archive_days=60)
    articles = desk.ask("SELECT count(*) FROM articles")
    had = desk.ask("SELECT count(*) FROM pages WHERE warc_digest IS NOT NULL")
    assert had != [(0,)]
    assert maintain(desk, days_later=30).dropped.segments == 0
    upkeep = maintain(desk, days_later=120)
    assert upkeep.dropped.segments > 0
    assert segments(desk) == []
    marked = desk.ask(
        "SELECT count(*) FROM pages WHERE warc_file IS NULL AND warc_digest IS NOT NULL"
    )
    assert marked == had
    with desk.job().warehouse.session() as session:
        session.execute("UPDATE pages SET extractor_version = 'old'")
    changes = run_reprocess(desk.job("reprocess"), pages=True, topics=False, skipped=False)
    assert (changes.pages, changes.unreadable) == (0, 0)
    assert desk.ask("SELECT count(*) FROM articles") == articles


def test_a_file_that_is_mostly_free_is_rewritten_whole(tmp_path: Path) -> None:
    warehouse = mostly_free(tmp_path)
    before = content(warehouse)
    done = compact(warehouse, share=0.2)
    assert done is not None
    assert done.after < done.before / 2
    assert warehouse.path.stat().st_size == done.after
    assert content(warehouse) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["duckwire.duckdb"]


def test_a_full_file_is_left_alone(tmp_path: Path) -> None:
    warehouse = mostly_free(tmp_path)
    before = warehouse.path.stat().st_ino
    assert compact(warehouse, share=0.999) is None
    assert compact(warehouse, share=0) is None
    assert warehouse.path.stat().st_ino == before


def mostly_free(folder: Path) -> Warehouse:
    """A warehouse of some megabytes, nine tenths of which were deleted."""
    warehouse = Warehouse(folder)
    warehouse.migrate(NOW)
    with warehouse.session() as session:
        session.execute(
            "INSERT INTO runs (run_id, detail) "
            "SELECT i::VARCHAR, md5(i::VARCHAR) || md5((i + 1)::VARCHAR) FROM range(400000) t(i)"
        )
    with warehouse.session() as session:
        session.execute("DELETE FROM runs WHERE run_id NOT LIKE '%7'")
    return warehouse


def content(warehouse: Warehouse) -> list[object]:
    """Rows, views and comments of a working file."""
    with warehouse.session() as session:
        return [
            session.execute(query).fetchall()
            for query in (
                "SELECT count(*), sum(hash(runs)) FROM runs",
                "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL",
                "FROM duckdb_columns() SELECT table_name, column_name, comment ORDER BY ALL",
                "FROM schema_migrations ORDER BY ALL",
            )
        ]


def test_a_damaged_record_is_named_as_a_failure_until_it_holds_again(
    fill: Callable[..., Desk],
) -> None:
    desk = fill(verify_turns=1)
    assert maintain(desk).broken == ()
    damaged = max(segments(desk), key=lambda path: path.stat().st_size)
    whole = damaged.read_bytes()
    middle = len(whole) // 2
    damaged.write_bytes(whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :])
    upkeep = maintain(desk)
    assert {item.file for item in upkeep.broken} == {
        damaged.relative_to(desk.settings.archive_root).as_posix()
    }
    assert any("restore the segment" in line for line in upkeep_lines(upkeep))
    assert desk.ask("SELECT DISTINCT reason FROM failures WHERE stage = 'page'") == [("no_bytes",)]
    assert damaged.stat().st_size == len(whole), "what lies behind the damage is not cut off"
    damaged.write_bytes(whole)
    assert maintain(desk).broken == ()
    assert desk.ask("SELECT count(*) FROM failures WHERE reason = 'no_bytes'") == [(0,)]


def test_each_segment_is_verified_once_in_so_many_upkeeps(fill: Callable[..., Desk]) -> None:
    desk = fill(verify_turns=3)
    root = desk.settings.archive_root
    for number in range(9):
        copy = root / "2026/01" / f"duckwire-x-{number}.warc.gz"
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(segments(desk)[-1].read_bytes())
    verified = [maintain(desk, days_later=day).verified for day in range(3)]
    assert sum(verified) == len(segments(desk))
    assert max(verified) < len(segments(desk))


def test_a_torn_tail_is_cut_off_and_said_in_the_runs_detail(fill: Callable[..., Desk]) -> None:
    desk = fill()
    (torn,) = segments(desk)[-1:]
    whole = torn.stat().st_size
    with torn.open("ab") as stream:
        stream.write(torn.read_bytes()[:200])
    upkeep = maintain(desk)
    assert [(item.kept, item.cut) for item in upkeep.torn] == [(whole, 200)]
    assert torn.stat().st_size == whole
    ((detail,),) = desk.ask("SELECT detail FROM runs WHERE kind = 'ingest'")
    assert "200 bytes of a half-written record were cut off" in detail


def test_half_made_files_of_killed_processes_are_removed(fill: Callable[..., Desk]) -> None:
    desk = fill()
    data = desk.settings.data
    left = [data / ".news.duckdb.7.part", data / ".duckwire.duckdb.7.part"]
    old = time.time() - 7200
    for path in left:
        path.write_bytes(b"half")
        os.utime(path, (old, old))
    (data / "backups" / ".one.part").mkdir(parents=True)
    os.utime(data / "backups" / ".one.part", (old, old))
    assert maintain(desk).stray_files == 3
    assert not any(path.exists() for path in left)


def test_with_a_gap_set_a_change_is_published_by_a_later_run(fill: Callable[..., Desk]) -> None:
    desk = fill(publish_gap=timedelta(minutes=10))
    job = desk.job()
    assert not publish_after_run(job, True)
    soon = desk.job(clock=lambda: datetime.now(UTC) + timedelta(minutes=11))
    assert publish_after_run(soon, False)
    assert not publish_after_run(soon, False)


def test_readers_of_the_copy_go_on_while_the_file_is_rewritten(tmp_path: Path) -> None:
    from storage.publish import publish

    warehouse = mostly_free(tmp_path)
    publish(warehouse)
    with duckdb.connect(str(warehouse.published), read_only=True) as reader:
        before = reader.execute("SELECT count(*) FROM runs").fetchone()
        assert compact(warehouse, share=0.2) is not None
        publish(warehouse)
        assert reader.execute("SELECT count(*) FROM runs").fetchone() == before
