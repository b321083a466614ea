"""The options that several commands have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[Path | None, typer.Option("--data", help="The data directory.")]
Direct = Annotated[bool, typer.Option("--direct", help="Without Prefect.")]
Json = Annotated[bool, typer.Option("--json", help="For machines.")]
NoPages = Annotated[bool, typer.Option("--no-pages", help="Leave the pages waiting.")]
