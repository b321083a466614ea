from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import pytest

from flows.newsroom import Newsroom


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes


def fetch(url: str, headers: dict[str, str] | None = None, *, method: str = "GET") -> Reply:
    """One request without following redirects; header names come back in lower case."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, headers=headers or {})
        answer = connection.getresponse()
        named = {key.lower(): value for key, value in answer.getheaders()}
        return Reply(answer.status, named, answer.read())
    finally:
        connection.close()


@pytest.fixture(scope="module")
def room() -> Iterator[Newsroom]:
    with Newsroom.start(slow_s=0.3) as started:
        yield started


@pytest.fixture(scope="session")
def get() -> Callable[..., Reply]:
    return fetch
