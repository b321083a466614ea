"""Ids and hashes: the same words give the same id on every machine and in every run."""

from __future__ import annotations

import hashlib


def stable_id(kind: str, *parts: str) -> str:
    """Derive an id out of the words that identify a thing.

    `kind` is a one-letter prefix that says what it names (f feed, e entry, p page, a article).
    Returns the prefix, an underscore and 20 hexadecimal digits (80 bits of BLAKE2b).
    """
    joined = "\x1f".join((kind, *parts)).encode("utf-8", "surrogatepass")
    return f"{kind}_{hashlib.blake2b(joined, digest_size=10).hexdigest()}"


def content_hash(*parts: str | None) -> str:
    """Hash what identifies a change, with a version in front so that the recipe may change.

    A missing part and an empty one count the same. Returns '1:' and 32 hexadecimal digits.
    """
    joined = "\x1f".join(part or "" for part in parts).encode("utf-8", "surrogatepass")
    return f"1:{hashlib.blake2b(joined, digest_size=16).hexdigest()}"
