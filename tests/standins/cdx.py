"""A stand-in of the Wayback Machine: its index and its raw captures.

Follows the README of the Wayback CDX Server API (internetarchive/wayback, wayback-cdx-server):
`url`, `matchType` (exact, prefix, host, domain), `from` and `to` (inclusive, 1 to 14 digits),
`filter=[!]field:regex`, `collapse=field[:N]` of adjacent rows, `fl`, `output=json` with a first row
of names, `limit`, `showResumeKey` and `resumeKey`; rows sorted by url key and time. Replay:
`/web/<timestamp>id_/<url>` gives the bytes as captured, the site's headers as `X-Archive-Orig-…`,
and redirects to the nearest capture for any other moment.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1
from urllib.parse import parse_qs, quote_plus, urlsplit

from standins.server import Reply

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")


@dataclass(frozen=True)
class Row:
    """One capture."""

    timestamp: str
    original: str
    body: bytes
    mimetype: str = "text/html"
    statuscode: str = "200"

    @cached_property
    def urlkey(self) -> str:
        return urlkey(self.original)

    @cached_property
    def digest(self) -> str:
        return sha1(self.body, usedforsecurity=False).hexdigest()[:32].upper()

    @property
    def length(self) -> str:
        return str(len(self.body))

    @property
    def place(self) -> str:
        return f"{self.urlkey} {self.timestamp}"


def urlkey(url: str) -> str:
    """The sort-friendly form of an address: host turned round, no scheme, no www."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host = ",".join(reversed((parts.hostname or "").removeprefix("www.").split(".")))
    return f"{host}){(parts.path or '/').lower()}" + (f"?{parts.query}" if parts.query else "")


@dataclass
class Machine:
    """`mount` it; `rows` is everything ever captured."""

    rows: list[Row] = field(default_factory=list)
    most: int = 150_000
    empty_is_bytes: bool = False  # some deployments answer nothing at all in place of []

    def __call__(self, path: str, query: str) -> Reply | None:
        if path == "/cdx/search/cdx":
            return self._index(parse_qs(query, keep_blank_values=True))
        match = re.fullmatch(r"/web/(\d+)id_/(.+)", path + (f"?{query}" if query else ""))
        return self._replay(match[1], match[2]) if match else None

    def _index(self, asked: dict[str, list[str]]) -> Reply:
        if "url" not in asked:
            return Reply(b"url is required", 400, "text/plain")
        rows = [row for row in sorted(self.rows, key=lambda r: r.place) if _wanted(row, asked)]
        for rule in asked.get("collapse", []):
            rows = _collapsed(rows, rule)
        resume = asked.get("resumeKey", [""])[0].removesuffix("!")
        rows = [row for row in rows if row.place > resume]
        limit = min(int(asked.get("limit", [str(self.most)])[0]), self.most)
        names = asked.get("fl", [",".join(FIELDS)])[0].split(",")
        table = [[getattr(row, name) for name in names] for row in rows[:limit]]
        if not table:
            return Reply(b"" if self.empty_is_bytes else b"[]\n", content_type="application/json")
        table.insert(0, names)
        if len(rows) > limit and asked.get("showResumeKey") == ["true"]:
            table += [[], [quote_plus(f"{rows[limit - 1].place}!")]]
        return Reply(json.dumps(table).encode(), content_type="application/json")

    def _replay(self, stamp: str, url: str) -> Reply:
        key = urlkey(url)
        captures = [row for row in self.rows if row.urlkey == key]
        if not captures:
            return Reply(b"<html>not archived</html>", 404, "text/html")
        padded = stamp.ljust(14, "0")
        nearest = min(captures, key=lambda row: abs(int(row.timestamp) - int(padded)))
        if nearest.timestamp != stamp:
            where = f"/web/{nearest.timestamp}id_/{nearest.original}"
            return Reply(b"", 302, "text/html", {"Location": where})
        headers = {"X-Archive-Orig-Server": "paper", "X-Archive-Orig-ETag": '"then"'}
        return Reply(nearest.body, int(nearest.statuscode), nearest.mimetype, headers)


def _wanted(row: Row, asked: dict[str, list[str]]) -> bool:
    first = asked.get("from", ["0"])[0].ljust(14, "0")
    last = asked.get("to", ["9"])[0].ljust(14, "9")
    return (
        _matches(row, asked["url"][0], asked.get("matchType", ["exact"])[0])
        and first <= row.timestamp <= last
        and all(_passes(row, rule) for rule in asked.get("filter", []))
    )


def _matches(row: Row, url: str, match: str) -> bool:
    key, wanted = row.urlkey, urlkey(url)
    host = wanted.partition(")")[0]
    if match == "exact":
        return key == wanted
    if match == "prefix":
        return key.startswith(wanted)
    if match == "host":
        return key.partition(")")[0] == host
    return key.startswith((f"{host})", f"{host},"))


def _passes(row: Row, rule: str) -> bool:
    name, _, regex = rule.removeprefix("!").partition(":")
    return bool(re.fullmatch(regex, getattr(row, name))) != rule.startswith("!")


def _collapsed(rows: list[Row], rule: str) -> list[Row]:
    name, _, length = rule.partition(":")
    kept: list[Row] = []
    before = None
    for row in rows:
        value = getattr(row, name)[: int(length) if length else None]
        if value != before:
            kept.append(row)
        before = value
    return kept
