"""What a run says of what failed: short, whatever happened."""

from __future__ import annotations

from flows.steps.summary import failure_lines
from storage.reports import FeedLine, RunReport


def a_feed(number: int, reason: str) -> FeedLine:
    url = f"https://paper{number}.example/feed"
    return FeedLine(f"f{number}", f"Paper {number}", url, reason, None, 100)


def a_report(*failing: FeedLine, files: tuple[tuple[str, str, str], ...] = ()) -> RunReport:
    return RunReport("r1", {}, 0, 0, {}, {}, (), (), failing, (), files, 0)


def test_a_run_without_failures_says_nothing_of_them() -> None:
    assert failure_lines(a_report()) == []


def test_a_feed_and_a_file_that_failed_have_a_line_each() -> None:
    said = failure_lines(
        a_report(a_feed(1, "timeout"), files=(("seeds/a.xml", "not_a_feed", "no entries"),))
    )

    assert said == [
        "failed  Paper 1: timeout (https://paper1.example/feed)",
        "failed  seeds/a.xml: not_a_feed: no entries",
    ]


def test_our_own_outage_is_one_line() -> None:
    said = failure_lines(a_report(*(a_feed(n, "offline") for n in range(50)), a_feed(51, "gone")))

    assert [line[:8].strip() for line in said] == ["failed", "offline"]
    assert "50 feeds" in said[1]


def test_of_many_failures_the_first_are_shown_and_the_rest_is_counted() -> None:
    said = failure_lines(a_report(*(a_feed(n, "dns") for n in range(300))))

    assert len(said) == 21
    assert said[-1].startswith("failed  280 more:")
