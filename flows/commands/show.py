"""What people see: tables and bars on a terminal, the same as plain lines in a pipe.

Whatever came from outside loses its control and bidi characters before it is printed.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from extractors.text import normalise_line
from flows.steps.progress import listening

# C1 controls, bidi marks and overrides, line ends of Unicode, halves of surrogate pairs.
_OBEYED = re.compile(
    "[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\ud800-\udfff]"
)

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def clean(value: Any) -> str:
    """One line of text that cannot steer a terminal."""
    return normalise_line(str(value)) if value is not None else ""


def line(text: str = "") -> None:
    """Print one line; foreign parts have gone through `clean`."""
    if out.is_terminal:
        out.print(escape(text), soft_wrap=True)
    else:
        print(text)


def warn(text: str) -> None:
    """Print one line on the error stream."""
    print(clean(text), file=sys.stderr)


def as_json(value: Any) -> None:
    """Print a value as JSON, times as RFC 3339 in UTC."""
    print(_tame(json.dumps(value, ensure_ascii=False, indent=2, default=_plain)))


def json_line(value: Any) -> None:
    """Print a value as one line of JSON."""
    print(_tame(json.dumps(value, ensure_ascii=False, default=_plain)))


def _tame(written: str) -> str:
    """Escape what JSON allows bare and a terminal obeys; the value stays the same."""
    return _OBEYED.sub(lambda match: f"\\u{ord(match[0]):04x}", written)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on a terminal, tab-separated lines in a pipe."""
    if not out.is_terminal:
        for row in rows:
            print("\t".join(clean(cell) for cell in row))
        return
    made = Table(title=title or None, title_justify="left", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(escape(clean(cell)) for cell in row))
    out.print(made)


class _Bars:
    """A progress bar a stage on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}
        self._totals: dict[str, int] = {}

    def expect(self, stage: str, more: int) -> None:
        self._totals[stage] = self._totals.get(stage, 0) + more
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=0)
        self._progress.update(self._tasks[stage], total=self._totals[stage])

    def advance(self, stage: str, done: int = 1) -> None:
        if stage in self._tasks:
            self._progress.advance(self._tasks[stage], done)

    def say(self, line: str) -> None:
        self._progress.console.print(escape(clean(line)), soft_wrap=True)


class _Lines:
    """A plain line for what is worth one, when nobody watches."""

    def expect(self, stage: str, more: int) -> None:
        pass

    def advance(self, stage: str, done: int = 1) -> None:
        pass

    def say(self, line: str) -> None:
        warn(line)


@contextmanager
def progress(*columns: ProgressColumn) -> Iterator[None]:
    """Show how far a run is: bars on a terminal, a few lines on the error stream elsewhere.

    `columns` stand in a bar in place of the usual ones.
    """
    if not err.is_terminal:
        with listening(_Lines()):
            yield
        return
    shown = columns or (
        TextColumn("{task.description:>9}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*shown, console=err, transient=True) as bars, listening(_Bars(bars)):
        yield


def _plain(value: Any) -> Any:
    if hasattr(value, "astimezone"):
        return value.isoformat().replace("+00:00", "Z")
    return str(value)
