"""Flows with plain parameters: told to Prefect as it would tell them itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from prefect import Flow

from flows.ingest import ingest
from flows.reprocess import reprocess


@pytest.mark.parametrize(
    "given",
    [
        {
            "seeds": Path("dropped/files"),
            "all_feeds": True,
            "pages": False,
            "shard": 1,
            "shards": 3,
        },
        {"seeds": None, "rate": 0.5, "word": "спутник"},
        {"seeds": [Path("a"), Path("b")], "odd": {"at": 1}},
        {"seeds": object()},
    ],
)
def test_parameters_are_told_as_prefect_tells_them(given: dict[str, object]) -> None:
    assert ingest.serialize_parameters(given) == Flow.serialize_parameters(ingest, given)


def test_plain_parameters_need_no_web_framework() -> None:
    code = "import sys; from pathlib import Path; from flows.ingest import ingest; "
    code += "ingest.serialize_parameters({'seeds': Path('a'), 'pages': True}); "
    code += "sys.exit('fastapi' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_they_are_flows_like_others() -> None:
    for made, name in ((ingest, "ingest"), (reprocess, "reprocess")):
        assert (made.name, made.fn.__name__) == (name, name)
        assert made.description
