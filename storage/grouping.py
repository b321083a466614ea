"""Syndicated groups: articles whose texts are near-duplicates, kept as they land.

Two articles belong together when they share an LSH band and at least four fifths of their MinHash
values agree (Broder 1997). A group is a connected component of that relation, so the order in
which its members arrive leaves no trace; its id is the smallest article id in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from operator import eq

import duckdb
import pyarrow as pa

from storage.columnar import arriving

Connection = duckdb.DuckDBPyConnection
Pair = tuple[str, str, float]  # one article, another, the share of values that agree
Member = tuple[str, str, float]  # group id, article id, its highest similarity

SIMILAR = 0.8

# Whoever shares a band with one of `arriving_ids`; one pass over all bands.
_NEAR = """
WITH bands AS (SELECT article_id, unnest(bands) AS band FROM article_signatures),
wanted AS MATERIALIZED (
    SELECT article_id, unnest(bands) AS band FROM article_signatures
    WHERE article_id IN (SELECT article_id FROM arriving_ids)
)
SELECT DISTINCT least(w.article_id, b.article_id), greatest(w.article_id, b.article_id)
FROM wanted w JOIN bands b USING (band) WHERE w.article_id <> b.article_id
"""

_SIGNATURES = """
SELECT article_id, signature FROM article_signatures
WHERE article_id IN (SELECT article_id FROM arriving_ids)
"""

_GROUPS = """
SELECT group_id, article_id, similarity FROM article_groups
WHERE group_id IN (
    SELECT group_id FROM article_groups WHERE article_id IN (SELECT article_id FROM arriving_ids)
)
"""


def regroup(connection: Connection, new: Sequence[str], replaced: Sequence[str] = ()) -> None:
    """Bring `article_groups` up to date with articles that just landed, given by their ids.

    Runs inside the landing's transaction, after their signatures are in. New articles can only
    join groups together; a replaced one may leave its group, which is then found anew. An article
    without a near-duplicate has no row.
    """
    members = _groups_with(connection, replaced) if replaced else []
    fresh = {*new, *replaced, *(row[1] for row in members)}
    near = _near(connection, fresh)
    if not near and not members:
        return
    pairs = _similar(connection, near)
    standing = _groups_with(connection, {name for pair in pairs for name in pair[:2]} - fresh)
    # The groups of replaced articles are not `standing`: their members are all among the fresh.
    _write(
        connection,
        gone=[row[1] for row in (*members, *standing)],
        rows=groups_of(pairs, standing=standing),
    )


def groups_of(pairs: Iterable[Pair], standing: Iterable[Member] = ()) -> list[Member]:
    """Connected components of similar pairs and of groups that stand already, by member."""
    parent: dict[str, str] = {}
    best: dict[str, float] = defaultdict(float)

    def root(member: str) -> str:
        parent.setdefault(member, member)
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    def join(one: str, other: str) -> None:
        first, second = sorted((root(one), root(other)))
        parent[second] = first

    for group, member, similarity in standing:
        join(group, member)
        best[member] = max(best[member], similarity)
    for one, other, similarity in pairs:
        join(one, other)
        best[one] = max(best[one], similarity)
        best[other] = max(best[other], similarity)
    return [(root(member), member, best[member]) for member in sorted(parent)]


def _near(connection: Connection, ids: Iterable[str]) -> list[tuple[str, str]]:
    with arriving(connection, ids=_ids(ids)):
        return connection.execute(_NEAR).fetchall()


def _similar(connection: Connection, near: Sequence[tuple[str, str]]) -> list[Pair]:
    """Of pairs that share a band, those that are alike enough."""
    with arriving(connection, ids=_ids({name for pair in near for name in pair})):
        signatures = dict(connection.execute(_SIGNATURES).fetchall())
    shares = (
        (one, other, sum(map(eq, signatures[one], signatures[other])) / len(signatures[one]))
        for one, other in near
    )
    return [pair for pair in shares if pair[2] >= SIMILAR]


def _groups_with(connection: Connection, ids: Iterable[str]) -> list[Member]:
    """The whole groups that any of these articles is in."""
    with arriving(connection, ids=_ids(ids)):
        return connection.execute(_GROUPS).fetchall()


def _write(connection: Connection, *, gone: Sequence[str], rows: Sequence[Member]) -> None:
    if gone:
        with arriving(connection, ids=_ids(gone)):
            connection.execute(
                "DELETE FROM article_groups "
                "WHERE article_id IN (SELECT article_id FROM arriving_ids)"
            )
    if rows:
        named = ("group_id", "article_id", "similarity")
        columns = dict(zip(named, zip(*rows, strict=True), strict=True))
        with arriving(connection, groups=pa.table(columns)):
            connection.execute(
                "INSERT INTO article_groups BY NAME "
                "SELECT *, getvariable('run_id') AS run_id FROM arriving_groups"
            )


def _ids(ids: Iterable[str]) -> pa.Table:
    return pa.table({"article_id": pa.array(sorted(set(ids)), type=pa.string())})
