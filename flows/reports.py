"""What runs did, as the Markdown that Prefect's pages show. Pure; foreign text is escaped."""

from __future__ import annotations

from collections.abc import Iterable

from extractors.text import counted
from flows.prefect_report import escape_markdown, markdown_link
from flows.steps.maintain import Upkeep, upkeep_lines
from flows.steps.reprocess import Changes
from flows.steps.summary import numbers
from storage.reports import NewArticle, RunReport


def report_markdown(report: RunReport) -> str:
    """A short report of an ingest: the counts, and what is new on topic with links."""
    lines = [f"# {report.run_id}", "", "| what | how many |", "| --- | ---: |"]
    lines += [f"| {name} | {value} |" for name, value in numbers(report)]
    if report.new_on_topic:
        lines += ["", "## New on topic", ""]
        lines += [_new_line(item) for item in report.new_on_topic]
    return "\n".join(lines)


def _new_line(item: NewArticle) -> str:
    link = markdown_link(item.title or item.url or "untitled", item.url)
    named = escape_markdown(item.publisher or "unknown")
    return f"- {link} ({named}, {escape_markdown(item.topic_id)})"


def failing_feeds(report: RunReport) -> list[dict[str, str]]:
    """The feeds that failed in a run, as rows of a table."""
    return [
        {
            "feed": item.url,
            "publisher": item.publisher or "",
            "reason": item.reason or "",
            "detail": item.detail or "",
        }
        for item in report.failing
    ]


def upkeep_markdown(upkeep: Upkeep) -> str:
    """What maintenance found and did."""
    lines = ["# maintain", *_list("Found and done", upkeep_lines(upkeep))]
    return "\n".join(lines if len(lines) > 1 else [*lines, "", "Nothing to mend."])


def changes_markdown(changes: Changes) -> str:
    """What a reprocessing changed."""
    extracted, judged = counted(changes.pages, "page"), counted(changes.judged, "article")
    lines = [
        "# reprocess",
        "",
        f"{extracted} extracted again, {judged} judged again.",
    ]
    lines += _list("Newly on topic", (f"{topic}: {title}" for topic, title in changes.newly_on))
    lines += _list(
        "No longer on topic", (f"{topic}: {title}" for topic, title in changes.newly_off)
    )
    return "\n".join(lines)


def _list(heading: str, items: Iterable[str]) -> list[str]:
    listed = [f"- {escape_markdown(item)}" for item in items]
    return ["", f"## {heading}", "", *listed] if listed else []
