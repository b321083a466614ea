"""A file of Common Crawl's news archive in any size, and what it costs to stream it through.

One page in ten is of a host that is asked for; the others are told by their address and left.
"""

from __future__ import annotations

import gzip
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import psutil
from desks import new_desk
from standins.fill import command
from standins.warcs import FOLDER, Page, file_name, write_warc

from extractors.records import Listing
from flows.newsroom.generate import generate
from flows.newsroom.model import Article, Outlet, article_path
from flows.newsroom.pages import article_page
from flows.settings import ROOT
from flows.sources.warc_records import Tally, is_page, read_records
from flows.steps.backfill_work import PAGES_TOGETHER
from flows.steps.readers import PageToRead, Readers
from flows.steps.rows import bare_task
from flows.steps.topics import load_topics
from storage.rows import PageRow

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CORES = len(os.sched_getaffinity(0))
_MET = "2023-10-01T00:00:00Z"
_OTHERS = 9  # pages of other hosts to one that is wanted
_PAGE_BYTES = 33_000  # of a page in the file
_SAMPLE = 1000  # pages about, or all there are; from the beginning of the file to its end
_WARM = 20  # pages that are read before anything is measured

# The command with warm readers: a run of hours does not feel how they start.
WARM = """
import pickle, sys
from pathlib import Path
from crawls import read_sample
from flows.cli import main
from flows.settings import load_settings
from flows.steps.readers import readers

settings, pages = load_settings(), pickle.loads(Path(sys.argv.pop(1)).read_bytes())
read_sample(readers(settings.workers, settings.page_s, settings.page_mb * 1_000_000), pages)
main()
"""


@dataclass(frozen=True)
class Crawl:
    """A made archive: its folder, the feeds whose hosts are asked for, and what is in it; `sample`
    are wanted pages from all parts of it.
    """

    folder: Path
    feeds: list[Listing]
    path: Path
    wanted: int
    pages: int
    sample: list[tuple[str, bytes]]


@dataclass(frozen=True)
class Cost:
    """What streaming a crawl took: seconds of its unit and CPU of all processes meanwhile, and the
    most memory of all.
    """

    seconds: float
    cpu_s: float
    memory_mb: float
    landed: int

    def speed(self, crawl: Crawl, passing: float = 0.0) -> float:
        """Pages landed a second; see `cpu_pages`. All cores are at work."""
        return self.landed / (self.seconds - _passed_s(crawl, passing) / CORES)

    def cpu_pages(self, crawl: Crawl, passing: float = 0.0) -> float:
        """Pages landed for a second of CPU, where passing over each of the others is left out: the
        milliseconds that it takes.
        """
        return self.landed / (self.cpu_s - _passed_s(crawl, passing))


def _passed_s(crawl: Crawl, passing: float) -> float:
    return (crawl.pages - crawl.wanted) * passing / 1000


