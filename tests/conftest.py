"""What every test may use: a newsroom on loopback, and desks with data directories of their own."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from desks import Desk, new_desk
from hypothesis import settings as hypothesis_settings

from extractors.records import Listing
from flows.newsroom import Newsroom

# A shared machine may hold up any one example; how many there are is bounded everywhere.
hypothesis_settings.register_profile("duckwire", deadline=None, max_examples=100)
hypothesis_settings.load_profile("duckwire")

# A shell's job in the background ignores Ctrl-C, and so would every process started by the tests.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# What takes half a minute on two idle cores may take several where others use them as well.
SLOW_S = 600


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give slow tests that say nothing of it the time that a busy machine may need."""
    for item in items:
        if item.get_closest_marker("slow") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(SLOW_S))


@pytest.fixture(autouse=True)
def _own_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test sees the developer's settings, home or Prefect."""
    for name in list(os.environ):
        if name.startswith(("DUCKWIRE_", "PREFECT_")) and name != "DUCKWIRE_CORPUS":
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture(scope="module")
def newsroom() -> Iterator[Newsroom]:
    """The bundled newsroom, served for one module; its slow feed is only a little slow."""
    with Newsroom.start(slow_s=0.2) as room:
        yield room


@pytest.fixture
def make_desk(tmp_path: Path) -> Callable[..., Desk]:
    """Make desks: `make_desk(feeds, name=…, **settings)`."""

    def make(feeds: list[Listing] | None = None, name: str = "data", **settings: Any) -> Desk:
        return new_desk(tmp_path / name, feeds or [], **settings)

    return make


@pytest.fixture(scope="module")
def landed(newsroom: Newsroom, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A desk on which everything the newsroom lists has landed; for looking at only."""
    made = new_desk(tmp_path_factory.mktemp("landed") / "data", newsroom.feeds())
    made.run()
    return made


@pytest.fixture
def desk(make_desk: Callable[..., Desk], newsroom: Newsroom) -> Desk:
    """A desk that follows every feed of the newsroom."""
    return make_desk(newsroom.feeds())
