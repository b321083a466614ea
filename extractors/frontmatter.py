"""The fields a person may state about a text: the YAML above it, or the keys of a JSON line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from extractors.dates import parse_date
from extractors.errors import DataError
from extractors.language import normalise_language
from extractors.records import Precision
from extractors.text import normalise_line

_MAX_LENGTH = 64_000
_MAX_AUTHORS = 50
_MAX_VALUE = 2_000


@dataclass(frozen=True, slots=True)
class Stated:
    """What the file says about its text; None or empty where it says nothing."""

    title: str | None = None
    url: str | None = None
    published_raw: str | None = None
    published_at: datetime | None = None
    precision: Precision = Precision.NONE
    zone: str | None = None
    publisher: str | None = None
    language: str | None = None
    authors: tuple[str, ...] = ()


def split_front_matter(text: str) -> tuple[Stated, str]:
    """Return what the front matter states, and the text below it.

    Front matter is YAML between a first line of `---` and the next line of `---` or `...`.
    Without that first line there is none. Raises DataError with the line that is wrong.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return Stated(), text
    end = next((n for n, line in enumerate(lines[1:], 1) if line.rstrip() in ("---", "...")), None)
    if end is None:
        raise DataError("the front matter opened by --- never ends", remedy="close it with ---")
    block = "\n".join(lines[1:end])
    if len(block) > _MAX_LENGTH:
        raise DataError(f"the front matter is longer than {_MAX_LENGTH} characters")
    return read_stated(_load(block), "front matter"), "\n".join(lines[end + 1 :])


def _load(block: str) -> Mapping[str, Any]:
    try:
        # The base type leaves every scalar as the text that it is: dates are ours to read.
        data = YAML(typ="base", pure=True).load(block)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 0
        problem = " ".join((error.problem or "not YAML").split())
        raise DataError(f"front matter: {problem}", where=f"line {line}") from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise DataError(f"front matter is not YAML: {type(error).__name__}") from error
    if data is None or data == "":
        return {}
    if not isinstance(data, dict):
        raise DataError("the front matter is not a list of fields", remedy="write `title: …`")
    return data


def read_stated(data: Mapping[str, Any], where: str) -> Stated:
    """Check and read the fields; unknown ones are left alone. Raises DataError naming the field."""
    raw = _string(data, "published", where)
    instant, precision, zone = parse_date(raw) if raw else (None, Precision.NONE, None)
    if raw and instant is None:
        raise DataError(f"published is no date: {raw[:60]!r}", where=where)
    stated_language = _string(data, "language", where)
    language = normalise_language(stated_language)
    if stated_language and language is None:
        raise DataError(f"language is no language code: {stated_language[:30]!r}", where=where)
    return Stated(
        title=_string(data, "title", where),
        url=_url(_string(data, "url", where), where),
        published_raw=raw,
        published_at=instant,
        precision=precision,
        zone=zone,
        publisher=_string(data, "publisher", where),
        language=language,
        authors=_authors(data.get("authors"), where),
    )


def _string(data: Mapping[str, Any], key: str, where: str) -> str | None:
    value = data.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise DataError(f"{key} is not text", where=where)
    if len(value) > _MAX_VALUE:
        raise DataError(f"{key} is longer than {_MAX_VALUE} characters", where=where)
    return normalise_line(value) or None


def _url(value: str | None, where: str) -> str | None:
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in value
    except ValueError:
        usable = False
    if not usable:
        raise DataError(f"url is no http or https address: {value[:80]!r}", where=where)
    return value


def _authors(value: Any, where: str) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if names is None:
        return ()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DataError("authors is neither a name nor a list of names", where=where)
    cleaned = (normalise_line(name[:_MAX_VALUE]) for name in names[:_MAX_AUTHORS])
    return tuple(dict.fromkeys(filter(None, cleaned)))
