"""What a host's pages have in common, at the end of a run: its own lines, which are left out of its
articles, and the clock by which it writes times without a zone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from extractors.boilerplate import lines_by_hash
from flows.steps.again import read_again
from flows.steps.job import Job
from storage.host_lines import (
    Habits,
    count_lines,
    pages_to_read_again,
    settle,
    site_habits,
    unsettled_hosts,
)
from storage.landing import land_read_again
from storage.rows import ArticleLanding
from storage.work import StoredPage

PAGES_A_STEP = 200


def leave_out_site_lines(job: Job) -> int:
    """Count what hosts with new articles repeat, and read again what was read by other habits.

    Returns how many articles were. What a stopped run leaves is done by the next one.
    """
    with job.warehouse.session() as session:
        hosts = [host for host in unsettled_hosts(session) if job.share.has(host)]
        if not hosts:
            return 0
        count_lines(session, hosts, run_id=job.run_id, named=lines_by_hash)
        known = site_habits(session)
    done = 0
    after: str | None = ""
    while after is not None:
        with job.warehouse.session() as session:
            found, after = pages_to_read_again(session, hosts, after=after, limit=PAGES_A_STEP)
            if after is None:
                settle(session, hosts)
        done += _read_and_land(job, found, known) if found else 0
    return done


def _read_and_land(job: Job, found: Sequence[StoredPage], known: Habits) -> int:
    made = [(row, _seen(article)) for row, article in read_again(job, found, known) if article]
    with job.warehouse.session() as session:
        land_read_again(
            session,
            [row for row, _ in made],
            [article for _, article in made],
            run_id=job.run_id,
            now=job.clock(),
        )
    return len(made)


def _seen(article: ArticleLanding) -> ArticleLanding:
    """The article as one whose lines were counted: they are the same as before."""
    if article.signature is None:
        return article
    return replace(article, signature=replace(article.signature, settled=False))
