"""A backfill's shift: it holds the turn for a while, then leaves it to the live runs that wait."""

from __future__ import annotations

import time

from flows.steps.backfill_sources import StreamingDoor
from flows.steps.sitting import Sitting, in_thread
from flows.steps.turns import Turn


class Shift:
    """A turn that is held for `stretch_s` seconds at a time, from now on."""

    def __init__(self, turn: Turn, door: StreamingDoor, stretch_s: float) -> None:
        self._turn, self._door, self._stretch_s = turn, door, stretch_s
        self._ends = time.monotonic() + stretch_s

    @property
    def left_s(self) -> float:
        """How long it still lasts, in seconds; 0 when others are to come to theirs."""
        return max(0.0, self._ends - time.monotonic())

    async def rest(self, sitting: Sitting) -> bool:
        """Close the file and give the turn back until the runs that wait have had theirs.

        No request starts meanwhile: the hosts are asked at one run's pace, not at that of two.
        Returns True: what is in the warehouse may have changed.
        """
        self._door.pause()
        try:
            await in_thread(sitting.rise)
            await self._turn.rest()
        finally:
            self._door.resume()
        self._ends = time.monotonic() + self._stretch_s
        return True
