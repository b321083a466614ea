"""Landing pages: what became of each, and the article of every entry that names it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from extractors.records import Reason, State
from storage.columnar import arriving, arrow_of
from storage.migrate import sql_text
from storage.moves import Move
from storage.rows import PageRow
from storage.session import Session as Connection

_MET = """
SELECT h.page_id, p.page_id IS NOT NULL, p.article_id,
       coalesce(h.page_id IN (SELECT page_id FROM tombstones), false)
       OR coalesce(h.article_id IN (SELECT article_id FROM tombstones), false)
FROM arriving_heads h LEFT JOIN pages p USING (page_id)
"""


def land_page_rows(connection: Connection, pages: Sequence[PageRow]) -> list[Move]:
    """Insert new pages, update stored ones, and name their articles in the entries.

    Of two rows of one page the first counts. The caller holds the transaction. Returns the pages
    that were another article until now.
    """
    pages = list({row.page_id: row for row in reversed(pages)}.values())
    with arriving(connection, heads=arrow_of(PageRow, pages, ("page_id", "article_id"))):
        met = connection.execute(_MET).fetchall()
    stored = {row[0]: row[2] for row in met if row[1]}
    forgotten = {row[0] for row in met if row[3]}
    rows = [_emptied(row) if row.page_id in forgotten else row for row in pages]
    new = [row for row in rows if row.page_id not in stored]
    known = [row for row in rows if row.page_id in stored]
    if new:
        with arriving(connection, pages=arrow_of(PageRow, new)):
            connection.execute("INSERT INTO pages BY NAME FROM arriving_pages")
    if known:
        with arriving(connection, pages=arrow_of(PageRow, known)):
            connection.execute(sql_text("landing", "page_updates"))
            # No entry names a page before it is stored.
            connection.execute(sql_text("landing", "sightings"))
    return [
        Move(row.page_id, left, row.article_id)
        for row in known
        if row.article_id and (left := stored[row.page_id]) and left != row.article_id
    ]


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
