"""The packed stop words answer as the sets they stand for."""

from __future__ import annotations

import subprocess
import sys

from justext.core import define_stoplist
from justext.utils import get_stoplist, get_stoplists

from extractors.stopwords import StopWords

ALL = frozenset().union(*map(get_stoplist, get_stoplists()))

READ = """
from pathlib import Path
from extractors.body import best_body  # installs them
from trafilatura.external import JT_STOPLIST
from justext.core import classify_paragraphs, define_stoplist

def kilobytes():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))

before = kilobytes()
assert "the" in define_stoplist(JT_STOPLIST)
print(kilobytes() - before)
"""


def test_every_stop_word_of_every_language_is_one() -> None:
    words = StopWords()
    assert all(word in words for word in ALL)


def test_no_other_word_is_one() -> None:
    words = StopWords()
    others = {word + ending for word in ALL for ending in ("q", "ъ")} - ALL
    assert len(others) > 100_000
    assert not any(word in words for word in others)


def test_a_list_of_one_language_is_still_the_set_of_its_words() -> None:
    english = get_stoplist("English")
    assert define_stoplist(english) == english


def test_the_words_of_all_languages_take_no_tens_of_megabytes() -> None:
    line = [sys.executable, "-c", READ]
    grown = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    assert int(grown) < 20_000