def make_crawl(folder: Path, megabytes: int) -> Crawl:
    """Make an archive with one file of that size, and its months' listings."""
    path = folder / file_name("20230930220000")
    for month, stamp in (("08", "20230801000000"), ("10", "20231025000000")):
        _list(folder, month, file_name(stamp))
    _list(folder, "09", file_name("20230930220000"))
    desk = generate(
        5, feeds=16, pages=1 + megabytes * 1_000_000 // (_OTHERS * _PAGE_BYTES), heavy=True
    )
    words = desk.words
    articles = [
        (outlet, outlet.articles[place])
        for place in range(len(desk.outlets[-1].articles))
        for outlet in desk.outlets
    ]

    def page(outlet: Outlet, article: Article) -> Page:
        base = f"http://{outlet.domain}"
        html = article_page(outlet, article, words[outlet.language], base)
        body = html.encode(outlet.encoding, "xmlcharrefreplace")
        kind = f"text/html; charset={outlet.encoding}"
        return Page(base + article_path(outlet, article), body, _MET, content_type=kind)

    fill = [page(*one).body for one in articles[:16]]
    wanted = pages = 0
    with path.open("wb") as target:
        while target.tell() < megabytes * 1_000_000:
            of_others = [
                Page(
                    f"https://host{n}.example.net/{wanted}",
                    fill[(wanted * 7 + n) % len(fill)],
                    _MET,
                )
                for n in range(_OTHERS)
            ]
            write_warc(target, [*of_others, page(*articles[wanted])])
            wanted, pages = wanted + 1, pages + 1 + _OTHERS
    feeds = [
        Listing(f"f_{one.outlet_id}", f"http://{one.domain}/feed", publisher=one.name)
        for one in desk.outlets
    ]
    every = max(1, wanted // _SAMPLE) | 1  # odd, so that each outlet, and language, is among them
    chosen = [page(*one) for one in articles[:wanted:every]]
    return Crawl(folder, feeds, path, wanted, pages, [(one.url, one.body) for one in chosen])


def _list(folder: Path, month: str, name: str) -> None:
    listing = folder / FOLDER / "2023" / month / "warc.paths.gz"
    listing.parent.mkdir(parents=True)
    listing.write_bytes(gzip.compress(f"{name}\n".encode(), mtime=0))


@dataclass(frozen=True)
class Speed:
    """How fast pages are extracted out of memory by all readers: a second, and a second of CPU."""

    pages: float
    cpu_pages: float


def read_sample(readers: Readers, pages: list[tuple[str, bytes]]) -> float:
    """Read pages out of memory with all readers at work, as a run hands them over; returns pages a
    second.
    """
    topics = load_topics(ROOT / "seeds" / "topics")

    def read(some: Sequence[tuple[str, bytes]]) -> None:
        readers.read_all(topics, [_to_read(url, body) for url, body in some])

    lumps = [pages[at : at + PAGES_TOGETHER] for at in range(0, len(pages), PAGES_TOGETHER)]
    start = time.perf_counter()
    with ThreadPoolExecutor(CORES + 1) as pool:
        list(pool.map(read, lumps))
    return len(pages) / (time.perf_counter() - start)


def _to_read(url: str, body: bytes) -> PageToRead:
    row = PageRow(
        page_id=url,
        url=url,
        final_url=url,
        state="landed",
        fetched_at=NOW,
        first_seen_at=NOW,
        run_id="bench",
    )
    return PageToRead(bare_task(row, "backfill"), row, body, NOW)


def speed_from_memory(crawl: Crawl) -> Speed:
    """The speed at which the sample of the crawl's pages is extracted out of memory; the CPU of
    this process counts, as in a run that of the process which hands pages out.
    """
    readers = Readers(CORES, 60.0, 1_000_000_000)
    try:
        read_sample(readers, crawl.sample[:_WARM])
        tree = [psutil.Process(), *map(psutil.Process, readers.children.pids)]
        before = sum(map(_spent, tree))
        pages = read_sample(readers, crawl.sample)
        spent = sum(map(_spent, tree)) - before
    finally:
        readers.close()
    return Speed(pages, len(crawl.sample) / spent)


def _spent(process: psutil.Process) -> float:
    """Seconds of CPU that a process has taken, with those of its children that have ended."""
    times = process.cpu_times()
    return float(times.user + times.system + times.children_user + times.children_system)


def passing_ms(crawl: Crawl) -> float:
    """Milliseconds of CPU to pass over a page of a host that nobody asked for."""
    start = time.process_time()
    with crawl.path.open("rb") as stream:
        assert not any(read_records(stream, lambda _: False, is_page, Tally()))
    return 1000 * (time.process_time() - start) / crawl.pages


def reading_ms(crawl: Crawl) -> float:
    """Milliseconds of CPU to extract one of the wanted pages, in one of the readers."""
    readers = Readers(1, 10.0, 1_000_000_000)
    try:
        read_sample(readers, crawl.sample[:_WARM])
        child = psutil.Process(readers.children.pids[0])
        before = child.cpu_times()
        read_sample(readers, crawl.sample)
        after = child.cpu_times()
    finally:
        readers.close()
    spent = after.user + after.system - before.user - before.system
    return 1000 * spent / len(crawl.sample)


def stream(crawl: Crawl, data: Path) -> Cost:
    """Run `duckwire backfill --sources ccnews --direct` over a crawl on a new desk."""
    desk = new_desk(data, crawl.feeds, seeds=data, ccnews_url=str(crawl.folder))
    words = ["backfill", "--from", "2023-09-01", "--to", "2023-10-01", "--sources", "ccnews"]
    _, environment = command(desk, words)
    environment["PYTHONPATH"] = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    warm = data / "warm.pickle"
    warm.write_bytes(pickle.dumps(crawl.sample[:_WARM]))
    line = [sys.executable, "-c", WARM, str(warm), *words, "--direct", "--json"]
    process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, text=True)
    watch = _Watch(psutil.Process(process.pid))
    watch.start()
    said, _ = process.communicate(timeout=1800)
    watch.over.set()
    assert process.returncode == 0
    report = json.loads(said)
    assert report["failed"] == []
    with duckdb.connect(str(desk.database), read_only=True) as connection:
        (row,) = connection.execute(
            "SELECT epoch(started_at), epoch(ended_at) FROM backfill_units "
            "WHERE url LIKE '%.warc.gz' AND state = 'done'"
        ).fetchall()
    start, end = row
    landed = report["stages"]["page"]["landed"]
    return Cost(end - start, watch.spent(start, end), watch.highest, landed)


class _Watch(threading.Thread):
    """Adds up the memory (proportional share) of a process tree, and keeps the highest; and the CPU
    that it has taken by each moment.
    """

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.highest, self.over = process, 0.0, threading.Event()
        self.moments = [(time.time(), 0.0)]

    def spent(self, start: float, end: float) -> float:
        """The CPU that was taken between two moments, in seconds."""
        first = max(cpu for at, cpu in self.moments if at <= start)
        return max(cpu for at, cpu in self.moments if at <= end) - first

    def run(self) -> None:
        looks = 0
        while not self.over.wait(0.1):
            total, cpu, looks = 0, 0.0, looks + 1
            try:
                tree = [self.process, *self.process.children(recursive=True)]
            except psutil.Error:
                return
            for each in tree:
                try:
                    cpu += _spent(each)
                    # Seldom: to add up its pages, the kernel stops a process for milliseconds.
                    total += each.memory_full_info().pss if looks % 5 == 0 else 0
                except psutil.Error:
                    continue
            self.highest = max(self.highest, total / 1e6)
            self.moments.append((time.time(), cpu))
