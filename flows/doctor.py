"""`duckwire doctor`: what could keep a desk from its work, and what to do about each."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version

from extractors.errors import DuckwireError
from extractors.records import Fetched, WarcPosition
from flows.health import health_of
from flows.net.door import Fetcher
from flows.prefect_api import healthy
from flows.settings import Settings
from flows.sources.feedlist import FeedListError, load
from flows.steps.topics import load_topics
from flows.warehouses import warehouse_of
from storage.archive import read_record
from storage.asking import Asker
from storage.errors import StorageError
from storage.targets.extensions import extensions_of, missing_extensions

# Where a run may be told to wait; a desk that is nearly full must not stop in the middle of one.
LEAST_FREE_BYTES = 2_000_000_000
MOST_SKEW = timedelta(minutes=2)
_LAST_KEPT = (
    "SELECT warc_file, warc_offset, warc_digest FROM pages WHERE warc_file IS NOT NULL "
    "ORDER BY fetched_at DESC NULLS LAST LIMIT 1"
)
_PINNED = ("prefect", "duckdb", "fastapi", "sqlalchemy", "trafilatura", "feedparser")


class Finding(StrEnum):
    """How much a finding matters."""

    GOOD = "good"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: what was found and, unless it is good, what to do."""

    what: str
    finding: Finding
    detail: str
    remedy: str = ""


def examine(settings: Settings, now: datetime) -> Iterator[Check]:
    """Look at everything that needs no network, one check after the other."""
    yield _versions()
    yield _disk(settings)
    yield _writable(settings)
    yield _extensions(settings)
    yield _archive(settings)
    yield from _lists(settings)
    yield _database(settings, now)
    yield _feeds(settings)
    yield _contact(settings)
    yield _prefect(settings)


async def examine_network(settings: Settings, door: Fetcher, now: datetime) -> list[Check]:
    """Ask the first three feeds of the list: is there a network, and is our clock right?"""
    asked = [listing.url for listing in load(settings.feeds)[:3]]
    answers = [await door.fetch(url, accept="feed", robots=False) for url in asked]
    reached = [answer for answer in answers if answer.status]
    if not asked:
        return [Check("network", Finding.NOTE, "no feed is listed, so none was asked")]
    if not reached:
        return [
            Check(
                "network",
                Finding.WRONG,
                f"none of {len(asked)} feeds answered ({answers[0].detail})",
                "check this machine's connection, name server and proxy",
            )
        ]
    checks = [Check("network", Finding.GOOD, f"{len(reached)} of {len(asked)} feeds answered")]
    return [*checks, *_clock(reached, now)]


def _versions() -> Check:
    found = []
    for name in _PINNED:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            return Check(
                "packages", Finding.WRONG, f"{name} is not installed", "call `make setup` again"
            )
    return Check("packages", Finding.GOOD, ", ".join(found))


def _disk(settings: Settings) -> Check:
    place = settings.data if settings.data.exists() else settings.data.parent
    try:
        free = shutil.disk_usage(place).free
    except OSError as error:
        return Check("disk", Finding.WRONG, f"{place}: {error.strerror}", "choose another --data")
    line = f"{free / 1e9:.1f} GB free at {place}"
    if free < LEAST_FREE_BYTES:
        return Check("disk", Finding.WRONG, line, "free some space, or move the data directory")
    return Check("disk", Finding.GOOD, line)


def _writable(settings: Settings) -> Check:
    probe = settings.data / f".doctor.{os.getpid()}"
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        return Check(
            "data directory",
            Finding.WRONG,
            f"{settings.data} cannot be written ({error.strerror})",
            "give it to the user that runs Duckwire, or choose another with DUCKWIRE_DATA",
        )
    return Check("data directory", Finding.GOOD, str(settings.data))


def _extensions(settings: Settings) -> Check:
    """Load what the warehouse of the settings needs; a file needs none."""
    needed = extensions_of(warehouse_of(settings).target)
    if missing := missing_extensions(needed):
        return Check(
            "extensions", Finding.WRONG, "; ".join(missing), "call `make setup` again, as installed"
        )
    return Check("extensions", Finding.GOOD, ", ".join(needed) or "the file needs none")


def _archive(settings: Settings) -> Check:
    """Can segments be written, and are the bytes of the page that landed last there?"""
    root = settings.archive_root
    probe = root / f".doctor.{os.getpid()}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
        with Asker(warehouse_of(settings)) as asker:
            last = asker.ask(_LAST_KEPT).rows
    except OSError as error:
        remedy = "give it to the user that runs Duckwire, or set DUCKWIRE_ARCHIVE"
        return Check("archive", Finding.WRONG, f"{root}: {error.strerror}", remedy)
    except StorageError:
        last = []  # which the check of the database tells
    try:
        for file, offset, digest in last:
            read_record(root, WarcPosition(file, offset, digest))
    except StorageError as error:
        remedy = "restore the segment from a backup, or set DUCKWIRE_ARCHIVE to where it is"
        return Check("archive", Finding.WRONG, str(error), remedy)
    return Check("archive", Finding.GOOD, f"{root}" + (", the last page is there" if last else ""))


