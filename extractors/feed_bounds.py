"""What a feed may cost to read, checked on its text before any parser builds a tree of it.

Ten megabytes hold a quarter of a million items or a million empty elements; reading those takes
half a minute and a gigabyte, and nobody wants them. The bounds are far above any real feed.
"""

from __future__ import annotations

import re

MAX_ELEMENTS = 150_000
_TAG_CHARS = 65_536
_ITEMS_PER_KEPT = 3  # items read for each that is kept: which ones are newest shows only then
_FEWEST_ITEMS = 6_000

_ITEM = re.compile(r"<(?:[A-Za-z_][\w.\-]*:)?(?:item|entry)(?=[\s/>])", re.IGNORECASE)
_QUOTED = (("<![CDATA[", "]]>"), ("<!--", "-->"))
_ELEMENT = re.compile(r"<[^\s/!?<>]")
_LONG_TAG = re.compile(rf"<[^\s/!?<>][^<>]{{{_TAG_CHARS}}}")


def items_read(max_entries: int) -> int:
    """How many items of a feed are read to find the `max_entries` newest among them."""
    return max(_FEWEST_ITEMS, _ITEMS_PER_KEPT * max_entries)


def ends(count: int, most: int) -> tuple[int, int]:
    """Which of `count` items in a row stay when only `most` may: those before the first number
    and those from the second on. Feeds list the newest first or, rarely, last.
    """
    if count <= most:
        return count, count
    head = (most + 1) // 2
    return head, count - (most - head)


def cut_items(text: str, most: int) -> tuple[str, int]:
    """Take items out of the middle of an XML feed that lists more than `most`.

    Returns the text and how many were taken out. Markup quoted inside an item counts as well;
    what that leaves is read as a broken feed.
    """
    lowered = (
        text.count("<item") + text.count("<entry") + text.count(":item") + text.count(":entry")
    )
    if lowered <= most and text.count("<ITEM") + text.count("<ENTRY") <= most:
        return text, 0
    starts = [match.start() for match in _ITEM.finditer(text)]
    head, tail = ends(len(starts), most)
    if head == tail:
        return text, 0
    return text[: starts[head]] + text[starts[tail] :], tail - head


def refusal(text: str) -> str | None:
    """Say in words why an XML document costs more to read than anybody's feed, or None."""
    many, long = text.count("<") > MAX_ELEMENTS, _LONG_TAG.search(text) is not None
    if not many and not long:
        return None
    markup = _markup(text)
    if long and _LONG_TAG.search(markup):
        return f"a tag of more than {_TAG_CHARS:,} characters"
    if many and len(_ELEMENT.findall(markup)) > MAX_ELEMENTS:
        return f"more than {MAX_ELEMENTS:,} elements"
    return None


def _markup(text: str) -> str:
    """Leave out sections and comments: what is in them builds no element. Linear, unlike `.*?`."""
    for start, end in _QUOTED:
        kept = []
        for number, piece in enumerate(text.split(start)):
            # What is never closed is all inside.
            kept.append(piece.partition(end)[2] if number else piece)
        text = "".join(kept)
    return text
