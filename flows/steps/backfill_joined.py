"""The reports of runs that filled one window in shares, as one report. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import fields

from flows.steps.backfill import BackfillReport
from storage.backfill_reports import DayLine
from storage.reports import RunReport, TopicLine
from storage.rows import StageCount


def joined(reports: Sequence[BackfillReport]) -> BackfillReport:
    """Add up what each share did; of the ledger, take what the one saw that saw most of it done.

    `reports` is not empty.
    """
    fullest = max(reports, key=lambda one: sum(line.done + line.skipped for line in one.sources))
    return BackfillReport(
        run=_joined_runs([one.run for one in reports]),
        windows=fullest.windows,
        depth=fullest.depth,
        sources=fullest.sources,
        failed=fullest.failed,
        days=_days(line for one in reports for line in one.days),
        down=tuple(sorted({name for one in reports for name in one.down})),
        backlog=min(one.backlog for one in reports),
        later=min(one.later for one in reports),
        revived=sum(one.revived for one in reports),
    )


def _joined_runs(runs: Sequence[RunReport]) -> RunReport:
    return RunReport(
        run_id=", ".join(run.run_id for run in runs),
        stages=_stages(count for run in runs for count in run.stages.values()),
        entries_found=sum(run.entries_found for run in runs),
        entries_new=sum(run.entries_new for run in runs),
        rejected=_added(run.rejected for run in runs),
        pages_failed=_added(run.pages_failed for run in runs),
        topics=_topics(line for run in runs for line in run.topics),
        new_on_topic=tuple(item for run in runs for item in run.new_on_topic),
        failing=tuple(item for run in runs for item in run.failing),
        slowest=tuple(item for run in runs for item in run.slowest),
        files_failed=tuple(sorted({item for run in runs for item in run.files_failed})),
        waiting=min(run.waiting for run in runs),
    )


def _stages(counts: Iterable[StageCount]) -> dict[str, StageCount]:
    words = [field.name for field in fields(StageCount) if field.name != "stage"]
    found: dict[str, Counter[str]] = {}
    for count in counts:
        sums = found.setdefault(count.stage, Counter())
        sums.update({word: getattr(count, word) for word in words})
    return {
        stage: StageCount(stage, **{word: sums[word] for word in words})
        for stage, sums in found.items()
    }


def _topics(lines: Iterable[TopicLine]) -> tuple[TopicLine, ...]:
    on, mention = Counter[str](), Counter[str]()
    for line in lines:
        on[line.topic_id] += line.on
        mention[line.topic_id] += line.mention
    return tuple(TopicLine(topic, on[topic], mention[topic]) for topic in sorted(on))


def _days(lines: Iterable[DayLine]) -> tuple[DayLine, ...]:
    found: dict[object, DayLine] = {}
    for line in lines:
        so_far = found.get(line.day, DayLine(line.day, 0, 0))
        found[line.day] = DayLine(
            line.day, so_far.articles + line.articles, so_far.on_topic + line.on_topic
        )
    return tuple(sorted(found.values(), key=lambda line: (line.day is None, str(line.day))))


def _added(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    found = Counter[str]()
    for one in counts:
        found.update(one)
    return dict(found)
