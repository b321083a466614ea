"""The habits of hosts, counted as articles settle: the lines that recur on their pages, which are
left out of their texts, and the clock of their times without a zone.

They are told from the stored articles alone, a host and month of publication at a time, so
whatever order the articles came in, and in however many runs, the same lines are found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import pyarrow as pa

from extractors.records import SiteHabits
from storage.columnar import arriving
from storage.landing import transaction
from storage.migrate import sql_text
from storage.session import Session as Connection
from storage.work import StoredPage, stored_pages

Habits = dict[str, SiteHabits]  # by host


def site_habits(connection: Connection) -> Habits:
    """What is known of each host whose pages have anything in common."""
    lines: defaultdict[str, set[int]] = defaultdict(set)
    for host, line in connection.execute("SELECT DISTINCT host, line FROM host_lines").fetchall():
        lines[host].add(line)
    clocks: defaultdict[str, dict[str, int]] = defaultdict(dict)
    found = connection.execute("SELECT host, month, minutes FROM host_clocks ORDER BY ALL")
    for host, month, minutes in found.fetchall():
        clocks[host][month] = minutes
    hosts = lines.keys() | clocks.keys()
    return {
        host: SiteHabits(frozenset(lines.get(host, ())), clocks.get(host, {})) for host in hosts
    }


def unsettled_hosts(connection: Connection) -> list[str]:
    """Hosts of articles that came or changed since the lines of their host were counted."""
    return [
        row[0] for row in connection.execute(sql_text("host_lines", "unsettled_hosts")).fetchall()
    ]


def count_lines(
    connection: Connection,
    hosts: Sequence[str],
    *,
    run_id: str,
    named: Callable[[str], dict[int, str]],
) -> None:
    """Find what these hosts repeat, in one transaction; may be repeated.

    Articles of theirs that are concerned stay unsettled until `settle`. `named` gives a text's
    lines by their hashes, so that a line is stored in words as well.
    """
    with transaction(connection), arriving(connection, hosts=_hosts(hosts)):
        connection.execute("SET VARIABLE run_id = ?", [run_id])
        connection.execute(sql_text("host_lines", "count"))
        connection.execute(sql_text("host_lines", "clocks"))
        # All articles of a host are looked through, so only where there is something to find.
        if not connection.execute("SELECT 1 FROM stage_moved LIMIT 1").fetchone():
            return
        connection.execute(sql_text("host_lines", "moved"))
        rows = connection.execute(sql_text("host_lines", "unnamed")).fetchall()
        words = [(host, line, named(text).get(line)) for host, line, text in rows]
        if not words:
            return
        columns = dict(zip(("host", "line", "text"), zip(*words, strict=True), strict=True))
        with arriving(connection, words=pa.table(columns)):
            connection.execute(
                "UPDATE host_lines SET text = w.text FROM arriving_words w "
                "WHERE host_lines.host = w.host AND host_lines.line = w.line"
            )


def pages_to_read_again(
    connection: Connection, hosts: Sequence[str], *, after: str, limit: int
) -> tuple[list[StoredPage], str | None]:
    """Archived pages of these hosts whose articles were read by other habits than known now.

    In page order after the id `after`; gives also the id to go on after, None when there are no
    more. Pages without bytes are passed over.
    """
    with arriving(connection, hosts=_hosts(hosts)):
        bound = {"after": after, "limit": limit}
        ids = [
            row[0]
            for row in connection.execute(sql_text("host_lines", "to_read_again"), bound).fetchall()
        ]
    return stored_pages(connection, ids), ids[-1] if ids else None


def settle(connection: Connection, hosts: Sequence[str]) -> None:
    """Say that the articles of these hosts were counted, and read again where that was due."""
    with transaction(connection), arriving(connection, hosts=_hosts(hosts)):
        connection.execute(sql_text("host_lines", "settle"))


def _hosts(hosts: Sequence[str]) -> pa.Table:
    return pa.table({"host": pa.array(hosts, type=pa.string())})
