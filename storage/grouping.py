"""Syndicated groups: articles whose texts are near-duplicates, kept as they land.

Two articles belong together when they share an LSH band and at least four fifths of their MinHash
values agree (Broder 1997). A group is a connected component of that relation, so the order in
which its members arrive leaves no trace; its id is the smallest article id in it.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from operator import eq

import pyarrow as pa

from storage.columnar import arriving
from storage.session import Session as Connection

Pair = tuple[str, str, float]  # one article, another, the share of values that agree
Bands = Mapping[str, Sequence[int]]  # an article's LSH keys
Member = tuple[str, str, float]  # group id, article id, its highest similarity

SIMILAR = 0.8

# Whoever is stored and shares a band with an arriving article; one pass over all bands.
_NEAR = """
SELECT DISTINCT w.article_id, b.article_id
FROM (SELECT article_id, unnest(bands) AS band FROM article_signatures) b
JOIN arriving_bands w USING (band)
WHERE w.article_id <> b.article_id
"""

_BANDS = """
SELECT article_id, bands FROM article_signatures
WHERE article_id IN (SELECT article_id FROM arriving_ids)
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


def regroup(connection: Connection, bands: Bands, replaced: Sequence[str] = ()) -> None:
    """Bring `article_groups` up to date with articles that just landed, given by their bands.

    Runs inside the landing's transaction, after their signatures are in. New articles
    can only join groups together; a `replaced` one may leave its group, which is found anew, and
    one whose signature is gone does. An article without a near-duplicate has no row.
    """
    members = _groups_with(connection, replaced) if replaced else []
    others = {row[1] for row in members} - bands.keys()
    fresh = {**bands, **_bands_of(connection, others)} if others else bands
    near = _near(connection, fresh) if fresh else set()
    if not near and not members:
        return
    pairs = _similar(connection, near)
    named = {name for pair in pairs for name in pair[:2]}
    # The groups of replaced articles do not stand: all their members are among the fresh.
    standing = _groups_with(connection, named - fresh.keys())
    _write(
        connection,
        gone=[row[1] for row in (*members, *standing)],
        rows=groups_of(pairs, standing=standing),
    )


def packed(signature: Sequence[int]) -> bytes:
    """A signature as it is stored: its values of 32 bits one after the other, high byte first."""
    return struct.pack(f">{len(signature)}I", *signature)


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


def _near(connection: Connection, fresh: Bands) -> set[tuple[str, str]]:
    """Pairs that share a band, of which at least one is among the fresh."""
    owners = [name for name, bands in fresh.items() for _ in bands]
    keys = pa.array(list(chain.from_iterable(fresh.values())), type=pa.int64())
    with arriving(connection, bands=pa.table({"article_id": owners, "band": keys})):
        found = connection.execute(_NEAR).fetchall()
    return {(min(pair), max(pair)) for pair in found}


def _bands_of(connection: Connection, ids: Iterable[str]) -> Bands:
    with arriving(connection, ids=_ids(ids)):
        return dict(connection.execute(_BANDS).fetchall())


def _similar(connection: Connection, near: Collection[tuple[str, str]]) -> list[Pair]:
    """Of pairs that share a band, those that are alike enough."""
    if not near:
        return []
    with arriving(connection, ids=_ids({name for pair in near for name in pair})):
        signatures = dict(connection.execute(_SIGNATURES).fetchall())
    shares = ((one, other, _share(signatures[one], signatures[other])) for one, other in near)
    return [pair for pair in shares if pair[2] >= SIMILAR]


def _share(one: bytes, other: bytes) -> float:
    """The share of values that agree in two packed signatures of one length."""
    agree: int = sum(map(eq, memoryview(one).cast("I"), memoryview(other).cast("I")))
    return 4 * agree / len(one)


def _groups_with(connection: Connection, ids: Collection[str]) -> list[Member]:
    """The whole groups that any of these articles is in."""
    if not ids:
        return []
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
