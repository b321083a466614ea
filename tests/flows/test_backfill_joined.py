"""The reports of a window's shares, as one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from standins.fill import day

from flows.sources.base import Window
from flows.steps.backfill import BackfillReport
from flows.steps.backfill_joined import joined
from storage.backfill_reports import DayLine, SourceLine
from storage.reports import RunReport, TopicLine
from storage.rows import StageCount

RUN = RunReport(
    run_id="backfill-a",
    stages={"page": StageCount("page", taken=5, landed=4, failed=1)},
    entries_found=0,
    entries_new=0,
    rejected={"too_short": 1},
    pages_failed={},
    topics=(TopicLine("summit", 2, 1),),
    new_on_topic=(),
    failing=(),
    slowest=(),
    files_failed=(),
    waiting=3,
)
ALL = SourceLine("ccnews", 0, 0, 9, 0, skipped=0, found=20, new=20, outside=2, passed=0, on_topic=3)
FIRST = BackfillReport(
    run=RUN,
    windows=(Window(day(11), day(12)),),
    depth="pages",
    sources=(replace(ALL, planned=2, done=7),),
    failed=(),
    days=(DayLine(date(2023, 9, 11), 4, 2), DayLine(None, 1, 0)),
    down=(),
    backlog=3,
    later=0,
    revived=1,
)
SECOND = replace(
    FIRST,
    run=replace(
        RUN,
        run_id="backfill-b",
        stages={
            "page": StageCount("page", taken=2, landed=2),
            "article": StageCount("article", taken=2, landed=2),
        },
        rejected={"too_short": 2, "no_text": 1},
        waiting=0,
    ),
    sources=(ALL,),
    days=(DayLine(date(2023, 9, 10), 1, 0), DayLine(date(2023, 9, 11), 1, 1)),
    backlog=0,
)


def test_what_each_share_did_is_added_up() -> None:
    both = joined([FIRST, SECOND])
    assert both.run.run_id == "backfill-a, backfill-b"
    assert both.run.stages["page"] == StageCount("page", taken=7, landed=6, failed=1)
    assert both.run.stages["article"].landed == 2
    assert both.run.rejected == {"too_short": 3, "no_text": 1}
    assert both.run.topics == (TopicLine("summit", 4, 2),)
    assert both.revived == 2


def test_days_are_in_order_and_those_without_a_date_last() -> None:
    assert joined([FIRST, SECOND]).days == (
        DayLine(date(2023, 9, 10), 1, 0),
        DayLine(date(2023, 9, 11), 5, 3),
        DayLine(None, 1, 0),
    )


def test_of_the_ledger_that_counts_which_was_seen_last() -> None:
    for reports in ([FIRST, SECOND], [SECOND, FIRST]):
        both = joined(reports)
        assert both.sources == (ALL,)
        assert (both.backlog, both.run.waiting) == (0, 0)


def test_one_share_is_the_whole() -> None:
    assert joined([SECOND]) == SECOND
