"""An article as IPTC ninjs 2.1 (News in JSON, https://iptc.org/std/ninjs/): one object an article.

Only properties that version 2.1 of the standard defines are used, with its types; what is not
known is left out, never null.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

VERSION = "2.1"
SCHEMA = "http://www.iptc.org/std/ninjs/ninjs-schema_2.1.json"
# Words an hour and a minute are worth only where the publisher states them.
_EXACT = ("instant", "local")


def ninjs(row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a row of the export into a ninjs object.

    `uri` is a name made of the article's id (the standard wants no link there; the address is an
    `altid`). `contentcreated` is left out when only the day is known, and `ednote` says which.
    Topics are `subjects` with their score as `confidence`, in percent.
    """
    made = {
        "uri": f"urn:x-duckwire:article:{row['article_id']}",
        "type": "text",
        "representationtype": "partial" if _partial(row) else "full",
        "standard": {"name": "ninjs", "version": VERSION, "schema": SCHEMA},
        "firstcreated": _instant(row["first_seen_at"]),
        "versioncreated": _instant(row["modified_at"] or row["first_seen_at"]),
        "contentcreated": _created(row),
        "pubstatus": "usable",
        "language": row["language"],
        "ednote": _note(row),
        "headlines": _texts(row["title"]),
        "descriptions": _texts(row["lead"]),
        "bodies": [_body(row)],
        "by": ", ".join(row["authors"] or ()),
        "infosources": [{"name": name} for name in (row["publisher"], row["agency"]) if name],
        "subjects": [*map(_topic, row["topics"] or ()), *({"name": t} for t in row["tags"] or ())],
        "renditions": [{"name": "main", "href": row["image"]}] if row["image"] else [],
        "altids": [
            {"role": role, "value": row[role]} for role in ("url", "canonical_url") if row[role]
        ],
    }
    return {name: value for name, value in made.items() if value not in (None, "", [])}


def _partial(row: Mapping[str, Any]) -> bool:
    return bool(row["paywalled"]) or row["kind"] == "teaser"


def _instant(when: datetime | None) -> str | None:
    """RFC 3339 in UTC, to the second."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if when else None


def _created(row: Mapping[str, Any]) -> str | None:
    return _instant(row["published_at"]) if row["published_precision"] in _EXACT else None


def _note(row: Mapping[str, Any]) -> str | None:
    if row["published_at"] and row["published_precision"] == "day":
        return f"Published on {row['published_at'].astimezone(UTC):%Y-%m-%d}; no time is stated."
    return None


def _texts(value: str | None) -> list[dict[str, Any]]:
    return [{"role": "main", "contenttype": "text/plain", "value": value}] if value else []


def _body(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "role": "main",
        "contenttype": "text/plain",
        "charcount": len(row["text"]),
        "wordcount": row["word_count"] or 0,
        "value": row["text"],
    }


def _topic(topic: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        "name": topic["topic_id"],
        "literal": topic["topic_id"],
        "rel": "about" if topic["verdict"] == "on" else "mentions",
        "creator": f"duckwire {topic['topic_version'] or ''}".strip(),
    }
    return {**made, "confidence": round(100 * (topic["score"] or 0))}
