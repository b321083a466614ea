"""The stop words of all languages, which trafilatura's last resort (justext) looks words up in.

It makes tuples and sets of them for the first page that comes there: 33 MB more in a process, until
its end. Their hashes alone take 2 MB and answer the same, but for one word in 10^14.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from functools import cached_property
from typing import Any

from justext import core
from justext.utils import get_stoplist, get_stoplists
from trafilatura import external


class StopWords:
    """Whether a word is a stop word of any language: `word in StopWords()`."""

    @cached_property
    def _hashes(self) -> array[int]:
        found = array("q")
        for language in get_stoplists():
            found.extend(map(hash, get_stoplist(language)))
        return array("q", sorted(found))

    def __contains__(self, word: str) -> bool:
        hashed = hash(word)
        at = bisect_left(self._hashes, hashed)
        return at < len(self._hashes) and self._hashes[at] == hashed


_ALL = StopWords()
_as_set = core.define_stoplist


def _defined(words: Any) -> Any:
    return words if words is _ALL else _as_set(words)


def pack_stop_words() -> None:
    """Let trafilatura look words up in them from now on. Safe to call again."""
    external.JT_STOPLIST = _ALL  # type: ignore[assignment]
    core.define_stoplist = _defined
