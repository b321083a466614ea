"""The `duckwire` command with a clock at each stage: `staged_run.py <times.json> run …`.

What a stage costs is the CPU of the threads at work in it; what it waits is the rest of the time
that anybody was in it. The run itself is the shipped one: functions are wrapped, none replaced.
"""

from __future__ import annotations

import functools
import json
import resource
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flows.steps.ingest
import flows.steps.pages
import flows.steps.poll
import flows.steps.sitting
import storage.archive
from flows.cli import main
from flows.steps.readers import readers

# Stage, where it is looked up, under which name. A stage inside another is not counted twice.
STAGES: tuple[tuple[str, Any, str], ...] = (
    ("asking feeds (event loop)", flows.steps.ingest, "poll_group"),
    ("reading feeds", flows.steps.poll, "read_polls"),
    ("landing polls", flows.steps.poll, "_land"),
    ("asking pages (event loop)", flows.steps.ingest, "fetch_group"),
    ("handing pages to readers", flows.steps.pages, "make_pages"),
    ("keeping the bytes", storage.archive.ArchiveWriter, "add"),
    ("keeping the bytes", storage.archive.ArchiveWriter, "sync"),
    ("landing pages", flows.steps.pages, "land_made"),
    ("grouping", flows.steps.sitting, "group_waiting"),
    ("publishing", flows.steps.ingest, "publish_after_run"),
)

_cpu: defaultdict[str, float] = defaultdict(float)
_wall: defaultdict[str, float] = defaultdict(float)
_lock = threading.Lock()
_inside = threading.local()


@contextmanager
def _timed(stage: str) -> Iterator[None]:
    """Charge this thread's time to `stage`, and take it off the stage around it."""
    outer = getattr(_inside, "spent", None)
    _inside.spent = spent = [0.0, 0.0]
    wall, cpu = time.perf_counter(), time.thread_time()
    try:
        yield
    finally:
        wall, cpu = time.perf_counter() - wall, time.thread_time() - cpu
        _inside.spent = outer
        if outer is not None:
            outer[0] += wall
            outer[1] += cpu
        with _lock:
            _wall[stage] += wall - spent[0]
            _cpu[stage] += cpu - spent[1]


def _wrapped(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(work)
    def at_work(*given: Any, **named: Any) -> Any:
        with _timed(stage):
            return work(*given, **named)

    return at_work


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _write(times: Path, wall: float) -> None:
    # Only a child that has ended is counted.
    for made in _readers:
        made.close()
    table = {stage: {"cpu": _cpu[stage], "wall": _wall[stage]} for stage, _, _ in STAGES}
    table["reading pages (processes)"] = {"cpu": _children(), "wall": 0.0}
    here = time.process_time()
    rest = here - sum(_cpu.values())
    table["starting, the database's own threads"] = {"cpu": rest, "wall": 0.0}
    times.write_text(json.dumps({"wall": wall, "stages": table}), "utf-8")


_readers: list[Any] = []


def _watch_readers() -> None:
    import flows.steps.job

    @functools.wraps(readers)
    def noted(*given: Any) -> Any:
        made = readers(*given)
        if made not in _readers:
            _readers.append(made)
        return made

    flows.steps.job.readers = noted  # type: ignore[assignment]


class _NotInstalled:
    """A run's own installation has no pandas; where there is one, DuckDB imports it all."""

    def find_spec(self, name: str, *_: Any) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


if __name__ == "__main__":
    sys.meta_path.insert(0, _NotInstalled())  # type: ignore[arg-type]
    target = Path(sys.argv.pop(1))
    for name, holder, attribute in STAGES:
        setattr(holder, attribute, _wrapped(name, getattr(holder, attribute)))
    _watch_readers()
    started = time.perf_counter()
    try:
        main()
    finally:
        _write(target, time.perf_counter() - started)
