"""Pages that turn out to be another article: what they leave goes, its history goes along.

A page that names another address as its own (rel=canonical, a redirect) is another article from
then on. The one it was until then is taken out once nothing else stands for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from storage.articles import take_out
from storage.columnar import arriving
from storage.migrate import sql_text
from storage.rows import ArticleLanding
from storage.session import Session as Connection


class Move(NamedTuple):
    """A page that was one article until now and is another."""

    page_id: str
    left_id: str
    article_id: str


def settle_moves(
    connection: Connection, moves: Sequence[Move], articles: Sequence[ArticleLanding]
) -> None:
    """Take out the articles that these pages left and that no page or entry names any more.

    Its texts become versions of the article that its page is now, which also keeps when the first
    of both was seen and announced. `articles` have landed; the caller holds the transaction.
    """
    made = {item.article.page_id: item.article for item in articles}
    now = [made.get(move.page_id) for move in moves]
    columns: dict[str, list[str | None]] = {
        name: [getattr(move, name) for move in moves] for name in Move._fields
    }
    columns["title"] = [row.title if row else None for row in now]
    columns["text_hash"] = [row.text_hash if row else None for row in now]
    shape = pa.schema([(name, pa.string()) for name in columns])
    with arriving(connection, moves=pa.table(columns, schema=shape)):
        connection.execute(sql_text("landing", "moved_entries"))
        left = connection.execute(sql_text("landing", "left_articles")).fetchall()
    if not left:
        return
    heirs = pa.table(
        {
            "left_id": [row[0] for row in left],
            "article_id": [row[1] for row in left],
            "edited": [row[2] for row in left],
        }
    )
    with arriving(connection, heirs=heirs):
        connection.execute(sql_text("landing", "inheritance"))
    take_out(connection, [row[0] for row in left])
