"""Telling Prefect what Automations act on: new articles on a topic, and how the desk stands."""

from __future__ import annotations

from flows.doctor import Finding, examine
from flows.prefect_report import (
    LANDED_EVENT,
    TROUBLE_EVENT,
    OnTopicArticle,
    emit_condition,
    emit_on_topic,
)
from flows.steps.job import Job
from storage.reports import RunReport
from storage.work import mark_announced, unannounced


def announce(job: Job) -> int:
    """Emit one event for each article newly on a topic, then remember that it went out.

    A crash in between repeats events and loses none. Returns how many were emitted.
    """
    # In one session: two shards that end together must not both find the same to announce.
    with job.warehouse.session() as session:
        fresh = unannounced(session)
        for item in fresh:
            emit_on_topic(
                OnTopicArticle(
                    article_id=item.article_id,
                    url=item.url,
                    title=item.title,
                    topic_id=item.topic_id,
                    score=item.score,
                    published_at=item.published_at,
                )
            )
        if fresh:
            mark_announced(session, fresh, now=job.clock())
    return len(fresh)


def report_condition(job: Job, report: RunReport) -> list[str]:
    """Emit one event when articles have landed, and one for each thing that the doctor finds wrong.

    Returns what was wrong: 'disk', 'feed health' …
    """
    landed = report.stages.get("article")
    if landed and landed.landed:
        emit_condition(LANDED_EVENT, "articles", f"{landed.landed} in {report.run_id}")
    checks = examine(job.settings, job.clock())
    wrong = [check for check in checks if check.finding is Finding.WRONG]
    for check in wrong:
        what = check.what.replace(" ", "-")
        emit_condition(TROUBLE_EVENT, what, f"{check.detail}: {check.remedy}")
    return [check.what for check in wrong]
