"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/), read leniently.

A wrong type in one field loses that field; an item that is not an object loses that item.
"""

from __future__ import annotations

import json
import re
from typing import Any

from extractors.feed_bounds import ends
from extractors.feed_draft import Draft, DraftFeed
from extractors.records import Reason

_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def read_json_feed(text: str, most: int) -> tuple[DraftFeed | None, Reason | None, str]:
    """Read at most `most` items of a JSON Feed.

    Returns the draft, or None with a reason and what was found instead.
    """
    try:
        data = json.loads(text, parse_constant=lambda _: None)
        if _HALF.search(text):
            data = _without_halves(data)
    except (ValueError, RecursionError, MemoryError) as error:
        return None, Reason.UNPARSABLE, f"not JSON: {' '.join(str(error).split())[:120]}"
    version = _text(data, "version")
    items = data.get("items") if isinstance(data, dict) else None
    if "jsonfeed.org/version/" not in version and not (version and isinstance(items, list)):
        return None, Reason.NOT_A_FEED, "JSON that is not a JSON Feed"
    if not isinstance(items, list):
        return None, Reason.UNPARSABLE, "a JSON Feed without a list of items"
    head, tail = ends(len(items), most)
    read = [*items[:head], *items[tail:]]
    drafts = [_item(item) for item in read if isinstance(item, dict)]
    warning = None
    if len(drafts) < len(read):
        warning = f"{len(read) - len(drafts)} items are not objects"
    feed = DraftFeed(
        version="json11" if version.rstrip("/").endswith("1.1") else "json1",
        title=_text(data, "title") or None,
        link=_text(data, "home_page_url"),
        language=_text(data, "language") or None,
        links=_links(data),
        entries=drafts,
        warning=warning,
        unread=tail - head,
    )
    return feed, None, ""


def _without_halves(data: Any) -> Any:
    """Drop halves of surrogate pairs: they are no characters, and no UTF-8 holds them."""
    written = json.dumps(data, ensure_ascii=False)
    return json.loads(written.encode("utf-8", "ignore"))


def _links(data: dict[str, Any]) -> list[tuple[str, str]]:
    links = [
        (rel, _text(data, key))
        for rel, key in (
            ("alternate", "home_page_url"),
            ("self", "feed_url"),
            ("next", "next_url"),
        )
    ]
    hubs = data.get("hubs")
    if isinstance(hubs, list):
        links += [("hub", _text(hub, "url")) for hub in hubs]
    return [(rel, url) for rel, url in links if url]


def _item(item: dict[str, Any]) -> Draft:
    html, text = _text(item, "content_html"), _text(item, "content_text")
    summary = _text(item, "summary")
    return Draft(
        guid=_identifier(item.get("id")),
        link=_text(item, "url") or _text(item, "external_url"),
        title=_text(item, "title") or None,
        published=_text(item, "date_published") or None,
        updated=_text(item, "date_modified") or None,
        summary=summary or html or text or None,
        summary_is_html=bool(html) and not summary,
        content=html or text or None,
        authors=_authors(item),
        tags=[tag for tag in _list(item, "tags") if isinstance(tag, str)],
        language=_text(item, "language") or None,
        image=_text(item, "image") or _text(item, "banner_image") or None,
    )


def _authors(item: dict[str, Any]) -> list[str]:
    # Version 1.0 has one `author`, 1.1 has `authors`; feeds in the wild have either in both.
    people = [*_list(item, "authors"), item.get("author")]
    names = [person if isinstance(person, str) else _text(person, "name") for person in people]
    return [name for name in names if name]


def _identifier(value: Any) -> str:
    """Return an id as text; the standard has readers coerce numbers."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value)


def _list(data: dict[str, Any], key: str) -> list[Any]:
    value = data.get(key)
    return value if isinstance(value, list) else []


def _text(data: Any, key: str) -> str:
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""
