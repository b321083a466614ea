"""How well a text matches the true one: F1 over multisets of four-token shingles.

Tokens are runs of \\w; the counts of a page are normalised, so that each page weighs the same;
precision and recall are averaged over the pages and F1 is taken of the averages, as in the public
article-extraction benchmark. `mean` is the mean of the pages' own F1.
"""

from __future__ import annotations

import gzip
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from extractors.records import Extracted
from extractors.titles import fold

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "data" / "pages"
FLOORS = HERE / "floors.json"
FETCHED = datetime(2026, 1, 1, tzinfo=UTC)
SHINGLE = 4
_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True)
class Page:
    """A page's bytes and what is true of it; `expected` has at least `body` and `url`."""

    name: str
    html: bytes
    expected: dict[str, Any]


@dataclass(frozen=True)
class Score:
    """One page's shares: of what was found, of what was to be found, and their F1."""

    precision: float
    recall: float
    f1: float


def own_pages() -> list[Page]:
    """Return the project's own pages with what make_pages.py expects of them."""
    return [
        Page(path.stem, path.read_bytes(), json.loads(path.with_suffix(".json").read_text("utf-8")))
        for path in sorted(PAGES.glob("*.html"))
    ]


def corpus_pages() -> list[Page] | None:
    """Return the public pages under DUCKWIRE_CORPUS, or None when it is not set."""
    root = os.environ.get("DUCKWIRE_CORPUS")
    if not root:
        return None
    return list(_corpus(Path(root) / "articles"))


def _corpus(folder: Path) -> Iterator[Page]:
    truth = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    for name, item in sorted(truth.items()):
        html = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes())
        yield Page(name, html, {"body": item["articleBody"], "url": item["url"]})


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Count a text's shingles; a text of fewer tokens is one shingle."""
    tokens = _TOKEN.findall(text)
    if not tokens:
        return Counter()
    last = max(1, len(tokens) - SHINGLE + 1)
    return Counter(tuple(tokens[start : start + SHINGLE]) for start in range(last))


def score(found: str, true: str) -> Score:
    """Score one text against the true one."""
    have, want = shingles(found), shingles(true)
    shared = sum((have & want).values())
    precision = shared / sum(have.values()) if have else 0.0
    recall = shared / sum(want.values()) if want else 1.0
    both = precision + recall
    return Score(precision, recall, 2 * precision * recall / both if both else 0.0)


def summary(scores: list[Score]) -> dict[str, float]:
    """Average: precision, recall, F1 of the averages, the mean F1, and pages under 0.5."""
    precision = sum(one.precision for one in scores) / len(scores)
    recall = sum(one.recall for one in scores) / len(scores)
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / (precision + recall),
        "mean": sum(one.f1 for one in scores) / len(scores),
        "under_half": sum(one.f1 < 0.5 for one in scores),
    }


def fields(found: Extracted, expected: dict[str, Any]) -> dict[str, bool]:
    """Say which fields of an article are right."""
    published = datetime.fromisoformat(expected["published"])
    at = found.published_at
    return {
        "title": fold(found.title or "") == fold(expected["title"]),
        "day": at is not None and at.date() == published.date(),
        "instant": at == published and found.published_precision == expected["precision"],
        "authors": set(found.authors) == set(expected["authors"]),
        "language": found.language == expected["language"],
        "paywalled": found.paywalled == expected["paywalled"],
    }


def floors(which: str) -> dict[str, float]:
    """Return the stored floors of one set. They are raised by hand, never lowered by a test."""
    loaded: dict[str, dict[str, float]] = json.loads(FLOORS.read_text("utf-8"))
    return loaded[which]
