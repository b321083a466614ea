"""Lines that come back on page after page of one host: they belong to the site, not the story."""

from __future__ import annotations

from collections.abc import Collection
from hashlib import blake2b

# Short lines recur by chance (a dateline, 'Yes.'), long ones by quotation.
_SHORTEST, _LONGEST = 20, 600


def line_hash(line: str) -> int:
    """Return the number a line is known by: 63 bits, the same in every process."""
    digest = blake2b(line.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest) >> 1


def line_hashes(text: str) -> tuple[int, ...]:
    """Return the hashes of the lines that could be a site's own, each once, in their order."""
    return tuple(lines_by_hash(text))


def lines_by_hash(text: str) -> dict[int, str]:
    """Return the lines that could be a site's own, by their hashes, in their order."""
    lines = (line for line in text.split("\n") if _SHORTEST <= len(line) <= _LONGEST)
    return {line_hash(line): line for line in lines}


def without_lines(text: str, hashes: Collection[int]) -> str:
    """Return `text` without the lines of these hashes; the text itself when none would be left."""
    if not hashes:
        return text
    unwanted = {line for known, line in lines_by_hash(text).items() if known in hashes}
    kept = "\n".join(line for line in text.split("\n") if line not in unwanted)
    return kept or text
