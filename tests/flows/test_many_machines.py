"""Three workers, of which one is killed, while the server and PostgreSQL restart: real parts all.

A tenth of the size that it is about, which is that of `bench_many_machines.py`.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from desks import new_desk
from machines import all_feeds, machines, papers
from tables import TABLES, tables_in, tables_of

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(900)]

FEEDS, PAGES = 204, 2004  # a tenth of the full size; six servers have a sixth each


def test_whatever_fails_the_tables_are_those_of_one_undisturbed_process(tmp_path: Path) -> None:
    with papers(3, feeds=FEEDS, pages=PAGES) as rooms:
        feeds = all_feeds(rooms)
        alone = new_desk(tmp_path / "alone", feeds)
        alone.run()
        wanted = tables_of(alone.database)
        assert len(wanted["articles"]) == PAGES
        with machines(tmp_path, feeds) as made:
            deployments = made.deploy(3)
            made.start_workers(3)
            made.disturb(rooms, deployments, feeds=FEEDS, pages=PAGES)
            made.start_workers(1)
            made.run_all(deployments, seconds=400)
            with made.desk.job().warehouse.reading() as session:
                assert session.execute("FROM orphans").fetchall() == []
                found = tables_in(session)
        for table in TABLES:
            assert found[table] == wanted[table], table
