"""Lists of addresses: CSV and plain text as people make them, and files that are neither."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standins.drain import Outcome, drain, utc

from extractors.records import FeedKind, Precision, Reason
from flows.sources import urllist
from flows.sources.urllist import ListTally, UrlLists, read_list


def read(*files: Path) -> Outcome:
    return drain(lambda door: UrlLists(files))


def write(folder: Path, name: str, body: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(body.encode() if isinstance(body, str) else body)
    return path


def test_a_csv_gives_address_date_and_title(tmp_path: Path) -> None:
    body = (
        "\ufeffTitle,URL,Published,note\r\n"
        '"Kim, in a train",https://paper.com/a?utm_source=x,2023-09-12T10:00:00+09:00,n\r\n'
        "Old,https://paper.com/b,2023-08-01,\r\n"
        '"two\nlines",https://paper.com/c,,\r\n'
        "short row\r\n"
        ",https://paper.com/a,,\r\n"
    )
    outcome = read(write(tmp_path, "list.csv", body))
    assert outcome.failed == []
    assert outcome.inside == ["https://paper.com/a", "https://paper.com/c"]
    assert outcome.outside == ["https://paper.com/b"]
    entry = outcome.found[0].entry
    assert (entry.title, entry.published_at) == ("Kim, in a train", utc(2023, 9, 12, 1))
    assert entry.published_precision is Precision.INSTANT
    assert [(one.count, one.reason) for one in outcome.passed] == [(1, Reason.BAD_URL)]


def test_plain_text_has_one_address_a_line_and_comments(tmp_path: Path) -> None:
    body = "# found by hand\nhttps://paper.com/a\n\n  paper.com/b  \r\nnot an address\nhttps://paper.com/a\n"
    outcome = read(write(tmp_path, "list.txt", body))
    assert outcome.inside == ["https://paper.com/a", "https://paper.com/b"]
    assert [one.count for one in outcome.passed] == [1]


def test_a_day_in_an_address_marks_what_lies_outside(tmp_path: Path) -> None:
    body = "https://paper.com/2023/09/13/a\nhttps://paper.com/2022/09/13/b\n"
    outcome = read(write(tmp_path, "list.txt", body))
    assert outcome.inside == ["https://paper.com/2023/09/13/a"]
    assert outcome.outside == ["https://paper.com/2022/09/13/b"]


def test_each_file_is_a_row_of_its_own(tmp_path: Path) -> None:
    one, two = (write(tmp_path, name, "https://paper.com/a\n") for name in ("1.txt", "2.txt"))
    outcome = read(one, two)
    rows = UrlLists((one, two)).listings()
    assert [found.feed_id for found in outcome.found] == [row.feed_id for row in rows]
    assert {row.kind for row in rows} == {FeedKind.LIST}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"\n# nothing\n", "empty"),
        (b"title,url\n", "empty"),
        (b"no address here\n", "empty"),
        (b"https://paper.com/a\n\xff\xfe\xfa\n", "encoding"),
        (b"https://paper.com/a\n\0\0\0\n", "unparsable"),
        (b"x" * 100_000, "unparsable"),
        (b'url\n"' + b"x" * 200_000, "unparsable"),
    ],
)
def test_what_is_no_list_is_a_failed_unit(tmp_path: Path, body: bytes, reason: str) -> None:
    good = write(tmp_path, "good.txt", "https://paper.com/good")
    outcome = read(write(tmp_path, "bad.csv", body), good)
    assert outcome.reasons == [reason]
    assert "https://paper.com/good" in outcome.inside


def test_a_file_that_is_not_there_is_a_failed_unit(tmp_path: Path) -> None:
    assert read(tmp_path / "missing.csv", tmp_path).reasons == ["unreadable", "unreadable"]


def test_a_list_over_the_bound_gives_the_bound_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllist, "MAX_URLS", 300)
    body = "".join(f"https://paper.com/{n}\n" for n in range(500))
    outcome = read(write(tmp_path, "list.txt", body))
    assert (len(outcome.inside), outcome.reasons) == (300, ["limit"])


@settings(deadline=None)
@given(body=st.binary(max_size=300), csv=st.booleans())
def test_no_bytes_make_the_reader_raise(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, csv: bool
) -> None:
    path = tmp_path_factory.mktemp("list") / "list"
    path.write_bytes(b"url,title\n" * csv + body)
    tally = ListTally()
    entries = [entry for entry in read_list(path, tally) if entry is not None]
    assert len(entries) == len(tally.seen)
