"""The installed topics as the warehouse knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.landing import transaction
from storage.session import Session, count_of
from storage.staging import stage


@dataclass(frozen=True, slots=True)
class TopicListing:
    """One installed topic, with its definition's text."""

    topic_id: str
    topic_version: str
    title: str
    definition: str
    loaded_at: datetime
    run_id: str


def sync_topics(connection: Session, topics: Sequence[TopicListing]) -> bool:
    """Make `topics` say what is installed; returns whether anything changed.

    Judgements of a topic that is no longer installed are removed with it.
    """
    stage(connection, "topics", topics)
    with transaction(connection):
        changed = count_of(
            connection,
            "MERGE INTO topics t USING stage_topics s ON t.topic_id = s.topic_id "
            "WHEN MATCHED AND t.topic_version <> s.topic_version THEN UPDATE SET "
            "topic_version = s.topic_version, title = s.title, definition = s.definition, "
            "loaded_at = s.loaded_at, run_id = s.run_id "
            "WHEN NOT MATCHED THEN INSERT BY NAME",
        )
        gone = count_of(
            connection,
            "DELETE FROM topics WHERE topic_id NOT IN (SELECT topic_id FROM stage_topics)",
        )
        if gone:
            connection.execute(
                "DELETE FROM article_topics WHERE topic_id NOT IN (SELECT topic_id FROM topics)"
            )
    return bool(changed or gone)
