"""The wall clock, which only flows and commands read: everything else is told the time."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Read the wall clock: an aware time in UTC. Only flows and the CLI hand this on."""
    return datetime.now(UTC)
