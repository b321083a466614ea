"""How often Python looks for garbage: what a run imports and takes up is none, and there is much.

Looked at again and again, a million objects that stay take a tenth of a run's time, and half of
its start.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_COLLECT = (5000, 10, 10)  # objects; Python's own 700 finds little more


def collect_seldom() -> None:
    """Take all that is there for good, and look for garbage seldom from now on."""
    gc.freeze()
    gc.set_threshold(*_COLLECT)


@contextmanager
def importing() -> Iterator[None]:
    """Do not look for garbage while much is imported, and take it for good at the end."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def seldom_collecting() -> Iterator[None]:
    """As `collect_seldom`, for the time of the block."""
    usual = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*usual)
        gc.unfreeze()
