"""How fast articles land, against a bare Arrow INSERT of the same batches; and landing them again.

Bare are two tables without keys: one takes the articles' own columns, the other all that a batch
holds (dates, candidates, topics with their evidence, pages, signatures) as nested columns. Their
Arrow is made outside the timing. Landing gets the rows as a caller hands them over, and making
Arrow of them is inside. `DUCKWIRE_BENCH_ARTICLES` sets how many (default 10,000; the stated figures
are of 100,000).
"""

from __future__ import annotations

import gc
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from extractors.fingerprints import content_hash, lsh_bands, stable_id, text_hash
from extractors.records import Evidence, State
from storage.columnar import arrow_of
from storage.grouping import packed
from storage.landing import group_waiting, land_pages
from storage.rows import (
    ArticleLanding,
    ArticleRow,
    CandidateRow,
    DateRow,
    PageRow,
    SignatureRow,
    TopicRow,
)
from storage.warehouse import Warehouse

pytestmark = [pytest.mark.bench, pytest.mark.timeout(1800)]

ARTICLES = int(os.environ.get("DUCKWIRE_BENCH_ARTICLES", "10000"))
BATCH = 500
TEXT_BYTES = 4096
COPIES = 0.05  # the share of articles that are near-duplicates of an earlier one
SESSION = 50  # batches served by one opening of the file
# What a busy machine of two cores reaches; storage/README.md says what a quiet one does.
LEAST_OF_ARTICLES = 0.2
LEAST_OF_ALL = 0.5
NOW = datetime(2026, 11, 23, tzinfo=UTC)
RUN = "bench"


