"""The table of the network's rules names a test for each, and those tests are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULE = re.compile(r"^\| (?P<rule>[^|]+) \| .* \| (?P<tests>[^|]+) \|$")


def rules() -> list[tuple[str, str, str]]:
    """Each rule with one place that the table names for it: (rule, file's short name, words)."""
    text = (ROOT / "flows" / "README.md").read_text("utf-8").partition("## The rules")[2]
    found, section = [], ""
    for line in text.splitlines():
        if line.startswith("### "):
            section = line
        row = RULE.match(line)
        if row is None or row["rule"] == "rule":
            continue
        for place in row["tests"].split(";"):
            name, colon, words = place.strip().partition(": ")
            if not colon and "polled next" in section and not name.endswith(".py"):
                name, words = "policy", name
            found.append((row["rule"], name, words))
    return found


def test_the_table_is_long() -> None:
    assert len({rule for rule, _, _ in rules()}) > 50


@pytest.mark.parametrize(("rule", "name", "words"), rules())
def test_every_rule_of_the_table_has_its_test(rule: str, name: str, words: str) -> None:
    if name == "none":
        return
    stem = name.removesuffix(".py").removeprefix("test_")
    files = list(ROOT.glob(f"tests/flows/net/test_net_{stem}.py"))
    files = files or list(ROOT.glob(f"tests/**/test_{stem}.py"))
    if name == "policy":
        files = list(ROOT.glob("tests/flows/test_policy*.py"))
    assert len(files) == 1 or name == "policy", f"{rule}: no test file {name!r}"
    text = "".join(file.read_text("utf-8") for file in files).lower()
    for word in filter(None, (word.strip().lower() for word in words.split(","))):
        assert word in text or word.replace(" ", "_") in text, f"{rule}: {word!r} in {name}"
