"""The ten questions of the README: each can be asked, and gives what the README says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from desks import Desk

from storage.asking import Asker
from storage.migrate import sql_files

README = Path(__file__).parents[2] / "README.md"
QUERIES = dict(sql_files("queries"))
# The newsroom changes no headline by itself.
MAY_BE_EMPTY = {"09_edits"}


def promised() -> dict[str, list[str]]:
    """File → columns, as the README's table has them."""
    rows = re.findall(r"^\| .+? \| `(\d\d_\w+)` \| (.+?) \|$", README.read_text("utf-8"), re.M)
    return {name: columns.split(", ") for name, columns in rows}


def test_the_readme_names_every_query_that_ships() -> None:
    assert set(promised()) == set(QUERIES)
    assert len(QUERIES) == 10


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_each_question_has_an_answer_of_the_promised_shape(name: str, landed: Desk) -> None:
    with Asker(landed.database) as asker:
        answer = asker.ask(QUERIES[name])
    assert list(answer.columns) == promised()[name]
    assert answer.rows or name in MAY_BE_EMPTY
