"""Names out of RSS author fields, which mix names and addresses in every order."""

from __future__ import annotations

import re

MAX_AUTHOR = 300

# feedparser's own pattern ends an address after four letters, which cuts '.media' or '.world'.
_ADDRESS = re.compile(
    r"[A-Za-z0-9_.+\-]{1,64}@(?:[A-Za-z0-9\-]{1,63}\.){1,8}[A-Za-z]{2,24}(?:\?subject=\S+)?"
)
_LEFT_OVER = ("()", "<>", "&lt;&gt;")


def author_name(author: str) -> str:
    """Return the name in 'name', 'address (name)' or 'name <address>', else the address.

    Nothing for what is longer than `MAX_AUTHOR` characters, too long to be a name.
    """
    if len(author) > MAX_AUTHOR:
        return ""
    address = _ADDRESS.search(author) if "@" in author else None
    if not address:
        return author
    name = author.replace(address[0], "")
    for brackets in _LEFT_OVER:
        name = name.replace(brackets, "")
    name = name.strip().removeprefix("(").removesuffix(")").strip()
    return name or address[0]
