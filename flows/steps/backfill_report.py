"""What a backfill would do or did, in plain lines and for machines. Pure."""

from __future__ import annotations

from typing import Any

from extractors.text import counted
from flows.sources.base import Window
from flows.steps.backfill import BackfillReport
from flows.steps.backfill_plan import BackfillPlan
from storage.backfill_reports import DayLine, FailedUnit, SourceLine

SOURCE_COLUMNS = (
    "source",
    "units",
    "done",
    "failed",
    "skipped",
    "left",
    "found",
    "new",
    "outside",
    "on topic",
)


def span_line(window: Window) -> str:
    """One window in words."""
    return f"{_moment(window.start)} to {_moment(window.end)}"


def windows_line(windows: tuple[Window, ...]) -> str:
    """The windows in words, the first few of them."""
    if not windows:
        return "no window: nothing to fill"
    shown = ", ".join(span_line(window) for window in windows[:3])
    return shown + (f" and {len(windows) - 3} more" if len(windows) > 3 else "")


def source_row(line: SourceLine) -> tuple[str, ...]:
    """A source's units as cells of a table."""
    left = line.planned + line.running
    units = (line.units, line.done, line.failed, line.skipped, left)
    finds = (line.found, line.new, line.outside, line.on_topic)
    return (line.source, *map(str, units), *map(str, finds))


def day_row(line: DayLine) -> tuple[str, ...]:
    """A day's articles as cells of a table."""
    return (line.day.isoformat() if line.day else "no date", str(line.articles), str(line.on_topic))


def failed_line(unit: FailedUnit) -> str:
    """A failed unit in one plain line."""
    tries = f", {unit.attempts} tries" if unit.attempts > 1 else ""
    return f"{unit.source}: {unit.reason}: {unit.detail or unit.url} ({unit.url}{tries})"


def left_lines(report: BackfillReport) -> list[str]:
    """What is not done yet, and how to go on."""
    lines = []
    if report.failed or any(line.planned + line.running for line in report.sources):
        lines.append("the same command again does what failed and what is left")
    elif report.windows and not report.sources:
        lines.append("all of it was done before; --again does it once more")
    if report.down:
        lines.append(f"not to be had now: {', '.join(report.down)}; the rest of it is left")
    if report.backlog:
        lines.append(f"{counted(report.backlog, 'page')} left for the next backfill")
    if report.later:
        lines.append(
            f"{counted(report.later, 'page')} failed and will be tried again by the next runs"
        )
    return lines


def plan_rows(plan: BackfillPlan) -> list[tuple[str, ...]]:
    """The plan as rows: source, feed, units, done, items expected, problem."""
    return [
        (
            line.source,
            line.feed,
            str(line.units),
            f"{line.done_days:.0f} of {line.days:.0f} days",
            "?" if line.expected is None else str(line.expected),
            line.problem or "",
        )
        for line in plan.lines
    ]


def duration(seconds: float) -> str:
    """A length of time in words, rounded up to what matters."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def plan_json(plan: BackfillPlan) -> dict[str, Any]:
    """The plan for machines."""
    return {
        "windows": [[window.start, window.end] for window in plan.windows],
        "depth": plan.depth,
        "units_done": plan.done_units,
        "seconds_at_least": round(plan.seconds),
        "lines": [
            {
                "source": line.source,
                "feed": line.feed,
                "units": line.units,
                "days": line.days,
                "days_done": line.done_days,
                "expected": line.expected,
                "problem": line.problem,
            }
            for line in plan.lines
        ],
    }


def backfill_json(report: BackfillReport) -> dict[str, Any]:
    """The report for machines."""
    words = ("taken", "landed", "known", "duplicate", "skipped", "rejected", "failed", "waiting")
    return {
        "run_id": report.run.run_id,
        "windows": [[window.start, window.end] for window in report.windows],
        "depth": report.depth,
        "sources": {
            line.source: {
                "units": line.units,
                "done": line.done,
                "failed": line.failed,
                "skipped": line.skipped,
                "left": line.planned + line.running,
                "found": line.found,
                "new": line.new,
                "outside_window": line.outside,
                "passed_over": line.passed,
                "on_topic": line.on_topic,
            }
            for line in report.sources
        },
        "stages": {
            name: {word: getattr(count, word) for word in words}
            for name, count in report.run.stages.items()
        },
        "failed": [
            {"source": unit.source, "url": unit.url, "reason": unit.reason, "detail": unit.detail}
            for unit in report.failed
        ],
        "days": [
            {"day": line.day, "articles": line.articles, "on_topic": line.on_topic}
            for line in report.days
        ],
        "taken_up_again": report.revived,
        "not_to_be_had": list(report.down),
        "pages_backlog": report.backlog,
        "pages_to_try_again": report.later,
    }


def _moment(when: Any) -> str:
    midnight = (when.hour, when.minute, when.second, when.microsecond) == (0, 0, 0, 0)
    return f"{when:%Y-%m-%d}" if midnight else f"{when:%Y-%m-%dT%H:%M:%SZ}"
