"""Where steps tell how far they are, and the CLI listens. Nobody listening costs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol


class Listener(Protocol):
    """Somebody who shows progress."""

    def expect(self, stage: str, more: int) -> None:
        """So many more items are to be done at a stage."""

    def advance(self, stage: str, done: int = 1) -> None:
        """So many items of a stage are done."""

    def say(self, line: str) -> None:
        """One plain line about what is going on."""


class _Nobody:
    def expect(self, stage: str, more: int) -> None:
        pass

    def advance(self, stage: str, done: int = 1) -> None:
        pass

    def say(self, line: str) -> None:
        pass


@dataclass(frozen=True)
class WithoutMore:
    """A listener that was told already how much there is of one stage."""

    whole: Listener
    stage: str

    def expect(self, stage: str, more: int) -> None:
        """Pass on what is not of that stage."""
        if stage != self.stage:
            self.whole.expect(stage, more)

    def advance(self, stage: str, done: int = 1) -> None:
        """Pass on what is done."""
        self.whole.advance(stage, done)

    def say(self, line: str) -> None:
        """Pass on the line."""
        self.whole.say(line)


_listener: ContextVar[Listener] = ContextVar("listener", default=_Nobody())  # noqa: B039


def listener() -> Listener:
    """Whoever listens to this run."""
    return _listener.get()


@contextmanager
def listening(to: Listener) -> Iterator[None]:
    """Let `to` hear of everything that runs inside the block."""
    token = _listener.set(to)
    try:
        yield
    finally:
        _listener.reset(token)
