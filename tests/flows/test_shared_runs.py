"""Whole runs on shared warehouses: the tables of a file, several at once, killed at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from desks import Desk
from shared_targets import SHARED, TOKEN, Server, free_port, served, target_settings, targets
from tables import tables_in, tables_of

from flows.newsroom import Newsroom
from flows.warehouses import warehouse_of
from storage.errors import StorageError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

MakeDesk = Callable[..., Desk]
WRONG = "SELECT * FROM run_balance WHERE NOT balanced"
# Every article lands in one transaction with its entries' link to it and its judgement.
HALF_LANDED = (
    "SELECT count(*) FROM articles a WHERE NOT EXISTS "
    "(SELECT 1 FROM pages p WHERE p.article_id = a.article_id) "
    "OR NOT EXISTS (SELECT 1 FROM article_topics t WHERE t.article_id = a.article_id)"
)


def environment(desk: Desk, **more: str) -> dict[str, str]:
    """What makes the command work on a desk."""
    settings = desk.settings
    said = {
        "DUCKWIRE_DATA": str(settings.data),
        "DUCKWIRE_FEEDS": str(settings.feeds),
        "DUCKWIRE_SEEDS": str(settings.data),  # no files to load
        "DUCKWIRE_ALLOW_HOSTS": "127.0.0.1",
        "DUCKWIRE_PACE_ALLOWED": "false",
        "DUCKWIRE_BATCH": "5",
    }
    if settings.warehouse:
        said["DUCKWIRE_WAREHOUSE"] = settings.warehouse.get_secret_value()
    if settings.quack_token:
        said["DUCKWIRE_QUACK_TOKEN"] = settings.quack_token.get_secret_value()
    if settings.lake_data:
        said["DUCKWIRE_LAKE_DATA"] = settings.lake_data
    return {**os.environ, **said, **more}


def start(desk: Desk, *words: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import main; main()", *words],
        env=environment(desk, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return out


def tables_on(desk: Desk) -> dict[str, list[tuple[Any, ...]]]:
    with warehouse_of(desk.settings).reading() as session:
        assert session.execute("FROM orphans").fetchall() == []
        assert session.execute(WRONG).fetchall() == []
        return tables_in(session)


def newsroom_desk(make_desk: MakeDesk, newsroom: Newsroom, name: str, **settings: str) -> Desk:
    return make_desk(newsroom.feeds(), name=name, **settings)


@pytest.fixture(scope="module")
def on_file(landed: Desk) -> dict[str, list[tuple[Any, ...]]]:
    return tables_of(landed.database)


@pytest.mark.parametrize("target", targets(*SHARED))
def test_a_whole_run_gives_the_tables_of_a_file(
    target: str, make_desk: MakeDesk, newsroom: Newsroom, tmp_path: Path, on_file: dict[str, Any]
) -> None:
    with target_settings(target, tmp_path) as settings:
        desk = newsroom_desk(make_desk, newsroom, "desk", **settings)
        finish(start(desk, "run", "--direct", "--json"))
        assert tables_on(desk) == on_file
        assert not desk.database.exists()
        finish(start(desk, "maintain", "--direct"))
        told = finish(start(desk, "sql", "--json", "SELECT count(*) AS n FROM summit_articles"))
        assert '"n": 0' not in told
        assert "articles" in finish(start(desk, "status"))


READER = """
import os, sys, time
from flows.settings import load_settings
from flows.warehouses import warehouse_of
from storage.asking import Asker
asked = 0
with Asker(warehouse_of(load_settings())) as asker:
    while not os.path.exists(sys.argv[1]):
        assert asker.ask(sys.argv[2]).rows == [(0,)], "half landed"
        asker.ask("SELECT topic_id, sum(articles) FROM topic_timeline GROUP BY ALL")
        asked += 1
        if asked == 1:
            print("asking", flush=True)
        time.sleep(0.02)
print(asked)
"""


@contextmanager
def readers(desk: Desk, count: int, stop: Path) -> Iterator[list[subprocess.Popen[str]]]:
    line = [sys.executable, "-c", READER, str(stop), HALF_LANDED]
    started = [
        subprocess.Popen(
            line, env=environment(desk), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(count)
    ]
    try:
        for reader in started:
            assert reader.stdout is not None
            assert reader.stdout.readline() == "asking\n"
        yield started
    finally:
        stop.touch()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with served(tmp_path / "served.duckdb") as server:
        yield server


@pytest.fixture
def strict_server(tmp_path: Path) -> Iterator[Server]:
    """One that soon takes a client that rests inside a transaction for dead."""
    with served(tmp_path / "served.duckdb", abandoned_s=2) as server:
        yield server


def test_two_ingests_and_four_readers_at_once_all_end_well(
    server: Server,
    make_desk: MakeDesk,
    newsroom: Newsroom,
    tmp_path: Path,
    on_file: dict[str, Any],
) -> None:
    one = newsroom_desk(make_desk, newsroom, "one", **server.settings)
    other = newsroom_desk(make_desk, newsroom, "other", **server.settings)
    with readers(one, 4, tmp_path / "stop") as asking:
        runs = [start(one, "run", "--direct"), start(other, "run", "--direct")]
        for run in runs:
            finish(run)
    assert all(int(finish(reader)) > 3 for reader in asking)
    assert tables_on(one) == on_file


@pytest.mark.parametrize("target", targets("ducklake-sqlite", "ducklake-postgres"))
def test_two_processes_that_land_the_same_new_articles_double_none(
    target: str, tmp_path: Path, make_desk: MakeDesk, newsroom: Newsroom
) -> None:
    script = """
