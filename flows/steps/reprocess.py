"""Making derived rows again from what is kept: archived pages, stored articles. No network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from extractors.records import Verdict
from extractors.versions import EXTRACTOR_VERSION, TEXTS_VERSION
from flows.steps.again import read_again
from flows.steps.ingest import Call, directly, fetch_group, install_topics, publish_if_due
from flows.steps.job import Job
from flows.steps.progress import listener
from flows.steps.rows import topic_rows
from flows.steps.site_lines import leave_out_site_lines
from flows.steps.topics import Topics, load_topics
from flows.steps.turns import at_work
from storage.host_lines import site_habits
from storage.landing import land_judgements, land_pages
from storage.rows import TopicRow
from storage.work import (
    ArticleText,
    Standing,
    StoredPage,
    judgements,
    release_unlikely,
    stale_pages,
    unjudged_articles,
)

PAGES_A_STEP = 200
ARTICLES_A_STEP = 1000
FETCHES_A_STEP = 500


@dataclass
class Changes:
    """What a reprocessing changed. `shortened` are articles that other lines of their host were
    left out of; titles are those of articles that moved on or off a topic.
    """

    pages: int = 0
    unreadable: int = 0
    judged: int = 0
    released: int = 0
    shortened: int = 0
    newly_on: list[tuple[str, str]] = field(default_factory=list)  # topic id, title
    newly_off: list[tuple[str, str]] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether anything was changed."""
        return bool(self.pages or self.judged or self.released or self.shortened)

    def add(self, other: Changes) -> None:
        """Take another step's changes in."""
        self.pages += other.pages
        self.unreadable += other.unreadable
        self.judged += other.judged
        self.newly_on += other.newly_on
        self.newly_off += other.newly_off


def run_reprocess(
    job: Job,
    *,
    pages: bool = True,
    topics: bool = True,
    skipped: bool = False,
    call: Call = directly,
    trigger: str = "manual",
    flow_run_id: str | None = None,
) -> Changes:
    """Extract again what another extractor version read, judge again what another definition did.

    Only rows of another version, articles without a judgement and changed texts are touched. The
    network is used with `skipped` alone, to fetch the pages that the topic gate passed over.
    """
    load_topics(job.settings.topics)
    total = Changes()
    parameters = {"pages": pages, "topics": topics, "skipped": skipped}
    with at_work(job, trigger=trigger, parameters=parameters, flow_run_id=flow_run_id):
        call("install topics", install_topics, job)
        after = ""
        while pages and (step := call("extract again", extract_group, job, after)) is not None:
            after, changes = step
            total.add(changes)
        after = ""
        while topics and (step := call("judge again", judge_group, job, after)) is not None:
            after, changes = step
            total.add(changes)
        if skipped:
            total.released = call("release what the gate passed over", release, job)
            while call("fetch pages", fetch_group, job, FETCHES_A_STEP):
                pass
        if pages or skipped:
            total.shortened = call("leave out what recurs", leave_out_site_lines, job)
    call("publish", publish_if_due, job, total.any)
    return total


def release(job: Job) -> int:
    """Let what the topic gate passed over be fetched; returns how many entries."""
    with job.warehouse.session() as session:
        return release_unlikely(session, run_id=job.run_id, now=job.clock())


def extract_group(job: Job, after: str) -> tuple[str, Changes] | None:
    """Extract the next group of archived pages again; returns where it ended, None at the end."""
    with job.warehouse.session() as session:
        found = stale_pages(
            session,
            version=EXTRACTOR_VERSION,
            texts_version=TEXTS_VERSION,
            after=after,
            limit=PAGES_A_STEP,
        )
    return (found[-1].task.page_id, extract_again(job, found)) if found else None


def extract_again(job: Job, found: Sequence[StoredPage]) -> Changes:
    """Make articles out of these archived pages anew, in one transaction."""
    listener().expect("pages", len(found))
    with job.warehouse.session() as session:
        known = site_habits(session)
    made = read_again(job, found, known)
    with job.warehouse.session() as session:
        land_pages(
            session,
            [row for row, _ in made],
            [article for _, article in made if article],
            run_id=job.run_id,
            now=job.clock(),
            fetched=False,
        )
    return Changes(pages=len(made), unreadable=len(found) - len(made))


def judge_group(job: Job, after: str) -> tuple[str, Changes] | None:
    """Judge the next group of stored articles; returns where it ended, None at the end."""
    installed = load_topics(job.settings.topics)
    versions = installed.versions
    with job.warehouse.session() as session:
        found = unjudged_articles(session, versions, after=after, limit=ARTICLES_A_STEP)
        if not found:
            return None
        before = judgements(session, [article.article_id for article in found])
        listener().expect("articles", len(found))
        changes = Changes(judged=len(found))
        rows: list[TopicRow] = []
        for article in found:
            rows.extend(_judge(job, installed, article, before, changes))
            listener().advance("articles")
        land_judgements(session, rows, run_id=job.run_id, now=job.clock())
    return found[-1].article_id, changes


def _judge(
    job: Job,
    topics: Topics,
    article: ArticleText,
    before: dict[tuple[str, str], Standing],
    changes: Changes,
) -> tuple[TopicRow, ...]:
    """Judge one article by the topics whose judgement of it is missing or of another version."""
    found = topics.judge(article.title, article.text, article.language, article.published_at)
    fresh = []
    for item in found:
        was = before.get((article.article_id, item.topic_id))
        if was and (was.topic_version, was.text_hash) == (item.topic_version, article.text_hash):
            continue
        fresh.append(item)
        line = (item.topic_id, article.title or article.article_id)
        was_on = was is not None and was.verdict == Verdict.ON
        if item.verdict == Verdict.ON and not was_on:
            changes.newly_on.append(line)
        elif item.verdict != Verdict.ON and was_on:
            changes.newly_off.append(line)
    return topic_rows(
        fresh,
        article_id=article.article_id,
        hashed=article.text_hash,
        run_id=job.run_id,
        now=job.clock(),
    )
