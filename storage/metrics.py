"""How things stand, as numbers with labels: what Prometheus scrapes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from storage.session import Session as Connection


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, what it counts, the names of its labels, and the query for it.

    The query gives a row for each combination of labels, the value last. `counter` says that it
    only grows (but for retention).
    """

    name: str
    what: str
    labels: tuple[str, ...]
    query: str
    counter: bool = False


FAMILIES = (
    Family(
        "duckwire_polls",
        "Polls by how they ended.",
        ("state", "reason"),
        "SELECT state, coalesce(reason, ''), count(*) FROM polls GROUP BY ALL",
        counter=True,
    ),
    Family(
        "duckwire_entries",
        "Sightings in feeds and other sources by state.",
        ("state", "reason"),
        "SELECT state, coalesce(reason, ''), count(*) FROM entries GROUP BY ALL",
    ),
    Family(
        "duckwire_pages",
        "Pages by state.",
        ("state", "reason"),
        "SELECT state, coalesce(reason, ''), count(*) FROM pages GROUP BY ALL",
    ),
    Family(
        "duckwire_pages_read",
        "Pages read, by what became of them.",
        ("state", "reason"),
        "SELECT article_state, coalesce(article_reason, ''), count(*) FROM pages "
        "WHERE article_state IS NOT NULL GROUP BY ALL",
    ),
    Family(
        "duckwire_articles",
        "Articles by language.",
        ("language",),
        "SELECT coalesce(language, ''), count(*) FROM articles GROUP BY ALL",
    ),
    Family(
        "duckwire_topic_articles",
        "Articles by topic and verdict, off left out.",
        ("topic", "verdict"),
        "SELECT topic_id, verdict, count(*) FROM article_topics WHERE verdict <> 'off' "
        "GROUP BY ALL",
    ),
    Family(
        "duckwire_feeds",
        "Feeds by health.",
        ("health",),
        "SELECT health, count(*) FROM feed_health GROUP BY ALL",
    ),
    Family(
        "duckwire_possible_gaps",
        "Polls that shared nothing with the one before.",
        (),
        "SELECT count(*) FROM polls WHERE possible_gap",
        counter=True,
    ),
    Family(
        "duckwire_runs",
        "Runs by kind and how they ended.",
        ("kind", "state"),
        "SELECT kind, state, count(*) FROM runs GROUP BY ALL",
        counter=True,
    ),
    Family(
        "duckwire_last_run_seconds",
        "How long the last run of each kind took.",
        ("kind",),
        "SELECT kind, arg_max(epoch(ended_at - started_at), ended_at) FROM runs "
        "WHERE ended_at IS NOT NULL GROUP BY ALL",
    ),
    Family(
        "duckwire_last_run_timestamp_seconds",
        "When the last run of each kind ended well.",
        ("kind",),
        "SELECT kind, max(epoch(ended_at)) FROM runs WHERE state = 'done' GROUP BY ALL",
    ),
    Family(
        "duckwire_last_article_timestamp_seconds",
        "When the newest article landed.",
        (),
        "SELECT epoch(max(first_seen_at)) FROM articles HAVING count(*) > 0",
    ),
    Family(
        "duckwire_oldest_waiting_timestamp_seconds",
        "Since when the longest waiting page has been due.",
        (),
        "SELECT epoch(min(next_at)) FROM waiting HAVING count(*) > 0",
    ),
    Family(
        "duckwire_fetch_seconds",
        "How long pages of the last day took to fetch, by quantile.",
        ("quantile",),
        "SELECT unnest([0.5, 0.9, 0.99]), "
        "unnest(quantile_cont(elapsed_ms, [0.5, 0.9, 0.99])) / 1000 FROM pages "
        "WHERE elapsed_ms IS NOT NULL "
        "AND fetched_at > (SELECT max(fetched_at) - INTERVAL 1 DAY FROM pages)",
    ),
)


def measure(connection: Connection) -> Iterator[tuple[Family, list[tuple[tuple[str, ...], float]]]]:
    """Ask for every family; yields it with (values of its labels, number) for each row.

    What nothing has been measured for yet has no number, and is left out.
    """
    for family in FAMILIES:
        rows = connection.execute(family.query).fetchall()
        numbers = [(row[:-1], row[-1]) for row in rows if row[-1] is not None]
        yield family, [(tuple(map(str, labels)), float(value)) for labels, value in numbers]