class Writer:
    """Invented articles of one size, the same ones for the same seed."""

    def __init__(self, seed: int = 20230913) -> None:
        self._dice = random.Random(seed)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self._words = [
            "".join(self._dice.choices(letters, k=self._dice.randint(2, 11))) for _ in range(20_000)
        ]
        self._signatures: list[tuple[int, ...]] = []

    def batch(self, start: int, size: int) -> tuple[list[PageRow], list[ArticleLanding]]:
        """Articles `start` to `start + size`, with their pages."""
        landings = [self._article(number) for number in range(start, start + size)]
        return [_page(item.article) for item in landings], landings

    def _article(self, number: int) -> ArticleLanding:
        url = f"https://paper{number % 300}.example/2026/11/{number}.html"
        article_id = stable_id("a", url)
        words = self._dice.choices(self._words, k=TEXT_BYTES // 5)
        text = " ".join(words)[:TEXT_BYTES]
        title = " ".join(words[:9]).capitalize()
        hashed = text_hash(text)
        when = NOW - timedelta(minutes=number)
        article = ArticleRow(
            article_id=article_id,
            url=url,
            canonical_url=url,
            title=title,
            text=text,
            authors=("Ada Writer", "Ben Writer"),
            publisher=f"Paper {number % 300}",
            country="GB",
            language="en",
            published_at=when,
            published_precision="second",
            published_reason="json-ld, agreed by the feed",
            modified_at=when,
            first_seen_at=NOW,
            source_kind="feed",
            kind="news",
            tags=("world", "summit"),
            lead=text[:200],
            word_count=len(words),
            text_hash=hashed,
            row_hash=content_hash(title, text, url),
            page_id=stable_id("p", url),
            preference=f"0 {url}",
            extractor_version="1",
            run_id=RUN,
        )
        signature = self._signature()
        return ArticleLanding(
            article=article,
            dates=_dates(article_id, when),
            candidates=_candidates(article_id, title, url),
            topics=(_topic(article_id, hashed, text),),
            signature=SignatureRow(article_id, hashed, signature, lsh_bands(signature), RUN),
        )

    def _signature(self) -> tuple[int, ...]:
        if self._signatures and self._dice.random() < COPIES:
            values = list(self._dice.choice(self._signatures))
            for place in self._dice.sample(range(128), 6):
                values[place] = self._dice.getrandbits(32)
            return tuple(values)
        signature = tuple(self._dice.getrandbits(32) for _ in range(128))
        if len(self._signatures) < 5000:
            self._signatures.append(signature)
        return signature


def _page(article: ArticleRow) -> PageRow:
    return PageRow(
        page_id=article.page_id or "",
        url=article.url or "",
        state=str(State.LANDED),
        article_state=str(State.LANDED),
        run_id=RUN,
        first_seen_at=NOW,
        final_url=article.url,
        host="paper.example",
        article_id=article.article_id,
        attempts=1,
        fetched_at=NOW,
        status=200,
        content_type="text/html",
        body_hash=article.text_hash,
        bytes=40_000,
        elapsed_ms=120,
        warc_file="2026/11/duckwire-bench-1-00001.warc.gz",
        warc_offset=0,
        warc_digest="sha1:ABC",
        extractor_version="1",
    )


def _dates(article_id: str, when: datetime) -> tuple[DateRow, ...]:
    return tuple(
        DateRow(article_id, name, origin, when.isoformat(), when, "second", "UTC", chosen, RUN)
        for name, origin, chosen in (
            ("published", "json-ld", True),
            ("published", "meta", False),
            ("published", "feed", False),
            ("modified", "json-ld", True),
        )
    )


def _candidates(article_id: str, title: str, url: str) -> tuple[CandidateRow, ...]:
    return tuple(
        CandidateRow(article_id, name, origin, value, chosen, RUN)
        for name, origin, value, chosen in (
            ("title", "json-ld", title, True),
            ("title", "og", title, False),
            ("title", "feed", title, False),
            ("author", "json-ld", "Ada Writer", True),
            ("publisher", "og", "Paper", True),
            ("language", "html", "en", True),
            ("canonical", "link", url, True),
        )
    )


def _topic(article_id: str, hashed: str, text: str) -> TopicRow:
    evidence = tuple(
        Evidence(concept, text[start : start + 6], "text", start, start + 6)
        for concept, start in (("kim", 10), ("putin", 60), ("vostochny", 130))
    )
    return TopicRow(
        article_id, "summit", "v1", 3.0, "on", "kim+putin near", evidence, hashed, NOW, RUN
    )


@dataclass
class Clock:
    """Seconds spent on each thing compared, by the clock and of processor time."""

    spent: dict[str, float] = field(default_factory=dict)
    used: dict[str, float] = field(default_factory=dict)

    def time(self, name: str, work: Callable[[], object]) -> None:
        gc.collect()
        gc.disable()
        started, used = time.perf_counter(), time.process_time()
        work()
        self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - started
        self.used[name] = self.used.get(name, 0.0) + time.process_time() - used
        gc.enable()


def _batches(writer: Writer) -> Iterator[list[tuple[list[PageRow], list[ArticleLanding]]]]:
    """Groups of batches, as one session would serve them."""
    starts = list(range(0, ARTICLES, BATCH))
    for first in range(0, len(starts), SESSION):
        yield [writer.batch(start, BATCH) for start in starts[first : first + SESSION]]


def _land(warehouse: Warehouse, group: list[tuple[list[PageRow], list[ArticleLanding]]]) -> None:
    with warehouse.session() as session:
        for pages, landings in group:
            land_pages(session, pages, landings, run_id=RUN, now=NOW, group_later=True)
        group_waiting(session)


@dataclass(frozen=True)
class Hanging:
    """What hangs on one article, as nested columns."""

    page: tuple[PageRow, ...]
    dates: tuple[DateRow, ...]
    candidates: tuple[CandidateRow, ...]
    topics: tuple[TopicRow, ...]
    bands: tuple[int, ...]


def _articles(batch: tuple[list[PageRow], list[ArticleLanding]]) -> pa.Table:
    return arrow_of(ArticleRow, [item.article for item in batch[1]])


def _all(batch: tuple[list[PageRow], list[ArticleLanding]]) -> pa.Table:
    signatures = [item.signature for item in batch[1] if item.signature]
    hanging = [
        Hanging((page,), item.dates, item.candidates, item.topics, (0,) * len(item.signature.bands))
        for page, item in zip(*batch, strict=True)
        if item.signature
    ]
    table = _articles(batch).append_column(
        "signature", pa.array([packed(item.signature) for item in signatures], type=pa.binary())
    )
    for name, column in zip(
        ("page", "dates", "candidates", "topics", "bands"),
        arrow_of(Hanging, hanging).columns,
        strict=True,
    ):
        table = table.append_column(name, column)
    return table


class Bare:
    """One table without keys, over one connection."""

    def __init__(self, path: Path, shape: pa.Table) -> None:
        self.connection = duckdb.connect(str(path))
        self.connection.register("shape", shape)
        self.connection.execute("CREATE TABLE bare AS FROM shape LIMIT 0")
        self.connection.unregister("shape")

    def insert(self, tables: list[pa.Table]) -> None:
        for table in tables:
            self.connection.register("batch", table)
            self.connection.execute("INSERT INTO bare BY NAME FROM batch")
            self.connection.unregister("batch")


def test_landing_takes_no_more_than_a_few_bare_inserts(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "desk")
    warehouse.migrate(NOW)
    made = {"bare INSERT of the articles": _articles, "bare INSERT of all": _all}
    shapes = Writer().batch(0, 1)
    bare = {
        name: Bare(tmp_path / f"{make.__name__}.duckdb", make(shapes))
        for name, make in made.items()
    }
    clock = Clock()
    # Turn by turn, so that a busy machine slows all alike.
    for group in _batches(Writer()):
        for name, make in made.items():
            tables = [make(batch) for batch in group]
            clock.time(name, partial(bare[name].insert, tables))
            del tables
        clock.time("landing", partial(_land, warehouse, group))
    for name, one in bare.items():
        clock.time(name, one.connection.close)
    for group in _batches(Writer()):
        clock.time("landing unchanged", partial(_land, warehouse, group))
    with warehouse.session() as session:
        counted = session.execute("SELECT count(*) FROM articles").fetchone()
        groups = session.execute("SELECT count(DISTINCT group_id) FROM article_groups").fetchone()
    _table("by the clock", clock.spent)
    _table("of processor time", clock.used)
    size = warehouse.path.stat().st_size / ARTICLES * 10_000 / 1e6
    print(f"  on disk, all tables: {size:.0f} MB per 10,000 articles; {groups[0]} groups")
    # Who else uses the disk or the processors slows one of the two more than the other.
    of_articles, of_all = (
        max(spent[name] / spent["landing"] for spent in (clock.spent, clock.used)) for name in made
    )
    assert counted == (ARTICLES,)
    assert of_articles >= LEAST_OF_ARTICLES
    assert of_all >= LEAST_OF_ALL
    assert clock.spent["landing unchanged"] <= clock.spent["landing"]


def _table(measure: str, spent: dict[str, float]) -> None:
    print(f"\n{ARTICLES} articles of {TEXT_BYTES} bytes in batches of {BATCH}, {measure}")
    first, second = list(spent.values())[:2]
    for name, seconds in spent.items():
        print(
            f"  {name:28} {seconds:7.2f} s {ARTICLES / seconds:9.0f} articles/s"
            f"   {first / seconds:5.2f} and {second / seconds:5.2f} of the bare INSERTs"
        )


def test_a_changed_text_keeps_the_old_one(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "desk")
    warehouse.migrate(NOW)
    pages, landings = Writer().batch(0, 20)
    _land(warehouse, [(pages, landings)])
    changed = [
        replace(
            item, article=replace(item.article, text="New.", text_hash="1:new", row_hash="1:new")
        )
        for item in landings
    ]
    _land(warehouse, [(pages, changed)])
    with warehouse.session() as session:
        kept = session.execute("SELECT count(*) FROM article_versions").fetchone()
    assert kept == (20,)
