"""Lines that come back on page after page of one host: they belong to the site, not the story."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

# Short lines recur by chance (a dateline, 'Yes.'), long ones by quotation.
_SHORTEST, _LONGEST = 20, 600
_LEAST_PAGES = 3
_SHARE = 0.3


def recurring_lines(texts: Sequence[str]) -> frozenset[str]:
    """Return the lines that recur in the texts of different pages of one host.

    A line counts once a page. It recurs when it stands on at least three pages and on three in
    ten of them; so a wire story that a host runs twice loses nothing, and a handful of pages
    prove nothing. The same story under two addresses must be given once.
    """
    pages = list(dict.fromkeys(texts))
    seen: Counter[str] = Counter()
    for text in pages:
        seen.update({line for line in text.split("\n") if _SHORTEST <= len(line) <= _LONGEST})
    least = max(_LEAST_PAGES, _SHARE * len(pages))
    return frozenset(line for line, count in seen.items() if count >= least)


def without_lines(text: str, lines: Iterable[str]) -> str:
    """Return `text` without those lines; the text itself when nothing else would be left."""
    unwanted = frozenset(lines)
    kept = "\n".join(line for line in text.split("\n") if line not in unwanted)
    return kept or text
