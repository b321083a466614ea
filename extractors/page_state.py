"""Text out of the data a page hands to its scripts, for pages that show nothing without them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml.html import HtmlElement

from extractors.titles import fold

_LARGEST, _SMALLEST = 4_000_000, 600  # characters of a script worth reading
_MOST_VALUES = 60_000
_DEEPEST = 60
_PARAGRAPH = 40  # characters: shorter strings in a list are labels
_FEWEST = 3  # paragraphs of a text
_START = re.compile(r"[\[{]")
_PARSED = re.compile(r'JSON\.parse\(\s*("(?:[^"\\]|\\.)*")')
_MOST_STARTS = 400  # places of a script where a value may begin
_MARKED_UP = re.compile(r"<(?:p|br)\b", re.IGNORECASE)
_TEXT_KEYS = ("text", "content", "value", "html", "body", "paragraph", "data")


def state_text(tree: HtmlElement, titles: tuple[str, ...]) -> str:
    """Return the longest running text in the JSON of a page's scripts, '' for none.

    Running text is a string of HTML with several paragraphs, or a list of such strings or of
    blocks that hold them. What stands beside one of the page's own `titles` goes before the rest:
    the data often holds other articles too. HTML is returned as it stands.
    """
    own = frozenset(fold(title) for title in titles if len(title) > 10)
    best: tuple[bool, int, str] = (False, 0, "")
    for script in tree.iter("script"):
        text = script.text or ""
        if not _SMALLEST <= len(text) <= _LARGEST or "ld+json" in (script.get("type") or ""):
            continue
        for value in _values(text):
            for titled, found in _texts(value, own):
                best = max(best, (titled, len(found), found))
    return best[2]


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON values of some size in a script, whatever is assigned around them."""
    for quoted in _PARSED.findall(text)[:_MOST_STARTS]:
        yield _value(_value(quoted, 0)[0] or "", 0)[0]
    position = scanned = 0
    for _ in range(_MOST_STARTS):
        start = _START.search(text, position)
        if not start or scanned > _LARGEST:
            return
        value, end = _value(text, start.start())
        if value is None:  # no value begins here; what was read in vain counts
            scanned += end - start.start()
            position = start.end()
            continue
        position = end
        if end - start.start() >= _SMALLEST // 2:
            yield value


def _value(text: str, start: int) -> tuple[Any, int]:
    """Read the JSON value at `start`: (it, or None, and how far the text was read)."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, start)
    except json.JSONDecodeError as error:
        return None, max(error.pos, start)
    except (ValueError, RecursionError):
        return None, len(text)


def _texts(root: Any, titles: frozenset[str]) -> Iterator[tuple[bool, str]]:
    """Yield (whether one of the titles stands beside or above it, text) for each running text."""
    stack: list[tuple[Any, bool, int]] = [(root, False, 0)]
    seen = 0
    while stack and seen < _MOST_VALUES:
        value, titled, depth = stack.pop()
        seen += 1
        if depth > _DEEPEST:
            continue
        if isinstance(value, str):
            if len(_MARKED_UP.findall(value)) >= _FEWEST:
                yield titled, value
        elif isinstance(value, list):
            joined = _joined(value)
            if joined:
                yield titled, joined
            stack += [(item, titled, depth + 1) for item in value]
        elif isinstance(value, dict):
            titled = titled or any(
                isinstance(item, str) and len(item) < 300 and fold(item) in titles
                for item in value.values()
            )
            stack += [(item, titled, depth + 1) for item in value.values()]


def _joined(items: list[Any]) -> str:
    """Join the paragraphs of a list of strings or text blocks; '' when it is no such list."""
    parts = [part for item in items if (part := _block_text(item))]
    long = [part for part in parts if len(part) >= _PARAGRAPH]
    if len(long) < _FEWEST or 2 * len(long) < len(parts):
        return ""
    return "".join(f"<p>{part}</p>" for part in parts)


def _block_text(item: Any) -> str:
    if isinstance(item, str):
        return item if " " in item or not item.isascii() else ""
    if isinstance(item, dict):
        kind = item.get("type")
        if isinstance(kind, str) and kind.lower() in ("image", "video", "embed", "related", "ad"):
            return ""
        for key in _TEXT_KEYS:
            found = _block_text(item.get(key)) if isinstance(item.get(key), (str, dict)) else ""
            if found:
                return found
    return ""
