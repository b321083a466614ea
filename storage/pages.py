"""Landing pages: what became of each, and the article of every entry that names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import duckdb

from extractors.records import Reason, State
from storage.columnar import arriving, arrow_of
from storage.migrate import sql_folder
from storage.rows import PageRow

Connection = duckdb.DuckDBPyConnection


def land_page_rows(connection: Connection, pages: Sequence[PageRow]) -> None:
    """Insert new pages, update stored ones, and name their articles in the entries.

    Of two rows of one page the first counts. The caller holds the transaction. Leaves the temporary
    table `stage_touched`, the articles whose sightings must be weighed again.
    """
    pages = list({row.page_id: row for row in reversed(pages)}.values())
    heads = arrow_of(PageRow, pages, ("page_id", "article_id"))
    with arriving(connection, heads=heads):
        found = connection.execute(_sql("page_fates")).fetchall()
    forgotten = {name for name, _, gone in found if gone}
    stored = {name for name, there, _ in found if there}
    rows = [_emptied(row) if row.page_id in forgotten else row for row in pages]
    new = [row for row in rows if row.page_id not in stored]
    known = [row for row in rows if row.page_id in stored]
    if new:
        with arriving(connection, pages=arrow_of(PageRow, new)):
            connection.execute("INSERT INTO pages BY NAME FROM arriving_pages")
    if known:
        with arriving(connection, pages=arrow_of(PageRow, known)):
            connection.execute(_sql("page_updates"))
    named = [row for row in rows if row.page_id in stored or row.article_id]
    with arriving(connection, heads=arrow_of(PageRow, named, ("page_id", "article_id"))):
        connection.execute(_sql("page_sightings"))


def _emptied(row: PageRow) -> PageRow:
    """A page that was forgotten stays without article and bytes."""
    return replace(
        row,
        article_id=None,
        article_state=str(State.SKIPPED),
        article_reason=str(Reason.FORGOTTEN),
        warc_file=None,
        warc_offset=None,
        warc_digest=None,
    )


@cache
def _sql(name: str) -> str:
    return (sql_folder("landing") / f"{name}.sql").read_text("utf-8")
