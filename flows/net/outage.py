"""Telling our own outage from the servers' failures, so that no feed is charged for ours."""

from __future__ import annotations

from dataclasses import replace

from extractors.records import Fetched, Reason

CUT_HOSTS = 8  # that failed, none having answered, before the rest is not even tried
SMALL_RUN = 3  # hosts below which nothing is concluded
PROBE_S = 60.0  # while cut off, one request in this time tries whether it is over

_CONNECTION = frozenset({Reason.DNS, Reason.CONNECT, Reason.TIMEOUT, Reason.OFFLINE})


class Outage:
    """What has been seen of every host asked in this run: reached, or not even connected to."""

    def __init__(self) -> None:
        self._reached: set[str] = set()
        self._failed: set[str] = set()
        self._probed_at: float | None = None

    def note(self, host: str, *, reached: bool) -> None:
        """Remember how one attempt at a host went at the connection level."""
        if reached:
            self._reached.add(host)
            self._failed.discard(host)
        elif host not in self._reached:
            self._failed.add(host)

    def cut(self, now: float) -> bool:
        """Tell whether to answer OFFLINE at once; `now` in seconds that only grow.

        One request a minute is let through, so that a long run notices the end of the outage.
        """
        if not self.tripped:
            return False
        if self._probed_at is None:
            self._probed_at = now
        elif now - self._probed_at >= PROBE_S:
            self._probed_at = now
            return False
        return True

    @property
    def tripped(self) -> bool:
        """Tell whether enough hosts failed, and none answered, to stop asking."""
        return not self._reached and len(self._failed) >= CUT_HOSTS

    @property
    def offline(self) -> bool:
        """Tell whether this run suffers from our own outage.

        True when nobody answered and at least three hosts were tried, or when most of at least
        eight hosts failed at the connection.
        """
        failed, seen = len(self._failed), len(self._failed) + len(self._reached)
        if not self._reached:
            return failed >= SMALL_RUN
        return seen >= CUT_HOSTS and failed * 2 > seen


def not_charged(fetched: Fetched, *, offline: bool) -> Fetched:
    """Turn a connection failure into OFFLINE when the run as a whole was offline. Pure.

    For the failures that were returned before the outage was recognised.
    """
    if not offline or fetched.status is not None or fetched.reason not in _CONNECTION:
        return fetched
    return replace(fetched, reason=Reason.OFFLINE)
