"""Landing articles: what is new goes in straight out of Arrow, what is unchanged is not touched.

The fate of each article is told by ids and hashes alone, so a text that is known travels nowhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import pyarrow as pa

from extractors.records import State
from storage.columnar import arriving, arrow_of
from storage.grouping import leave_to_group, packed, regroup
from storage.migrate import sql_text
from storage.rows import ArticleLanding, ArticleRow, CandidateRow, DateRow, SignatureRow, TopicRow
from storage.session import Session as Connection

# Where an article stands, its near-duplicates apart.
_TABLES = (
    "articles",
    "article_versions",
    "article_dates",
    "article_candidates",
    "article_topics",
    "article_signatures",
    "articles_to_group",
)

# What tells the fate of an article; its text is not among it.
_HEAD = ("article_id", "title", "text_hash", "row_hash", "preference")

# The bands are stored as numbers, the signature as bytes.
_SIGNATURE = tuple(
    item.name for item in fields(SignatureRow) if item.name not in ("bands", "signature")
)

# How the fate of an article against the stored one is counted.
_STATES = {
    "new": State.LANDED,
    "changed": State.LANDED,
    "better": State.LANDED,
    "known": State.KNOWN,
    "duplicate": State.DUPLICATE,
    "skipped": State.SKIPPED,
}


@dataclass(frozen=True, slots=True)
class _Fated:
    """What becomes of a batch: `replaced` ones are stored already and differ."""

    new: list[ArticleLanding]
    replaced: list[ArticleLanding]
    changed: list[str]


def land_articles(
    connection: Connection,
    articles: Sequence[ArticleLanding],
    *,
    versions: bool = True,
    later: bool = False,
) -> list[State]:
    """Land the articles with all that hangs on them; returns how each ended, in no order.

    Their near-duplicates are looked for at once, or `later` by `grouping.group_left`.

    The caller holds the transaction and has set the variables `now` and `run_id`. Of two copies in
    one batch the better place wins, whatever the order they came in. Without `versions` a text that
    differs replaces the stored one without a trace.
    """
    if not articles:
        return []
    best: dict[str, ArticleLanding] = {}
    for item in sorted(
        articles, key=lambda item: (item.article.article_id, item.article.preference)
    ):
        best.setdefault(item.article.article_id, item)
    heads = arrow_of(ArticleRow, [item.article for item in best.values()], _HEAD)
    with arriving(connection, heads=heads):
        fates = connection.execute(sql_text("landing", "article_fates")).fetchall()
        fated = _fated(best, fates, versions)
    if fated.replaced:
        _replace(connection, fated)
    fresh = [*fated.new, *fated.replaced]
    _insert(connection, fated)
    if fresh:
        _group(connection, fated, later=later)
    known = [_STATES[fate] for _, fate in fates]
    return known + [State.DUPLICATE] * (len(articles) - len(best))


def take_out(connection: Connection, article_ids: Sequence[str]) -> None:
    """Delete these articles with all that hangs on them; groups stand as if they had never been.

    The caller holds the transaction and sees to the pages and entries that name them.
    """
    with arriving(connection, ids=pa.table({"article_id": pa.array(article_ids, pa.string())})):
        for table in _TABLES:
            connection.execute(
                f"DELETE FROM {table} "  # noqa: S608
                "WHERE article_id IN (SELECT article_id FROM arriving_ids)"
            )
    regroup(connection, [], article_ids)


def _fated(
    best: dict[str, ArticleLanding], fates: Sequence[tuple[str, str]], versions: bool
) -> _Fated:
    return _Fated(
        new=[best[name] for name, fate in fates if fate == "new"],
        replaced=[best[name] for name, fate in fates if fate in ("changed", "better")],
        changed=[name for name, fate in fates if fate == "changed" and versions],
    )


def _replace(connection: Connection, fated: _Fated) -> None:
    """Keep what the publisher changed as a version, update the row, take off what hung on it."""
    rows = arrow_of(ArticleRow, [item.article for item in fated.replaced])
    changed = pa.table({"article_id": pa.array(fated.changed, type=pa.string())})
    topics = arrow_of(TopicRow, [row for item in fated.replaced for row in item.topics])
    with arriving(connection, replacements=rows, changed=changed, topics=topics):
        connection.execute(sql_text("landing", "article_replacements"))


def _insert(connection: Connection, fated: _Fated) -> None:
    """Insert new articles, and what hangs on them and on replaced ones."""
    fresh = [*fated.new, *fated.replaced]
    signatures = [item.signature for item in fresh if item.signature]
    tables = {
        "articles": arrow_of(ArticleRow, [item.article for item in fated.new]),
        "article_dates": arrow_of(DateRow, [row for item in fresh for row in item.dates]),
        "article_candidates": arrow_of(
            CandidateRow, [row for item in fresh for row in item.candidates]
        ),
        "article_topics": arrow_of(TopicRow, [row for item in fated.new for row in item.topics]),
        "article_signatures": _signatures(signatures),
    }
    filled = {name: table for name, table in tables.items() if table.num_rows}
    with arriving(connection, **filled):
        for name in filled:
            connection.execute(f"INSERT INTO {name} BY NAME FROM arriving_{name}")


def _group(connection: Connection, fated: _Fated, *, later: bool) -> None:
    new = [item.article.article_id for item in fated.new]
    replaced = [item.article.article_id for item in fated.replaced]
    if later:
        leave_to_group(connection, new, replaced)
    else:
        regroup(connection, [*new, *replaced], replaced)


def _signatures(rows: Sequence[SignatureRow]) -> pa.Table:
    table = arrow_of(SignatureRow, rows, _SIGNATURE)
    values = pa.array([packed(row.signature) for row in rows], type=pa.binary())
    keys = pa.array([_keys(row) for row in rows], type=pa.list_(pa.int64()))
    return table.append_column("signature", values).append_column("bands", keys)


def _keys(row: SignatureRow) -> list[int]:
    """The bands as numbers of 63 bits: each one's hash, without the number of the band."""
    return [int(band[3:], 16) >> 1 for band in row.bands]