import sys
from flows.settings import load_settings
from flows.warehouses import warehouse_of
from arrivals import FEEDS, article, land, land_all, page, whole_poll
warehouse = warehouse_of(load_settings())
print("ready", flush=True)
sys.stdin.readline()
for turn in range(8):
    urls = [f"https://paper.example/{turn}/{number}" for number in range(20)]
    made = [article(url, url, f"Title {url}", f"Words of {url}. " * 40) for url in urls]
    rows = [page(url, article_id=item.article.article_id) for url, item in zip(urls, made)]
    with warehouse.session() as session:
        land(session, list(zip(rows, made)))
"""
    with target_settings(target, tmp_path) as settings:
        desk = newsroom_desk(make_desk, newsroom, "desk", **settings)
        warehouse = warehouse_of(desk.settings)
        warehouse.migrate(desk.job().clock())
        paths = os.pathsep.join(["tests", "."])
        both = [
            subprocess.Popen(
                [sys.executable, "-c", script],
                env=environment(desk, PYTHONPATH=paths),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(2)
        ]
        for process in both:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in both:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        for process in both:
            finish(process)
        with warehouse.reading() as session:
            found = session.execute("SELECT count(*), count(DISTINCT article_id) FROM articles")
            assert found.fetchone() == (160, 160)
            assert session.execute("FROM orphans").fetchall() == []


def test_acknowledged_rows_survive_the_servers_death(server: Server, make_desk: MakeDesk) -> None:
    warehouse = warehouse_of(make_desk(**server.settings).settings)
    for turn in range(5):
        with warehouse.session() as session:
            session.execute("INSERT INTO leases (name) VALUES (?)", [f"lease {turn}"])
            session.begin()
            session.execute("INSERT INTO leases (name) VALUES ('never acknowledged')")
            server.kill()
            with pytest.raises(StorageError, match="does not answer"):
                session.commit()
        server.start()
        with warehouse.reading() as session:
            names = session.execute("SELECT name FROM leases ORDER BY name").fetchall()
        assert names == [(f"lease {number}",) for number in range(turn + 1)]


def test_a_client_killed_inside_a_transaction_holds_nobody_up(
    strict_server: Server, make_desk: MakeDesk
) -> None:
    desk = make_desk(**strict_server.settings)
    script = """
import os, signal
from flows.settings import load_settings
from flows.warehouses import warehouse_of
with warehouse_of(load_settings()).session() as session:
    session.begin()
    session.execute("INSERT INTO leases (name) VALUES ('half')")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run(
        [sys.executable, "-c", script], env=environment(desk), check=False, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL
    warehouse = warehouse_of(desk.settings)
    # A reader that was there before goes on, although the server drops all sessions in between.
    with warehouse.reading() as reading:
        query = "SELECT count(*) FROM leases"
        assert reading.execute(query).fetchone() == (0,)
        started = time.monotonic()
        with warehouse_of(desk.settings).session() as session:
            session.execute("INSERT INTO leases (name) VALUES ('whole')")
        assert time.monotonic() - started < 60
        assert reading.execute(query).fetchone() == (1,)


def test_serve_serves_says_how_to_ask_and_stops_cleanly(make_desk: MakeDesk) -> None:
    desk = make_desk()
    port = free_port()
    process = start(desk, "serve", "--listen", f"127.0.0.1:{port}", PYTHONUNBUFFERED="1")
    assert process.stdout is not None
    kept = desk.settings.data / "quack.token"
    assert process.stdout.readline() == f"serving quack:127.0.0.1:{port} (token: {kept})\n"
    assert kept.stat().st_mode & 0o777 == 0o600
    client = {"warehouse": f"quack:127.0.0.1:{port}", "quack_token": kept.read_text().strip()}
    shared = make_desk(name="shared", **client)
    with warehouse_of(shared.settings).reading() as session:
        assert session.execute("SELECT count(*) FROM articles").fetchone() == (0,)
    wrong = make_desk(name="wrong", **{**client, "quack_token": "another token"})
    refused = start(wrong, "sql", "SELECT 1")
    assert "refused the token" in refused.communicate(timeout=120)[1]
    assert refused.returncode == 1
    process.send_signal(signal.SIGTERM)
    said = process.stdout.read()
    assert process.wait(timeout=30) == 0
    assert client["quack_token"] not in said
    assert "CREATE SECRET (TYPE quack" in said
    assert said.endswith("stopped; everything is in the file\n")
    assert not (desk.settings.data / "duckwire.duckdb.wal").exists()


def test_serve_refuses_to_be_reached_from_elsewhere_unless_told(make_desk: MakeDesk) -> None:
    refused = start(make_desk(), "serve", "--listen", "0.0.0.0:9494")
    errors = refused.communicate(timeout=120)[1]
    assert (refused.returncode, "--anywhere" in errors) == (1, True)
    assert TOKEN not in errors
