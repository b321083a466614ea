"""A request and its answer, whichever version of HTTP carries them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol

import httpcore

from flows.net.addresses import Target
from flows.net.wire import Wire

_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_PATH = re.compile(rb"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True)
class Request:
    """A GET of `target`. `wire` is the account that its answer is held to."""

    target: Target
    headers: tuple[tuple[str, str], ...]
    wire: Wire

    def __post_init__(self) -> None:
        """Refuse what would not stay one request; raises httpcore.LocalProtocolError."""
        if not _PATH.fullmatch(self.target.path):
            raise httpcore.LocalProtocolError("an address that cannot stand in a request")
        for name, value in self.headers:
            if not _VALUE.fullmatch(value):
                raise httpcore.LocalProtocolError(f"{name}: a value that cannot stand in a header")


class Response(Protocol):
    """An answer whose head has come. Header names are in lower case."""

    status: int
    headers: list[tuple[bytes, bytes]]

    async def read(self) -> bytes:
        """Return the next bytes of the body, b'' after the last; raises what httpcore raises,
        and FloodError.
        """
        ...
