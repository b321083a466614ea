"""What is left to do of a past window: families, coverage, depth and the topic gate. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote, urlsplit

from extractors.fingerprints import stable_id
from extractors.records import Entry
from flows.sources.base import Source, Unit, Window, unit_to_text
from storage.backfill import Group, Span, UnitRow

ENTRIES, PAGES = "entries", "pages"

# Sources whose units belong to one feed each; of the others a unit serves all feeds at once.
BY_FEED = frozenset({"paged", "sitemaps", "wayback"})
# A window like any other, only to tell two configurations of one source apart.
_ANY = Window(datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 2, tzinfo=UTC))
_WORDS = re.compile(r"[^\W\d_]{2,}")
_FEWEST_WORDS = 3

Root = tuple[Unit, str]  # a unit to begin with, and its family


def depth_of(*, pages: bool, topic: str | None, version: str | None) -> str:
    """Say how deep a backfill goes, in the ledger's words."""
    if not pages:
        return ENTRIES
    return f"gated:{topic}@{version}" if topic else PAGES


def families(source: Source, units: Iterable[Unit]) -> dict[str, str]:
    """Name the family of each root of a source, by unit id.

    A family is what can be covered for a window: one step of a source for one feed, or for the
    choice of hosts and files it was made with. Two windows of one family add up.
    """
    scope = ""
    found = {}
    for unit in units:
        if source.name in BY_FEED and unit.feed_id:
            found[unit.unit_id] = f"{source.name}:{unit.step}:{unit.feed_id}"
        else:
            scope = scope or stable_id("s", *sorted(u.unit_id for u in source.plan(_ANY)))
            found[unit.unit_id] = f"{source.name}:{scope}"
    return found


def remaining(window: Window, covered: Sequence[Span]) -> list[Window]:
    """Cut what is covered out of a window; what is left, in order."""
    left, start = [], window.start
    for from_at, to_at in sorted(covered):
        if to_at <= start or from_at >= window.end:
            continue
        if from_at > start:
            left.append(Window(start, from_at))
        start = max(start, to_at)
        if start >= window.end:
            return left
    left.append(Window(start, window.end))
    return left


def roots(source: Source, window: Window, covered: Mapping[str, Sequence[Span]]) -> list[Root]:
    """Plan a window for a source without the parts that are covered, family by family."""
    units = source.plan(window)
    named = families(source, units)
    pieces = {family: remaining(window, covered.get(family, ())) for family in named.values()}
    planned: list[Root] = []
    for piece in dict.fromkeys(part for parts in pieces.values() for part in parts):
        whole = units if piece == window else source.plan(piece)
        for unit, family in zip(whole, families(source, whole).values(), strict=True):
            if piece in pieces.get(family, ()):
                planned.append((unit, family))
    return planned


def unit_row(unit: Unit, family: str, depth: str, parent_id: str | None = None) -> UnitRow:
    """Write a unit for the ledger."""
    return UnitRow(
        unit_id=unit.unit_id,
        source=unit.source,
        feed_id=unit.feed_id,
        url=unit.url,
        from_at=unit.start,
        to_at=unit.end,
        depth=depth,
        spec=unit_to_text(unit),
        family=family,
        parent_id=parent_id,
    )


def groups_of(planned: Iterable[Root]) -> set[Group]:
    """The groups of the ledger that these roots begin."""
    return {Group(family, unit.start, unit.end) for unit, family in planned}


def tells_nothing(entry: Entry) -> bool:
    """Say whether a find names no subject: neither title nor summary, and no words in its address.

    The gate is to miss nothing, so that what cannot be judged is fetched.
    """
    if entry.title or entry.summary:
        return False
    path = unquote(urlsplit(entry.link or "").path, errors="replace")
    return len(_WORDS.findall(path.rpartition("/")[2] or path)) < _FEWEST_WORDS
