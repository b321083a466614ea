"""Rows to Arrow, column by column: what a landing hands to the database in one piece."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import datetime
from functools import cache
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from storage.session import Session

_SCALARS: dict[Any, pa.DataType] = {
    str: pa.string(),
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    datetime: pa.timestamp("us", tz="UTC"),
}


@contextmanager
def arriving(connection: Session, **tables: pa.Table) -> Iterator[None]:
    """Let SQL read each Arrow table by its name, as `arriving_<name>`, inside the block."""
    for name, table in tables.items():
        connection.register(f"arriving_{name}", table)
    try:
        yield
    finally:
        for name in tables:
            connection.unregister(f"arriving_{name}")


def arrow_of(kind: type, rows: Sequence[Any], names: Sequence[str] = ()) -> pa.Table:
    """The rows, instances of the dataclass `kind`, as a table with its fields (or `names`).

    Types follow the annotations; there may be no rows. Half a surrogate pair, which JSON and file
    names can smuggle in, is no text: it becomes '?'.
    """
    shape = _types(kind)
    wanted = {name: shape[name] for name in names} if names else shape
    return pa.table(
        {name: _column(list(map(attrgetter(name), rows)), made) for name, made in wanted.items()}
    )


@cache
def _types(kind: type) -> dict[str, pa.DataType]:
    hints = get_type_hints(kind)
    return {item.name: _type(hints[item.name]) for item in fields(kind)}


def _type(hint: Any) -> pa.DataType:
    if hint in _SCALARS:
        return _SCALARS[hint]
    if get_origin(hint) in (Union, types.UnionType):
        return _type(next(part for part in get_args(hint) if part is not type(None)))
    if get_origin(hint) is tuple:
        return pa.list_(_type(get_args(hint)[0]))
    if is_dataclass(hint) and isinstance(hint, type):
        return pa.struct(list(_types(hint).items()))
    raise TypeError(f"no column can hold {hint!r}")


def _column(values: list[Any], made: pa.DataType) -> pa.Array[Any]:
    if pa.types.is_list(made) and pa.types.is_struct(made.value_type):
        return _structs(values, made.value_type)
    try:
        return pa.array(values, type=made)
    except UnicodeEncodeError:
        return pa.array([_whole(value) for value in values], type=made)


def _structs(values: list[tuple[Any, ...]], made: pa.StructType) -> pa.Array[Any]:
    flat = list(chain.from_iterable(values))
    parts = [_column([getattr(item, part.name) for item in flat], part.type) for part in made]
    ends = pa.array([0, *accumulate(map(len, values))], type=pa.int32())
    return pa.ListArray.from_arrays(ends, pa.StructArray.from_arrays(parts, fields=list(made)))


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, tuple):
        return [_whole(item) for item in value]
    return value
