"""The parts a YAML definition is made of, read with a complaint that names file and line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NoReturn

from extractors.topic_definition import TopicError

# A mapping and a list as the loader gives them; one that keeps their lines gives subclasses.
Node = dict[Any, Any]
Listed = list[Any]


class NodeReader:
    """Reads single values of the loaded YAML; the file's name is at hand for the errors.

    Every method takes a mapping or list and the key or index to read in it, and raises TopicError
    with the line of that key and what was expected there.
    """

    def __init__(self, source: str) -> None:
        self.source = source

    def fail(self, node: Any, key: Any, problem: str) -> NoReturn:
        """Raise the TopicError that points at this key."""
        raise TopicError(self.source, _line(node, key), problem)

    def keys(self, node: Node, allowed: tuple[str, ...], needed: tuple[str, ...]) -> None:
        """Check that only allowed keys stand here, and all needed ones."""
        for key in node:
            if key not in allowed:
                self.fail(node, key, f"expected one of {', '.join(allowed)}, found {key!r}")
        for key in needed:
            if key not in node:
                self.fail(node, None, f"expected the key {key!r}")

    def mapping(self, node: Node, key: Any) -> Node:
        """Read a mapping."""
        value = node[key]
        if not isinstance(value, dict):
            self.fail(node, key, f"expected a mapping under {key!r}, found {value!r}")
        return value

    def sequence(self, node: Node, key: str) -> Listed:
        """Read a list."""
        value = node[key]
        if not isinstance(value, list):
            self.fail(node, key, f"expected a list under {key!r}, found {value!r}")
        return value

    def text(self, node: Node, key: str, default: str | None = None) -> str:
        """Read a text, stripped; without a default it may not be empty."""
        value = node.get(key, default)
        if not isinstance(value, str) or (not value.strip() and default is None):
            self.fail(node, key, f"expected a text under {key!r}, found {value!r}")
        return value.strip()

    def strings(self, node: Node, key: Any) -> list[str]:
        """Read one text or a list of texts."""
        value = node.get(key, [])
        values = value if isinstance(value, list) else [value]
        for index, entry in enumerate(values):
            if not isinstance(entry, str):
                held, place = (value, index) if value is values else (node, key)
                hint = "; put it in quotes" if isinstance(entry, (int, float, date)) else ""
                self.fail(held, place, f"expected a text, found {entry!r}{hint}")
        return [str(entry) for entry in values]

    def known(self, node: Node, key: str, names: frozenset[str], what: str) -> list[str]:
        """Read one name or a list of names, all of which must exist."""
        values = self.strings(node, key)
        held = node.get(key)
        for index in range(len(values)):
            if isinstance(held, list):
                self.name(held, index, names, what)
            else:
                self.name(node, key, names, what)
        return values

    def name(self, node: Any, key: Any, names: frozenset[str], what: str) -> str:
        """Read one name, which must exist."""
        value = node[key]
        if not isinstance(value, str) or value not in names:
            known = ", ".join(sorted(names)) or "none so far"
            self.fail(node, key, f"expected the name of a known {what} ({known}), found {value!r}")
        return str(value)

    def number(
        self, node: Node, key: str, low: float, high: float, default: float | None = None
    ) -> float:
        """Read a number from `low` to `high`, both included."""
        value = node.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            self.fail(node, key, f"expected a number under {key!r}, found {value!r}")
        if not low <= value <= high:
            self.fail(node, key, f"expected a number from {low} to {high}, found {value}")
        return float(value)

    def flag(self, node: Node, key: str) -> bool:
        """Read true or false; false when the key is missing."""
        value = node.get(key, False)
        if not isinstance(value, bool):
            self.fail(node, key, f"expected true or false under {key!r}, found {value!r}")
        return value

    def day(self, node: Node, key: str) -> date:
        """Read an ISO date."""
        value = node[key]
        if type(value) is not date:
            self.fail(node, key, f"expected a day like 2023-09-13, found {value!r}")
        return value

    def wikidata(self, node: Node) -> str | None:
        """Read the Wikidata id of this thing, if it has one."""
        if "wikidata" not in node:
            return None
        value = self.text(node, "wikidata")
        if not re.fullmatch(r"Q[1-9]\d*", value):
            self.fail(node, "wikidata", f"expected a Wikidata id like Q56226, found {value!r}")
        return value

    def media_topic(self, node: Node) -> str | None:
        """Read the IPTC Media Topic of this thing, if it has one."""
        if "media_topic" not in node:
            return None
        value = self.text(node, "media_topic")
        if not re.fullmatch(r"medtop:\d{8}", value):
            expected = "expected an IPTC Media Topic like medtop:20000638"
            self.fail(node, "media_topic", f"{expected}, found {value!r}")
        return value


def _line(node: Any, key: Any) -> int | None:
    """Find the line of a key of a mapping or an index of a list, else of the node itself."""
    marks = getattr(node, "lc", None)
    if marks is None:
        return None
    if isinstance(marks.data, Mapping) and key in marks.data:
        return int(marks.data[key][0]) + 1
    return int(marks.line) + 1
