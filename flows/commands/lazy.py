"""Commands that are imported when they are asked for: all of them together take a second."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from flows.collecting import importing


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is: a function of a module of this package, or that module's `app`.

    `told` is what the list of commands says of it: its help's first paragraph, as one line.
    """

    module: str
    name: str
    told: str
    context: Mapping[str, Any] = field(default_factory=dict)

    def command(self, name: str) -> Any:
        """Import it and make the command it is, by the name it was asked for."""
        with importing():
            found = getattr(import_module(f"flows.commands.{self.module}"), self.name)
        if isinstance(found, typer.Typer):
            made: Any = get_group(found)
            made.name = name
            return made
        alone = typer.Typer(add_completion=False)
        alone.command(name, context_settings=dict(self.context))(found)
        return get_command(alone)


class _Later(TyperCommand):
    """A command as the list of commands shows it; running it is left to the one at its place."""

    def __init__(self, name: str, place: Place) -> None:
        super().__init__(name, short_help=place.told)
        self._place = place

    def make_context(self, info_name: str | None, args: list[str], *more: Any, **other: Any) -> Any:
        command = self._place.command(self.name or "")
        return command.make_context(info_name, args, *more, **other)


def group_of(places: Mapping[str, Place]) -> type[TyperGroup]:
    """The class of a group of these commands, in their order."""

    class Group(TyperGroup):
        def __init__(self, **given: Any) -> None:
            commands = {name: _Later(name, place) for name, place in places.items()}
            super().__init__(**{**given, "commands": commands})

    return Group
