"""deploy/prefect.yaml, as `prefect deploy` takes it against a server that is up."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from live_desk import desk_up

from flows.settings import ROOT


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_deployments_file_deploys_everything_it_names(tmp_path: Path) -> None:
    with desk_up(tmp_path, every=3600.0) as desk:
        environment = {**os.environ, "PREFECT_API_URL": desk.api, "NO_COLOR": "1"}
        environment |= {"PREFECT_HOME": str(tmp_path / "client"), "DO_NOT_TRACK": "1"}
        command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy"]
        file = str(ROOT / "deploy" / "prefect.yaml")
        done = subprocess.run(
            [*command, "--prefect-file", file, "--all"],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        found = {
            (deployment["entrypoint"].partition(":")[2], deployment["name"]): deployment
            for deployment in desk.ask("/deployments/filter", {})
            if deployment["entrypoint"].startswith("flows/")
        }
    shards = [f"shard-{number}" for number in range(3)]
    assert set(found) == {
        ("ingest", "scheduled"),
        ("maintain", "scheduled"),
        ("backfill", "manual"),
        ("reprocess", "manual"),
        *(("ingest", shard) for shard in shards),
        *(("backfill", shard) for shard in shards),
    }
    for deployment in found.values():
        assert deployment["global_concurrency_limit"]["limit"] == 1
        assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
        assert deployment["work_pool_name"] == "duckwire"
    when = {key: deployment["schedules"] for key, deployment in found.items()}
    assert when["ingest", "scheduled"][0]["schedule"]["interval"] == 900
    assert when["ingest", "scheduled"][0]["active"]
    assert when["maintain", "scheduled"][0]["schedule"]["cron"]
    assert when["reprocess", "manual"] == []
    for number, shard in enumerate(shards):
        # Off: the whole is on, and the two would only wait for each other.
        assert [item["active"] for item in when["ingest", shard]] == [False]
        for flow in ("ingest", "backfill"):
            assert found[flow, shard]["parameters"] == {"shard": number, "shards": 3}
