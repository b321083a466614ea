"""The hour that a page shows in an element of its own, beside the day. Pure."""

from __future__ import annotations

import re

from lxml.html import HtmlElement

CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}(?:\s?[AaPp]\.?[Mm]\.?)?")
_HOUR_CLASS = re.compile(r"date|time|hour|clock|publish|posted|datum|fecha|hora|uhr")
_LENGTH_CLASS = re.compile(
    r"dur|length|minutes|runtime|video|audio|podcast|play|view|read|watch|listen|count"
)


def hour_beside(element: HtmlElement) -> str:
    """Return the hour right behind the day that `element` begins with, '' if none.

    How long a film runs looks the same: what stands beside the day must be called a time, or be
    all there is beside it.
    """
    inside = len(element) > 0
    beside = element[0] if inside else element.getnext()
    hour = (beside.text or "").strip() if beside is not None else ""
    if beside is None or not CLOCK.fullmatch(hour):
        return ""
    names = words_of(beside)
    if _LENGTH_CLASS.search(names):
        return ""
    around = beside.getparent()
    alone = beside.get("class") is None and around is not None and len(around) == 2
    return hour if inside or alone or _HOUR_CLASS.search(names) else ""


def words_of(element: HtmlElement) -> str:
    """Return what an element and the one around it call themselves, in small letters."""
    parent = element.getparent()
    own = (element.get("class"), element.get("itemprop"), element.get("pubdate") and "pubdate")
    return " ".join(
        name for name in (*own, parent.get("class") if parent is not None else "") if name
    ).lower()
