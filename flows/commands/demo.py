"""`duckwire demo`: the whole job against the newsroom that ships, served on loopback."""

from __future__ import annotations

from pathlib import Path

from extractors.records import Listing
from flows.newsroom import Newsroom
from flows.prefect_server import exported
from flows.settings import Settings, load_settings
from flows.sources.feedlist import merge
from flows.steps.ingest import IngestOptions, run_ingest
from flows.steps.job import new_job
from storage.reports import RunReport

LOOPBACK = "127.0.0.1"
# The same port every time, so that a second demo knows the first one's articles again.
PORT = 8911


def run_demo(settings: Settings, *, direct: bool) -> tuple[RunReport, Settings]:
    """Serve the newsroom, follow all its feeds once, and hand back the report and the settings.

    The data directory is `demo` below the usual one, so that nothing invented mixes with news.
    """
    data = settings.data / "demo"
    data.mkdir(parents=True, exist_ok=True)
    with _newsroom() as room:
        given = {
            "DUCKWIRE_DATA": str(data),
            "DUCKWIRE_FEEDS": str(_listed(data, room.feeds())),
            "DUCKWIRE_ALLOW_HOSTS": LOOPBACK,
            "DUCKWIRE_PACE_ALLOWED": "false",
        }
        with exported(given):
            used = load_settings()
            if direct:
                options = IngestOptions(seeds=used.seeds, everything=True)
                return run_ingest(new_job(used, "ingest"), options), used
            from flows.commands.run import under_prefect

            return under_prefect(used, "ingest", {"all_feeds": True}), used


def _newsroom() -> Newsroom:
    try:
        return Newsroom.start(port=PORT)
    except OSError:
        return Newsroom.start()


def _listed(data: Path, feeds: list[Listing]) -> Path:
    path = data / "feeds.yaml"
    path.unlink(missing_ok=True)
    merge(path, feeds)
    return path
