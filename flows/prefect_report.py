"""What a flow run leaves for people in Prefect: reports, a table of failing feeds, and events.

Prefect's pages render Markdown, and titles, addresses and error texts come from strangers: what
goes in is escaped here. The functions that publish work inside a flow run only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

ON_TOPIC_EVENT = "duckwire.article.on_topic"
LANDED_EVENT = "duckwire.articles.landed"
TROUBLE_EVENT = "duckwire.trouble"
FAILING_FEEDS_KEY = "failing-feeds"
MAX_REPORT_CHARS = 100_000
MAX_ROWS = 500
MAX_CELL_CHARS = 500
MAX_PAYLOAD_CHARS = 1_000

# CommonMark 2.4 lets a backslash escape any ASCII punctuation; these are the ones that begin
# something in CommonMark, in GitHub's tables, strike-through and autolinks, or in HTML.
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~$:@=])")
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}
_SPACE = re.compile(r"\s+")
# Zl and Zp break lines; Cf holds the bidi controls and zero-width characters; Cs cannot be sent.
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# Within Cf these two shape letters in Persian, Indic scripts and emoji, and can hide nothing.
_JOINERS = "\u200c\u200d"


@dataclass(frozen=True, slots=True)
class OnTopicArticle:
    """An article that is newly on a topic. `score` is 0 to 1, `published_at` UTC or None."""

    article_id: str
    url: str | None
    title: str | None
    topic_id: str
    score: float
    published_at: datetime | None


def plain_text(text: str) -> str:
    """Return the text on one line, without control, bidi and other unseen characters."""
    seen = "".join(
        " " if char in "\t\n\r\v\f\u2028\u2029\u0085" else char
        for char in text
        if char in "\t\n\r\v\f\u2028\u2029\u0085"
        or char in _JOINERS
        or unicodedata.category(char) not in _UNSEEN
    )
    return _SPACE.sub(" ", seen).strip()


def escape_markdown(text: str) -> str:
    """Return text that Markdown and HTML show as it stands, on one line.

    Nothing in it can start a link, an image, a table cell, a heading, code or a tag, nor turn
    into a link by itself. Unseen characters are dropped (see `plain_text`).
    """
    escaped = _MARKDOWN.sub(r"\\\1", plain_text(text))
    return "".join(_HTML.get(char, char) for char in escaped)


def markdown_link(text: str, url: str | None) -> str:
    """Return a Markdown link to an http or https address, else the escaped text alone."""
    shown = escape_markdown(text)
    if url is None or not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        return shown
    # RFC 3986 knows none of these unencoded; each could end the link or begin something else.
    safe = re.sub(
        r"[^A-Za-z0-9\-._~:/?#@!$&+,;=%]",
        lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace")),
        url,
    )
    return f"[{shown}](<{safe.replace('&', '&amp;')}>)"


def publish_report(markdown: str, key: str) -> None:
    """Leave a report as a Markdown artifact; `key` is lower-case letters, digits and dashes.

    The Markdown is ours: whatever is foreign in it must have gone through `escape_markdown`.
    """
    from prefect.artifacts import create_markdown_artifact

    if len(markdown) > MAX_REPORT_CHARS:
        cut = markdown.rfind("\n", 0, MAX_REPORT_CHARS)
        markdown = markdown[:cut] + "\n\n… and more, left out here."
    create_markdown_artifact(markdown, key=key)


def publish_failing_feeds(rows: Sequence[Mapping[str, object]]) -> None:
    """Leave the failing feeds as a table artifact, whose newest version is the state of affairs.

    One row a feed, the same columns in each; without any row the table says that all is well.
    Cells are escaped here.
    """
    from prefect.artifacts import create_table_artifact

    create_table_artifact(
        table=table_rows(rows),
        key=FAILING_FEEDS_KEY,
        description="Feeds that could not be read in this run, and why.",
    )


def table_rows(rows: Sequence[Mapping[str, object]]) -> list[dict[str, str]]:
    """Return rows fit for a table artifact: escaped, each cell and the table bounded."""
    if not rows:
        return [{"feed": "none: all that were due could be read"}]
    table = [{name: _cell(value) for name, value in row.items()} for row in rows[:MAX_ROWS]]
    if len(rows) > MAX_ROWS:
        first = next(iter(rows[0]))
        table.append({first: f"… and {len(rows) - MAX_ROWS} more"})
    return table


def emit_on_topic(article: OnTopicArticle) -> None:
    """Tell Prefect of an article newly on a topic, for Automations to act on.

    The resource is the article, the topic is related to it, so that an Automation can be hung on
    one topic; the payload has all fields. Its texts are stripped of unseen characters but not
    escaped: an Automation may send them anywhere.
    """
    from prefect.events import emit_event

    resource, related, payload = event_parts(article)
    emit_event(ON_TOPIC_EVENT, resource=resource, related=related, payload=payload)


def emit_condition(event: str, what: str, detail: str) -> None:
    """Tell Prefect how something of the desk's stands; `what` is part of the resource's id."""
    from prefect.events import emit_event

    resource = {"prefect.resource.id": f"duckwire.{what}", "prefect.resource.name": what}
    emit_event(event, resource=resource, payload={"detail": plain_text(detail)[:MAX_PAYLOAD_CHARS]})


def event_parts(
    article: OnTopicArticle,
) -> tuple[dict[str, str], list[dict[str, str]], dict[str, str | float | None]]:
    """Return the resource, the related resources and the payload of the article's event."""
    title = plain_text(article.title or "")[:MAX_PAYLOAD_CHARS] or None
    url = plain_text(article.url or "")[:MAX_PAYLOAD_CHARS] or None
    published = article.published_at.isoformat() if article.published_at else None
    resource = {
        "prefect.resource.id": f"duckwire.article.{article.article_id}",
        "prefect.resource.name": title or url or article.article_id,
    }
    topic = {
        "prefect.resource.id": f"duckwire.topic.{article.topic_id}",
        "prefect.resource.role": "topic",
        "prefect.resource.name": article.topic_id,
    }
    payload: dict[str, str | float | None] = {
        "article_id": article.article_id,
        "url": url,
        "title": title,
        "topic_id": article.topic_id,
        "score": article.score,
        "published_at": published,
    }
    return resource, [topic], payload


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    shown = plain_text(text)
    return escape_markdown(shown if len(shown) <= MAX_CELL_CHARS else shown[:MAX_CELL_CHARS] + "…")
