"""Values as DuckDB's SQL literals, for the one protocol that takes nothing but text.

Everything that goes to a served warehouse as text goes through here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

_LONGEST_INTEGER = 64


def literal(value: Any) -> str:
    """Write one value so that DuckDB reads back the same.

    None, booleans, integers of up to 64 bits, floats, decimals, text, bytes, dates, aware times,
    intervals, lists and dicts with text for keys. Raises TypeError for anything else, ValueError
    for a time without a zone.
    """
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return str(write(value))
    raise TypeError(f"no SQL literal for a {type(value).__name__}")


def _integer(value: int) -> str:
    if value.bit_length() > _LONGEST_INTEGER:
        raise ValueError(f"{value} is too large for a column")
    # The sign alone is an operator, and the most negative number is one too far for it.
    return f"'{value}'::BIGINT" if value < 0 else str(value)


def _float(value: float) -> str:
    return f"'{value!r}'::DOUBLE"


def text_literal(value: str) -> str:
    """Write text: quotes doubled, and NUL, which ends a statement, put together from outside.

    Half a surrogate pair is no text and becomes '?'.
    """
    whole = value.encode("utf-8", "replace").decode("utf-8")
    parts = ["'" + part.replace("'", "''") + "'" for part in whole.split("\0")]
    return parts[0] if len(parts) == 1 else f"({' || chr(0) || '.join(parts)})"


def _bytes(value: bytes) -> str:
    return f"from_hex('{value.hex()}')"


def _time(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("a time without a zone has no place in the warehouse")
    return f"'{value.astimezone(UTC).isoformat(' ')}'::TIMESTAMPTZ"


def _day(value: date) -> str:
    return f"'{value.isoformat()}'::DATE"


def _interval(value: timedelta) -> str:
    return f"to_microseconds({literal(value // timedelta(microseconds=1))})"


def _list(value: Iterable[Any]) -> str:
    return f"[{', '.join(map(literal, value))}]"


def _struct(value: Mapping[str, Any]) -> str:
    if not value:
        raise TypeError("no SQL literal for a dict without keys")
    named = (f"{text_literal(key)}: {literal(item)}" for key, item in value.items())
    return "{" + ", ".join(named) + "}"


_WRITERS: tuple[tuple[type | tuple[type, ...], Any], ...] = (
    (type(None), lambda _: "NULL"),
    (bool, lambda value: "true" if value else "false"),
    (int, _integer),
    (float, _float),
    (Decimal, str),
    (str, text_literal),
    ((bytes, bytearray, memoryview), lambda value: _bytes(bytes(value))),
    (datetime, _time),
    (date, _day),
    (timedelta, _interval),
    ((list, tuple), _list),
    (Mapping, _struct),
)

# Text, quoted names, comments and $$ bodies are passed over; what is left are the placeholders.
_TOKENS = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|/\*.*?\*/|\$\$.*?\$\$"""
    r"""|(?P<place>\?|\$(?P<name>\w+))""",
    re.DOTALL,
)


def bind(query: str, parameters: object = None) -> str:
    """Write parameters into a query of ours as literals: a sequence for ?, a mapping for $name.

    Raises ValueError when the parameters and the placeholders do not match.
    """
    if parameters is None:
        return query
    if isinstance(parameters, Mapping):
        return _bind_named(query, parameters)
    if not isinstance(parameters, (list, tuple)):
        raise TypeError("parameters are a list, a tuple or a dict")
    left = iter(parameters)

    def place(found: re.Match[str]) -> str:
        if not found["place"]:
            return found[0]
        if found["name"]:
            raise ValueError(f"{found[0]} has no value: the parameters are a list")
        try:
            return literal(next(left))
        except StopIteration:
            raise ValueError("the query has more ? than there are parameters") from None

    written = _TOKENS.sub(place, query)
    if next(left, query) is not query:
        raise ValueError("there are more parameters than the query has ?")
    return written


def _bind_named(query: str, parameters: Mapping[str, Any]) -> str:
    def place(found: re.Match[str]) -> str:
        if not found["place"]:
            return found[0]
        if found["name"] not in parameters:
            raise ValueError(f"{found[0]} has no value among the parameters")
        return literal(parameters[found["name"]])

    return _TOKENS.sub(place, query)
