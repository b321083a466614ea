"""Lists of feeds that tests write, read and edit."""

from __future__ import annotations

from pathlib import Path

from extractors.records import Listing

NEW = Listing(feed_id="pier", url="https://pier.example/rss", publisher="Pier: news", language="ru")


def written(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "feeds.yaml"
    path.write_text(body, "utf-8")
    return path
