"""YAML as plain values, read quickly: without lines, comments or their author's style."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.resolver import VersionedResolver


class _Resolver(VersionedResolver):
    """Tells a word from a number or a date; the library asks for the version of YAML at each."""

    @cached_property
    def versioned_resolver(self) -> Any:
        return super().versioned_resolver


def load_plain(text: str) -> Any:
    """Return what a YAML 1.2 text holds: dicts, lists, texts, numbers, dates, booleans and None.

    Raises ruamel.yaml.error.YAMLError, and ValueError for a date that is none.
    """
    yaml = YAML(typ="safe")
    yaml.Resolver = _Resolver
    return yaml.load(text)
