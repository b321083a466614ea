"""What a machine asks a desk: is it well (`/health`), and how are things (`/metrics`)?

Served on loopback out of the published copy, so that asking never disturbs a run.
"""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from flows.settings import Settings
from flows.steps.telling import SPOOLED, kept_times
from flows.warehouses import warehouse_of
from storage.asking import Asker
from storage.errors import StorageError
from storage.metrics import measure
from storage.publish import published_age
from storage.warehouse import Warehouse

Clock = Callable[[], datetime]
# Two schedules missed, and some room for a long run.
_LATE = 3


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the desk does its work: `well`, and one line for people about what is wrong."""

    well: bool
    detail: str
    published_age_s: float | None


def health_of(settings: Settings, now: datetime) -> Health:
    """Judge by the published copy: it is there, can be opened, and a run has ended lately."""
    warehouse = warehouse_of(settings)
    if warehouse.target is not None:
        return _shared_health(warehouse)
    age = published_age(warehouse, now)
    if age is None:
        return Health(False, "nothing has been published yet", None)
    seconds = age.total_seconds()
    try:
        with Asker(warehouse) as asker:
            asker.ask("SELECT 1 FROM articles LIMIT 1")
    except StorageError as error:
        return Health(False, str(error), seconds)
    late = _LATE * max(settings.ingest_every, settings.publish_every)
    if age > late:
        return Health(False, f"nothing was published for {_minutes(age)} minutes", seconds)
    return Health(True, f"published {_minutes(age)} minutes ago", seconds)


def _shared_health(warehouse: Warehouse) -> Health:
    """A shared warehouse is well when it answers; its age is nothing that is published."""
    try:
        with Asker(warehouse) as asker:
            asker.ask("SELECT 1 FROM articles LIMIT 1")
    except StorageError as error:
        return Health(False, str(error), None)
    return Health(True, f"{warehouse.name} answers", None)


class _Desk(Collector):
    """Collects the families anew for every scrape."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings, self._clock = settings, clock

    def collect(self) -> Iterator[Metric]:
        settings = self._settings
        warehouse = warehouse_of(settings)
        found = health_of(settings, self._clock())
        yield GaugeMetricFamily("duckwire_well", "Whether the desk does its work.", found.well)
        yield GaugeMetricFamily(
            "duckwire_disk_free_bytes",
            "What is free where the data lies.",
            shutil.disk_usage(settings.data).free,
        )
        yield _size("duckwire_database_bytes", "The working file.", warehouse.path)
        yield _size("duckwire_archive_bytes", "The page archive.", settings.archive_root)
        yield from _times(settings)
        if found.published_age_s is not None:
            yield GaugeMetricFamily(
                "duckwire_published_age_seconds",
                "Age of the published copy.",
                found.published_age_s,
            )
        elif not (warehouse.target and found.well):
            return
        with Asker(warehouse) as asker:
            for family, rows in measure(asker.connection):
                make = CounterMetricFamily if family.counter else GaugeMetricFamily
                metric = make(family.name, family.what, labels=family.labels)
                for labels, value in rows:
                    metric.add_metric(labels, value)
                yield metric


def _times(settings: Settings) -> Iterator[Metric]:
    """How long the parts of the last run of each kind on this machine took."""
    labels = ["kind", "part"]
    seconds = GaugeMetricFamily(
        "duckwire_last_run_part_seconds",
        "What reading pages and landing took in the last run of each kind, added up.",
        labels=labels,
    )
    items = GaugeMetricFamily(
        "duckwire_last_run_part_items", "How many pages or rows that were.", labels=labels
    )
    spool = GaugeMetricFamily(
        "duckwire_last_run_spooled_bytes",
        "Large answers that the last run of each kind kept on the disk until their turn.",
        labels=["kind"],
    )
    for kind, spent, counted in kept_times(settings.data):
        spool.add_metric([kind], counted.pop(SPOOLED, 0))
        for part, count in counted.items():
            seconds.add_metric([kind, part], spent[part])
            items.add_metric([kind, part], count)
    yield from (seconds, items, spool)


def metrics_text(settings: Settings, clock: Clock) -> bytes:
    """All metrics in Prometheus' text format; without a published copy those of the disk alone."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Desk(settings, clock))
    return generate_latest(registry)


@contextmanager
def serving(settings: Settings, clock: Clock, *, port: int) -> Iterator[int]:
    """Answer on 127.0.0.1 for the time of the block; yields the port. `port` 0 takes a free one.

    Raises OSError when the port is taken.
    """
    handler = type("Handler", (_Handler,), {"settings": settings, "clock": staticmethod(clock)})
    with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True, name="health")
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    settings: Settings
    clock: Clock
    server_version = "duckwire"
    sys_version = ""
    timeout = 10

    def do_GET(self) -> None:
        """Answer /health with 200 or 503 and a line of JSON, /metrics with Prometheus' text."""
        try:
            if self.path == "/health":
                found = health_of(self.settings, type(self).clock())
                body = json.dumps(asdict(found)).encode()
                self._answer(200 if found.well else 503, "application/json", body)
            elif self.path == "/metrics":
                self._answer(
                    200, CONTENT_TYPE_LATEST, metrics_text(self.settings, type(self).clock)
                )
            else:
                self._answer(404, "text/plain", b"/health or /metrics\n")
        except StorageError as error:
            self._answer(503, "text/plain; charset=utf-8", f"{error}\n".encode())

    def log_message(self, *_: object) -> None:
        """Scrapes every few seconds are no news."""

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _size(name: str, what: str, path: Path) -> GaugeMetricFamily:
    if path.is_dir():
        total = sum(item.stat().st_size for item in path.rglob("*") if item.is_file())
    else:
        total = path.stat().st_size if path.exists() else 0
    return GaugeMetricFamily(name, what, total)


def _minutes(age: timedelta) -> int:
    return round(age.total_seconds() / 60)
