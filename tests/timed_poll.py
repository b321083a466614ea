"""Run `duckwire` and write down when each feed had landed, in seconds and in CPU time.

Called as a program: the first argument is the file to write, the rest is the command line.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import flows.steps.ingest
import flows.steps.poll
from flows.cli import main


def timed(out: Path) -> None:
    """Run the command; `out` gets the memory's peak in MB and {feed id: [seconds, CPU seconds]}."""
    began = [0.0, 0.0]
    landed: dict[str, tuple[float, float]] = {}
    poll, land = flows.steps.ingest.poll_feeds, flows.steps.poll.land_polls

    async def polling(*given: Any, **named: Any) -> int:
        began[:] = [time.monotonic(), time.process_time()]
        return await poll(*given, **named)

    def landing(session: Any, landings: Any, **given: Any) -> None:
        land(session, landings, **given)
        now = (time.monotonic() - began[0], time.process_time() - began[1])
        landed.update((one.poll.feed_id, now) for one in landings)

    flows.steps.ingest.poll_feeds, flows.steps.poll.land_polls = polling, landing
    try:
        main()
    finally:
        status = Path("/proc/self/status").read_text("utf-8").splitlines()
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM:"))
        out.write_text(json.dumps({"peak_mb": peak // 1024, "landed": landed}), "utf-8")


if __name__ == "__main__":
    file = Path(sys.argv.pop(1))
    timed(file)
