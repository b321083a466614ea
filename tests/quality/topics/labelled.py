"""Load the labelled articles and part them into the half to look at and the half held aside."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path

from extractors.topics import LabelledItem, Tagger, parse_definition

HERE = Path(__file__).parent
TOPICS = HERE.parents[2] / "seeds" / "topics"
TOPIC = "kim-putin-summit"
# The sets of which most items say in their words which visit they are about, without a date too.
TELL_THEIR_TIME = ("dev", "aside", "fresh", "second", "third", "fourth")
PARTS = (
    *TELL_THEIR_TIME,
    "fifth",
    "sixth",
    "seventh",
    "eighth",
    "ninth",
    "tenth",
    "eleventh",
    "twelfth",
    "thirteenth",
    "fourteenth",
    "fifteenth",
    "sixteenth",
    "seventeenth",
)


def is_held_aside(item_id: str) -> bool:
    """Whether an item must not be looked at while writing a definition: a coin its id throws."""
    return hashlib.blake2b(item_id.encode(), digest_size=1).digest()[0] % 2 == 1


def load(part: str) -> list[LabelledItem]:
    """Read one part, all languages: dev or aside of the first set, or all of another set."""
    if part not in ("dev", "aside"):
        return _read(part)
    items = _read("labelled")
    return [item for item in items if is_held_aside(item.item_id) == (part == "aside")]


def _read(folder: str) -> list[LabelledItem]:
    lines = (
        json.loads(line)
        for path in sorted((HERE / folder).glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    )
    return [LabelledItem.of(line) for line in lines]


@cache  # reading the definitions takes seconds, and a tagger is safe to share
def shipped() -> Tagger:
    """Make the tagger with all topics that ship."""
    return Tagger(
        [
            parse_definition(path.read_text(encoding="utf-8"), path.name)
            for path in sorted(TOPICS.glob("*.yaml"))
        ]
    )
