"""Syndicated groups: articles whose texts are near-duplicates, kept as they land.

Two articles belong together when they share an LSH band and at least four fifths of their MinHash
values agree (Broder 1997). A group is a connected component of that relation, so the order in
which its members arrive leaves no trace; its id is the smallest article id in it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import duckdb
import pyarrow as pa

SIMILAR = 0.8

# The articles just landed, what shares a band with them, and all who were grouped with either.
_AFFECTED = """
CREATE OR REPLACE TEMP TABLE stage_near AS
WITH near AS (
    SELECT DISTINCT o.article_id
    FROM article_bands n JOIN article_bands o USING (band)
    WHERE n.article_id IN (SELECT article_id FROM stage_fresh)
    UNION SELECT article_id FROM stage_fresh
)
SELECT article_id FROM near
UNION
SELECT g.article_id FROM article_groups g
WHERE g.group_id IN (SELECT group_id FROM article_groups JOIN near USING (article_id))
"""

_PAIRS = """
WITH pairs AS (
    SELECT DISTINCT a.article_id AS one, b.article_id AS other
    FROM article_bands a JOIN article_bands b ON a.band = b.band AND a.article_id < b.article_id
    WHERE a.article_id IN (SELECT article_id FROM stage_near)
      AND b.article_id IN (SELECT article_id FROM stage_near)
)
SELECT one, other, similarity FROM (
    SELECT one, other, len(list_filter(list_zip(x.signature, y.signature), lambda p: p[1] = p[2]))
        / len(x.signature)::DOUBLE AS similarity
    FROM pairs JOIN article_signatures x ON x.article_id = one
               JOIN article_signatures y ON y.article_id = other
) WHERE similarity >= ?
"""


def regroup(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring `article_groups` up to date with the articles in `stage_fresh`.

    Runs inside the landing's transaction. An article without a near-duplicate has no row.
    """
    connection.execute(_AFFECTED)
    pairs = connection.execute(_PAIRS, [SIMILAR]).fetchall()
    connection.execute(
        "DELETE FROM article_groups WHERE article_id IN (SELECT article_id FROM stage_near)"
    )
    if not pairs:
        return
    rows = [(group, member, best) for group, member, best in groups_of(pairs)]
    batch = pa.table(
        {
            "group_id": [row[0] for row in rows],
            "article_id": [row[1] for row in rows],
            "similarity": [row[2] for row in rows],
        }
    )
    connection.register("arriving_groups", batch)
    connection.execute(
        "INSERT INTO article_groups BY NAME "
        "SELECT *, getvariable('run_id') AS run_id FROM arriving_groups"
    )
    connection.unregister("arriving_groups")


def groups_of(pairs: Iterable[tuple[str, str, float]]) -> list[tuple[str, str, float]]:
    """Connected components of similar pairs, as (group id, member, its highest similarity)."""
    parent: dict[str, str] = {}
    best: dict[str, float] = defaultdict(float)

    def root(member: str) -> str:
        parent.setdefault(member, member)
        while parent[member] != member:
            parent[member] = parent[parent[member]]
            member = parent[member]
        return member

    for one, other, similarity in pairs:
        first, second = sorted((root(one), root(other)))
        parent[second] = first
        best[one] = max(best[one], similarity)
        best[other] = max(best[other], similarity)
    return [(root(member), member, best[member]) for member in sorted(parent)]
