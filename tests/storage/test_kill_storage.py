"""SIGKILL at random moments of landing, publishing, migrating, archiving: nothing is half done."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import duckdb
import pytest
from desks import Desk

from extractors.records import WarcPosition
from flows.steps.maintain import run_maintain
from storage.archive import read_record
from storage.landing import group_waiting
from storage.migrate import shipped
from storage.publish import publish
from storage.warehouse import Warehouse

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KILLS = 12
SEED = 20230913
ROOT = Path(__file__).parents[2]


def kill_in(script: str, delay: float | None, *words: str, after: int = 0) -> str:
    """Run a script in a process of its own, kill it `delay` seconds after it says 'ready'.

    Or after so many more lines, however slow the machine is. With None it comes to its end.
    Returns what it had said after 'ready'.
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *words],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}:{ROOT / 'tests/benchmarks'}"},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        said = "".join(process.stdout.readline() for _ in range(after))
        if delay is not None:
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
        return said + process.stdout.read()


def whole(warehouse: Warehouse) -> None:
    """The file opens and the sums hold."""
    with warehouse.session() as session:
        assert session.execute("FROM orphans").fetchall() == []
        assert session.execute("FROM run_balance WHERE NOT balanced").fetchall() == []


LANDING = """
    import sys
    from pathlib import Path
    import bench_landing as bench
    from storage.landing import group_waiting, land_pages
    from storage.warehouse import Warehouse

    warehouse, start = Warehouse(Path(sys.argv[1])), int(sys.argv[2])
    writer = bench.Writer(start)
    batches = [writer.batch(start + number * 40, 40) for number in range(12)]
    print("ready", flush=True)
    with warehouse.session() as session:
        for pages, articles in batches:
            land_pages(
                session, pages, articles, run_id="bench", now=bench.NOW, group_later=True
            )
            print("landed", flush=True)
        group_waiting(session)
"""

GROUPS = "SELECT group_id, article_id, similarity FROM article_groups ORDER BY ALL"


def test_killed_while_landing_whole_batches_stay_and_nothing_else(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path, lock_wait_s=5)
    warehouse.migrate(NOW)
    dice = random.Random(SEED)
    acknowledged, amid = 0, 0
    for number in count():
        if amid == KILLS:  # one that had ended by then is done over
            break
        words, after = (str(tmp_path), str(number * 100_000)), dice.randrange(12)
        said = kill_in(LANDING, dice.uniform(0.0, 0.06), *words, after=after)
        batches = said.count("landed")
        acknowledged += batches
        amid += batches < 12
        whole(warehouse)
        with warehouse.session() as session:
            articles = session.execute("SELECT count(*) FROM articles").fetchone()
            pages = session.execute("SELECT count(*) FROM pages").fetchone()
            taken = session.execute("SELECT sum(taken) FROM run_stages").fetchone()
        assert articles == pages
        assert articles is not None
        assert taken == (2 * articles[0],) or (articles == (0,) and taken == (None,))
        assert articles[0] % 40 == 0
        # What was said to have landed is there; the batch being landed may be as well.
        assert acknowledged * 40 <= articles[0] <= (acknowledged + number + 1) * 40
    kill_in(LANDING, None, str(tmp_path), "0")
    with warehouse.session() as session:
        found = session.execute(GROUPS).fetchall()
        session.execute("DELETE FROM article_groups")
        session.execute("INSERT INTO articles_to_group SELECT article_id, false, '' FROM articles")
        group_waiting(session)
        assert found
        assert session.execute(GROUPS).fetchall() == found


PUBLISHING = """
    import sys
    from pathlib import Path
    from storage.publish import publish
    from storage.warehouse import Warehouse

    warehouse = Warehouse(Path(sys.argv[1]), lock_wait_s=5)
    print("ready", flush=True)
    while True:
        with warehouse.session() as session:
            session.execute("BEGIN; UPDATE meter SET number = number + 1; COMMIT")
        publish(warehouse)
        print("published", flush=True)
"""


def test_killed_while_publishing_the_copy_is_the_old_or_the_new_one(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path, lock_wait_s=5)
    warehouse.migrate(NOW)
    with warehouse.session() as session:
        session.execute(
            "CREATE TABLE meter AS SELECT 0 AS number, i AS row, md5(i::VARCHAR) AS filling "
            "FROM range(50000) t(i)"
        )
    publish(warehouse)
    dice = random.Random(SEED)
    last = 0
    for _ in range(KILLS):
        kill_in(PUBLISHING, dice.uniform(0.0, 0.15), str(tmp_path), after=dice.randrange(4))
        assert not (tmp_path / "news.duckdb.wal").exists()
        with duckdb.connect(str(warehouse.published), read_only=True) as copy:
            found = copy.execute("SELECT min(number), max(number), count(*) FROM meter").fetchone()
        assert found is not None
        assert found[0] == found[1]
        assert found[2] == 50_000
        assert found[0] >= last
        last = found[0]
        with warehouse.session() as session:
            newest = session.execute("SELECT min(number), max(number) FROM meter").fetchone()
        assert newest is not None
        assert newest[0] == newest[1] >= last
    assert last > 0


