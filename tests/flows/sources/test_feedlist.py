"""A list of feeds as its owner writes it: what is read, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from feed_lists import written

from extractors.fingerprints import stable_id
from extractors.records import FeedKind, Listing
from flows.sources import feedlist
from flows.sources.feedlist import FeedListError, load
from flows.sources.listing_fields import url_key


def test_every_key_is_read(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        """
feeds:
  - id: pier
    url: https://pier.example/map.xml
    kind: sitemap
    publisher: Pier
    homepage: https://pier.example/
    country: NO
    language: 'no'
    seen_in: "github.com/pier/lists: feeds.opml"
    verified: 2026-11-23
    paused: true
    fetch: likely
    conditional: false
    min_interval: 15m
    max_interval: 1d
""",
    )
    assert load(path) == [
        Listing(
            feed_id="pier",
            url="https://pier.example/map.xml",
            kind=FeedKind.SITEMAP,
            publisher="Pier",
            homepage="https://pier.example/",
            country="NO",
            language="no",
            seen_in="github.com/pier/lists: feeds.opml",
            verified="2026-11-23",
            paused=True,
            fetch="likely",
            conditional=False,
            min_interval_s=900,
            max_interval_s=86_400,
        )
    ]


def test_an_absent_id_comes_from_the_url(tmp_path: Path) -> None:
    [listing] = load(written(tmp_path, "feeds:\n  - url: https://pier.example/rss\n"))
    assert listing == Listing(
        feed_id=stable_id("f", "https://pier.example/rss"), url="https://pier.example/rss"
    )


@pytest.mark.parametrize("body", ["feeds: []\n", "feeds:\n", "# nothing yet\nfeeds:\n"])
def test_an_empty_list_is_a_list(tmp_path: Path, body: str) -> None:
    assert load(written(tmp_path, body)) == []


def test_a_folder_of_files_may_be_a_path(tmp_path: Path) -> None:
    [listing] = load(written(tmp_path, "feeds:\n  - {url: seeds/articles, kind: files}\n"))
    assert (listing.kind, listing.url) == (FeedKind.FILES, "seeds/articles")


@pytest.mark.parametrize(
    ("lines", "line", "found", "expected"),
    [
        ("- url: https://a.example/\n  publishr: A", 3, "unknown key 'publishr'", "'publisher'"),
        ("- url: https://a.example/\n  zzz: x", 3, "unknown key 'zzz'", "one of id, url"),
        ("- id: a\n  publisher: A", 2, "no url", "https://example.org/rss.xml"),
        ("- url:", 2, "no url", "one, like"),
        ("- id: Big One\n  url: https://a.example/", 2, "'Big One'", "a-z, 0-9"),
        ("- url: ftp://a.example/", 2, "'ftp://a.example/'", "http or https"),
        ("- url: //a.example/", 2, "'//a.example/'", "http or https"),
        ("- url: https:///feed", 2, "'https:///feed'", "http or https"),
        ("- url: http://[::1/feed", 2, "'http://[::1/feed'", "http or https"),
        ("- url: https://a.example/b c", 2, "b c", "http or https"),
        ("- url: [a, b]", 2, "a sequence", "text"),
        ("- url: https://a.example/\n  kind: rss", 3, "'rss'", "feed, files, sitemap"),
        ("- url: https://a.example/\n  country: kr", 3, "'kr'", "two capital letters"),
        ("- url: https://a.example/\n  country: XX", 3, "'XX'", "two capital letters"),
        ("- url: https://a.example/\n  language: Korean", 3, "'Korean'", "language code"),
        ("- url: https://a.example/\n  homepage: a.example", 3, "'a.example'", "http or https"),
        ("- url: https://a.example/\n  publisher: 42", 3, "42", "quotes"),
        ("- url: https://a.example/\n  publisher: ''", 3, "''", "one line"),
        ("- url: https://a.example/\n  verified: yesterday", 3, "'yesterday'", "2026-11-23"),
        ("- url: https://a.example/\n  verified: '2026-02-30'", 3, "'2026-02-30'", "date"),
        ("- url: https://a.example/\n  paused: yes", 3, "'yes'", "true or false"),
        ("- url: https://a.example/\n  conditional: 0", 3, "0", "true or false"),
        ("- url: https://a.example/\n  fetch: none", 3, "'none'", "all or likely"),
        ("- url: https://a.example/\n  min_interval: 15", 3, "15", "15m, 2h or 1d"),
        ("- url: https://a.example/\n  min_interval: 0m", 3, "'0m'", "15m, 2h or 1d"),
        ("- url: https://a.example/\n  max_interval: 2 h", 3, "'2 h'", "15m, 2h or 1d"),
        ("- url: https://a.example/\n  max_interval: 9999d", 3, "'9999d'", "up to a year"),
        (
            "- url: https://a.example/\n  max_interval: 1h\n  min_interval: 2h",
            4,
            "min_interval 2h over max_interval",
            "at most 1h",
        ),
        ("- https://a.example/", 2, "'https://a.example/'", "a source with a url"),
        ("- url: https://a.example/\n  url: https://b.example/", 3, "duplicate key", "YAML"),
        ("- id: a\n  url: https://a.example/\n- id: a\n  url: https://b.example/", 4, "'a'", "2"),
        ("- url: https://a.example\n- url: HTTPS://A.Example:443/#top", 3, "again", "line 2"),
        ("- url: 'https://a.example/", 2, "found", "YAML"),
    ],
)
def test_an_error_names_file_line_found_and_expected(
    tmp_path: Path, lines: str, line: int, found: str, expected: str
) -> None:
    path = written(tmp_path, f"feeds:\n{lines}\n")
    with pytest.raises(FeedListError) as caught:
        load(path)
    message = str(caught.value)
    if "YAML" not in expected:
        assert f"{path}, line {line}: found" in message
    assert str(path) in message
    said, _, wanted = message.partition(", expected ")
    assert found in said
    assert expected in wanted


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "feeds: 3",
        "feeds: {a: 1}",
        "sources: []",
        "feeds: []\nmore: 1",
        "\t",
        "--- a\n--- b",
        "feeds: [!!python/object/apply:os.system [ls]]",
        "feeds: " + "[" * 1000,
    ],
)
def test_another_shape_of_file_is_refused(tmp_path: Path, body: str) -> None:
    path = written(tmp_path, body)
    with pytest.raises(FeedListError, match=str(path)):
        load(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FeedListError, match=r"absent\.yaml: cannot be read"):
        load(tmp_path / "absent.yaml")
    bad = tmp_path / "latin.yaml"
    bad.write_bytes("feeds:\n  - url: https://a.example/\n    publisher: é\n".encode("latin-1"))
    with pytest.raises(FeedListError, match="line 3: found bytes that are not UTF-8"):
        load(bad)


def test_a_file_of_more_than_ten_megabytes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FeedListError, match="at most 10,000,000"):
        load(written(tmp_path, "#" * (feedlist.MAX_BYTES + 1)))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("http://A.example", "http://a.example:80/#x", True),
        ("https://a.example/F", "https://a.example/f", False),
        ("http://a.example/", "https://a.example/", False),
        ("https://a.example/?a=1", "https://a.example/?a=2", False),
        ("https://a.example:8443/", "https://a.example/", False),
        ("https://[::1]:443/f", "https://[::1]/f", True),
        ("seeds/articles", "seeds/articles", True),
    ],
)
def test_urls_compare_after_light_normalisation(one: str, other: str, same: bool) -> None:
    assert (url_key(one) == url_key(other)) is same


def test_a_user_name_or_password_in_an_address_is_refused_and_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "feeds.yaml"
    path.write_text("feeds:\n  - url: https://ann:sesame@paper.example/feed\n", "utf-8")
    with pytest.raises(FeedListError, match="found a user name or password in it") as caught:
        load(path)
    assert "sesame" not in str(caught.value)
