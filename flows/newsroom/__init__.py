"""The demo newsroom: outlets, feeds and pages served on loopback, from data or from a seed."""

from flows.newsroom.data import DEFAULT_DIR, DataError, Newsdesk, load
from flows.newsroom.generate import generate
from flows.newsroom.model import Article, ArticleTruth, Behaviour, OddTruth, PageKind
from flows.newsroom.room import Newsroom

__all__ = [
    "DEFAULT_DIR",
    "Article",
    "ArticleTruth",
    "Behaviour",
    "DataError",
    "Newsdesk",
    "Newsroom",
    "OddTruth",
    "PageKind",
    "generate",
    "load",
]
