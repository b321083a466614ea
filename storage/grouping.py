"""Syndicated groups: articles whose texts are near-duplicates, kept as they land.

Two articles belong together when they share an LSH band and at least four fifths of their MinHash
values agree (Broder 1997). A group is a connected component of that relation, so the order in
which its members arrive leaves no trace; its id is the smallest article id in it.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from operator import eq

import pyarrow as pa

from storage.columnar import arriving
from storage.session import Session as Connection
from storage.session import listed

Pair = tuple[str, str, float]  # one article, another, the share of values that agree
Member = tuple[str, str, float]  # group id, article id, its highest similarity

SIMILAR = 0.8
# Bounds what one transaction looks at; a pass over all bands costs about the same for any number.
_AT_ONCE = 5000

# Pairs that share a band, at least one of them among the fresh; one pass over all bands.
_NEAR = """
WITH fresh AS (
    SELECT article_id, unnest(bands) AS band FROM article_signatures
    WHERE article_id IN (SELECT unnest(string_split(?, chr(31))))
)
SELECT DISTINCT least(f.article_id, b.article_id), greatest(f.article_id, b.article_id)
FROM (SELECT article_id, unnest(bands) AS band FROM article_signatures) b
JOIN fresh f USING (band)
WHERE f.article_id <> b.article_id
"""

_SIGNATURES = """
SELECT article_id, signature FROM article_signatures
WHERE article_id IN (SELECT unnest(string_split(?, chr(31))))
"""

_GROUPS = """
SELECT group_id, article_id, similarity FROM article_groups
WHERE group_id IN (
    SELECT group_id FROM article_groups
    WHERE article_id IN (SELECT unnest(string_split(?, chr(31))))
)
"""

_LEFT = """
INSERT INTO articles_to_group
SELECT unnest(string_split(?, chr(31))), ?, getvariable('run_id')
"""

_WAITING = """
SELECT article_id, bool_or(replaced), max(run_id) FROM articles_to_group
GROUP BY article_id ORDER BY article_id LIMIT ?
"""


def leave_to_group(connection: Connection, new: Sequence[str], replaced: Sequence[str]) -> None:
    """Note articles whose near-duplicates are looked for later, by `group_left`.

    Runs inside the landing's transaction, so that nothing of it is forgotten by a crash.
    """
    for ids, mark in ((new, False), (replaced, True)):
        if ids:
            connection.execute(_LEFT, [listed(ids), mark])


def group_left(connection: Connection) -> bool:
    """Find the near-duplicates of some articles that landings left; whether there were any.

    Runs inside a transaction; call it, each time in one of its own, until there are none.
    """
    waiting = connection.execute(_WAITING, [_AT_ONCE]).fetchall()
    if not waiting:
        return False
    names = [row[0] for row in waiting]
    replaced = [row[0] for row in waiting if row[1]]
    connection.execute("SET VARIABLE run_id = ?", [max(row[2] or "" for row in waiting)])
    regroup(connection, names, replaced)
    connection.execute(
        "DELETE FROM articles_to_group "
        "WHERE article_id IN (SELECT unnest(string_split(?, chr(31))))",
        [listed(names)],
    )
    return True


def regroup(connection: Connection, fresh: Sequence[str], replaced: Sequence[str]) -> None:
    """Bring `article_groups` up to date with articles that just landed.

    Runs inside a transaction, after their signatures are in. New articles can only join groups
    together; one that is `replaced` as well may leave its group, which is found anew, and one whose
    signature is gone does. An article without a near-duplicate has no row.
    """
    members = _groups_with(connection, replaced)
    wanted = {*fresh, *(row[1] for row in members)}
    near = connection.execute(_NEAR, [listed(wanted)]).fetchall() if wanted else []
    if not near and not members:
        return
    pairs = _similar(connection, near)
    named = {name for pair in pairs for name in pair[:2]}
    # The groups of replaced articles do not stand: all their members are among the wanted.
    standing = _groups_with(connection, named - wanted)
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


def _similar(connection: Connection, near: Collection[tuple[str, str]]) -> list[Pair]:
    """Of pairs that share a band, those that are alike enough."""
    if not near:
        return []
    names = {name for pair in near for name in pair}
    signatures = dict(connection.execute(_SIGNATURES, [listed(names)]).fetchall())
    shares = ((one, other, _share(signatures[one], signatures[other])) for one, other in near)
    return [pair for pair in shares if pair[2] >= SIMILAR]


def _share(one: bytes, other: bytes) -> float:
    """The share of values that agree in two packed signatures of one length."""
    agree: int = sum(map(eq, memoryview(one).cast("I"), memoryview(other).cast("I")))
    return 4 * agree / len(one)


def _groups_with(connection: Connection, ids: Collection[str]) -> list[Member]:
    """The whole groups that any of these articles is in."""
    return connection.execute(_GROUPS, [listed(ids)]).fetchall() if ids else []


def _write(connection: Connection, *, gone: Sequence[str], rows: Sequence[Member]) -> None:
    if gone:
        connection.execute(
            "DELETE FROM article_groups "
            "WHERE article_id IN (SELECT unnest(string_split(?, chr(31))))",
            [listed(set(gone))],
        )
    if rows:
        named = ("group_id", "article_id", "similarity")
        columns = dict(zip(named, zip(*rows, strict=True), strict=True))
        with arriving(connection, groups=pa.table(columns)):
            connection.execute(
                "INSERT INTO article_groups BY NAME "
                "SELECT *, getvariable('run_id') AS run_id FROM arriving_groups"
            )
