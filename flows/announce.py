"""Telling Prefect of new articles on a topic: after the commit, at least once each."""

from __future__ import annotations

from flows.prefect_report import OnTopicArticle, emit_on_topic
from flows.steps.job import Job
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