def _lists(settings: Settings) -> Iterator[Check]:
    def tried(what: str, count: Callable[[], int]) -> Check:
        try:
            return Check(what, Finding.GOOD, f"{count()} in {getattr(settings, what)}")
        except (DuckwireError, FeedListError) as error:
            return Check(
                what, Finding.WRONG, str(error), f"mend it, or set DUCKWIRE_{what.upper()}"
            )

    yield tried("feeds", lambda: len(load(settings.feeds)))
    yield tried("topics", lambda: len(load_topics(settings.topics).definitions))


def _database(settings: Settings, now: datetime) -> Check:
    warehouse = warehouse_of(settings)
    if warehouse.target is None and not warehouse.path.exists():
        return Check("database", Finding.NOTE, "there is none yet", "`duckwire run` makes it")
    found = health_of(settings, now)
    if not found.well:
        return Check(
            "database",
            Finding.WRONG,
            found.detail,
            "see `duckwire status`; `duckwire run` publishes, `duckwire maintain` mends"
            if warehouse.target is None
            else "start the server that it names, or correct DUCKWIRE_WAREHOUSE and its secrets",
        )
    return Check("database", Finding.GOOD, found.detail)


def _feeds(settings: Settings) -> Check:
    try:
        with Asker(warehouse_of(settings)) as asker:
            rows = asker.ask("SELECT health, count(*) FROM feed_health GROUP BY ALL").rows
    except StorageError:
        return Check("feed health", Finding.NOTE, "not known before the first run")
    counts = dict(rows)
    line = ", ".join(f"{count} {health}" for health, count in sorted(counts.items())) or "no feed"
    polled = counts.get("good", 0) + counts.get("failing", 0)
    if polled and counts.get("failing", 0) > polled / 2:
        return Check(
            "feed health",
            Finding.WRONG,
            line,
            "more than half fail: SELECT * FROM feed_health WHERE health = 'failing' says why",
        )
    return Check("feed health", Finding.GOOD, line)


def _contact(settings: Settings) -> Check:
    if settings.contact:
        return Check("contact", Finding.GOOD, f"sites asked are told {settings.contact}")
    return Check(
        "contact",
        Finding.NOTE,
        "sites that you ask cannot tell who you are",
        "set DUCKWIRE_CONTACT to a mail or web address",
    )


def _prefect(settings: Settings) -> Check:
    """Does the server that is named answer, or can `up` have the ports that it is to have?"""
    url = os.environ.get("PREFECT_API_URL")
    if url and healthy(url):
        return Check("prefect", Finding.GOOD, f"the server at {url} answers")
    if url:
        remedy = "start it, or unset PREFECT_API_URL for a server of the desk's own"
        return Check("prefect", Finding.WRONG, f"no Prefect answers at {url}", remedy)
    if _taken(settings.ui_port) and healthy(f"http://127.0.0.1:{settings.ui_port}/api"):
        return Check("prefect", Finding.GOOD, f"a Prefect server is up at port {settings.ui_port}")
    ports = {"DUCKWIRE_UI_PORT": settings.ui_port, "DUCKWIRE_HEALTH_PORT": settings.health_port}
    taken = {name: port for name, port in ports.items() if port and _taken(port)}
    for name, port in taken.items():
        line = f"port {port} is taken by another program"
        return Check("prefect", Finding.WRONG, line, f"set {name} to a free one")
    free = " and ".join(str(port) for port in ports.values() if port)
    return Check("prefect", Finding.GOOD, f"free for `up`: port {free}")


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _clock(answers: list[Fetched], now: datetime) -> list[Check]:
    """Compare with the Date of an answer (RFC 9110, 6.6.1)."""
    for answer in answers:
        try:
            theirs = parsedate_to_datetime(answer.header("date") or "").astimezone(UTC)
        except ValueError:
            continue
        skew = abs(now - theirs)
        if skew > MOST_SKEW:
            return [
                Check(
                    "clock",
                    Finding.WRONG,
                    f"this machine's clock is {skew.total_seconds():.0f} s off",
                    "set the clock, or let it follow a time server",
                )
            ]
        return [Check("clock", Finding.GOOD, f"within {skew.total_seconds():.0f} s of a server's")]
    return []
