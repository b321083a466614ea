"""A run in numbers and plain lines, the same for the terminal, JSON and Prefect. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from extractors.records import Reason
from storage.reports import FeedLine, RunReport
from storage.rows import StageCount
from storage.warehouse import Warehouse


def numbers(report: RunReport) -> list[tuple[str, int]]:
    """What a run did, as (what, how many), in the order it happened."""
    poll, entry, page, article = (
        report.stages.get(name, StageCount(name)) for name in ("poll", "entry", "page", "article")
    )
    lines = [
        ("sources polled", poll.taken),
        ("sources unchanged", poll.known),
        ("sources failed", poll.failed),
        ("entries found", entry.taken),
        ("entries new or changed", entry.landed + entry.duplicate),
        ("entries passed over", entry.skipped + entry.rejected),
        ("files that could not be read", entry.failed),
        ("pages fetched", page.landed + page.known),
        ("pages to be tried again", page.waiting),
        ("pages failed or refused", page.failed + page.skipped + page.rejected),
        ("articles landed", article.landed),
        ("articles unchanged", article.known),
        ("articles duplicate", article.duplicate),
    ]
    lines += [(f"articles rejected: {why}", count) for why, count in report.rejected.items()]
    for topic in report.topics:
        lines.append((f"on topic {topic.topic_id}", topic.on))
        lines.append((f"mentioning {topic.topic_id}", topic.mention))
    return lines


def feed_line(feed: FeedLine) -> str:
    """One feed that failed or was slow, in one plain line."""
    name = feed.publisher or feed.feed_id
    if feed.reason is None:
        return f"{name}: took {feed.elapsed_ms / 1000:.1f} s ({feed.url})"
    said = f"{feed.reason}: {feed.detail}" if feed.detail else feed.reason
    return f"{name}: {said} ({feed.url})"


# A list that runs off the screen hides what stands above it.
_FAILURES_SHOWN = 20


def failure_lines(report: RunReport) -> list[str]:
    """What failed in a run, a line each: our own outage is one, and of many the first are shown."""
    cut_off = [feed for feed in report.failing if feed.reason == Reason.OFFLINE]
    failed = [feed_line(feed) for feed in report.failing if feed.reason != Reason.OFFLINE]
    failed += [f"{file}: {reason}: {detail}" for file, reason, detail in report.files_failed]
    lines = [f"failed  {said}" for said in failed[:_FAILURES_SHOWN]]
    if len(failed) > _FAILURES_SHOWN:
        lines.append(
            f"failed  {len(failed) - _FAILURES_SHOWN} more: "
            f'duckwire sql "FROM failures" lists them all'
        )
    if cut_off:
        lines.append(
            f"offline {len(cut_off)} feeds were not reached: this machine has no network; no feed "
            f"is charged for it, and the next run asks again"
        )
    return lines


# A few questions to start with.
QUERIES_TO_TRY = (
    "SELECT published_at, publisher, language, title FROM summit_articles ORDER BY 1 DESC",
    (
        "SELECT day, language, articles FROM topic_timeline WHERE topic_id = 'kim-putin-summit' "
        "ORDER BY ALL"
    ),
    "SELECT concept, phrase, snippet FROM topic_evidence LIMIT 10",
)


def report_json(report: RunReport, warehouse: Warehouse, archive: Path) -> dict[str, Any]:
    """A run's report for machines: counts by stage, reasons, topics, feeds that failed."""
    words = ("taken", "landed", "known", "duplicate", "skipped", "rejected", "failed", "waiting")
    return {
        "run_id": report.run_id,
        "stages": {
            name: {word: getattr(count, word) for word in words}
            for name, count in report.stages.items()
        },
        "feed_entries_found": report.entries_found,
        "feed_entries_new": report.entries_new,
        "rejected": report.rejected,
        "pages_failed": report.pages_failed,
        "topics": {
            line.topic_id: {"on": line.on, "mention": line.mention} for line in report.topics
        },
        "new_on_topic": [
            {"title": i.title, "url": i.url, "publisher": i.publisher, "topic": i.topic_id}
            for i in report.new_on_topic
        ],
        "failing_feeds": [
            {"feed_id": f.feed_id, "url": f.url, "reason": f.reason, "detail": f.detail}
            for f in report.failing
        ],
        "failed_files": [
            {"file": file, "reason": reason, "detail": detail}
            for file, reason, detail in report.files_failed
        ],
        "pages_waiting": report.waiting,
        "published": warehouse.name,
        "archive": str(archive),
    }