MIGRATING = """
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from storage.warehouse import Warehouse

    warehouse = Warehouse(Path(sys.argv[1]), lock_wait_s=5)
    print("ready", flush=True)
    warehouse.migrate(datetime(2026, 11, 24, tzinfo=UTC))
    print("done", flush=True)
"""


def test_killed_while_upgrading_the_next_start_ends_it(tmp_path: Path) -> None:
    frozen = (ROOT / "tests" / "data" / "schemas" / "0001.sql").read_text("utf-8")
    dice = random.Random(SEED)
    amid, most_s = 0, 0.35
    for number in count():
        if number >= KILLS and amid >= KILLS // 3:
            break
        data = tmp_path / str(number)
        data.mkdir()
        with duckdb.connect(str(data / "duckwire.duckdb")) as old:
            old.execute("SET TimeZone = 'UTC'")
            old.execute(frozen)
            old.execute(
                "INSERT INTO article_bands SELECT '00:00000000000000ff', 'x' || i "
                "FROM range(100000) t(i)"
            )
        if "done" in kill_in(MIGRATING, dice.uniform(0.0, most_s), str(data)):
            most_s *= 0.9  # a quick machine
        else:
            amid += 1
        warehouse = Warehouse(data, lock_wait_s=5)
        with warehouse.session() as session:
            log = session.execute("SELECT number FROM schema_migrations ORDER BY 1").fetchall()
        known = [(item.number,) for item in shipped()]
        assert log == known[: len(log)]
        warehouse.migrate(NOW)
        whole(warehouse)
        with warehouse.session() as session:
            assert session.execute("SELECT count(*) FROM articles").fetchone() == (3,)
            assert (
                session.execute("SELECT number FROM schema_migrations ORDER BY 1").fetchall()
                == known
            )


ARCHIVING = """
    import os, sys
    from datetime import UTC, datetime
    from pathlib import Path
    from extractors.records import Fetched
    from storage.archive import ArchiveWriter

    now = datetime(2026, 11, 23, tzinfo=UTC)
    writer = ArchiveWriter(Path(sys.argv[1]), sys.argv[2], segment_bytes=4_000_000)
    print("ready", flush=True)
    number = 0
    while True:
        number += 1
        url = f"https://paper.example/{sys.argv[2]}/{number}"
        page = Fetched(
            url=url, final_url=url, status=200, headers=(("Content-Type", "text/html"),),
            body=os.urandom(300_000), fetched_at=now,
        )
        at = writer.add(page, now)
        writer.sync()
        print(at.file, at.offset, at.digest, flush=True)
"""


def test_killed_while_archiving_the_torn_tail_is_cut_off_and_noticed(
    make_desk: Callable[..., Desk],
) -> None:
    desk = make_desk(verify_turns=1)
    root = desk.settings.archive_root
    warehouse = desk.job().warehouse
    warehouse.migrate(NOW)
    dice = random.Random(SEED)
    positions: list[WarcPosition] = []
    tails = 0
    for number in range(KILLS):
        run = f"killed-{number}"
        with warehouse.session() as session:
            session.execute("INSERT INTO runs (run_id, state) VALUES (?, 'crashed')", [run])
        delay, after = dice.uniform(0.0, 0.1), dice.randint(1, 4)
        said = kill_in(ARCHIVING, delay, str(root), run, after=after)
        written = [line.split() for line in said.splitlines() if line.count(" ") == 2]
        positions += [WarcPosition(file, int(offset), digest) for file, offset, digest in written]
        if number % 2:  # the disk kept only a part of what was being written
            newest = max(root.rglob(f"*{run}-*"), key=lambda path: path.stat().st_mtime)
            with newest.open("ab") as stream:
                stream.write(gzip.compress(dice.randbytes(6000))[: dice.randint(20, 5000)])
        upkeep = run_maintain(desk.job("maintain"))
        assert upkeep.broken == ()
        assert upkeep.findings == ()
        assert all(run in torn.file for torn in upkeep.torn)
        assert len(upkeep.torn) >= number % 2
        tails += len(upkeep.torn)
        ((detail,),) = desk.ask(f"SELECT detail FROM runs WHERE run_id = '{run}'")
        assert ("were cut off" in (detail or "")) == bool(upkeep.torn)
    assert tails >= KILLS // 2
    assert len(positions) >= KILLS
    for position in positions:
        assert len(read_record(root, position).body) == 300_000
