"""Names out of RSS author fields, which mix names and addresses in every order."""

from __future__ import annotations

from typing import Any

from feedparser.api import StrictFeedParser

# feedparser looks for an address in time that grows with the square of the length.
MAX_AUTHOR = 300


class _Context:
    """The one thing that feedparser's reading of an author asks for."""

    def __init__(self, author: str) -> None:
        self.entry: dict[str, Any] = {"author": author, "authors": [{}]}

    def _get_context(self) -> dict[str, Any]:
        return self.entry


def author_name(author: str) -> str:
    """Return the name in 'name', 'address (name)' or 'name <address>', else the address.

    Nothing for what is too long to be a name. feedparser's own rule is called, so that every
    parser of ours gives the same name.
    """
    if len(author) > MAX_AUTHOR:
        return ""
    if "@" not in author:
        return author
    context = _Context(author)
    StrictFeedParser._sync_author_detail(context)
    detail = context.entry["authors"][-1]
    return str(detail.get("name") or detail.get("email") or "")
