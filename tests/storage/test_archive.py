"""The page archive: what goes in comes out, whatever process wrote it and however it ended."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.records import Fetched, WarcPosition
from storage.archive import (
    ArchiveWriter,
    cut_torn_tails,
    drop_segment,
    read_record,
    remove_records,
)
from storage.errors import StorageError
from storage.packing import packed, payload_digest

NOW = datetime(2023, 9, 13, 4, 5, 6, tzinfo=UTC)


def page(body: bytes, url: str = "https://paper.example/a", **headers: str) -> Fetched:
    given = {"content-type": "text/html; charset=utf-8", **headers}
    return Fetched(url, url, 200, tuple(given.items()), body, fetched_at=NOW)


def write(root: Path, *bodies: bytes, run: str = "run") -> list[WarcPosition]:
    with ArchiveWriter(root, run) as writer:
        return [writer.add(page(body), NOW) for body in bodies]


@pytest.mark.parametrize(
    "body",
    [
        b"<p>plain</p>",
        "<p>회담 встреча</p>".encode(),
        b"\x00\xff\r\n\r\nWARC/1.0\r\n",
        b"x" * 300_000,
    ],
)
def test_a_record_comes_back_as_it_went_in(tmp_path: Path, body: bytes) -> None:
    first, second = write(tmp_path, b"before", body)
    found = read_record(tmp_path, second)
    assert (found.body, found.url, found.date, found.content_type) == (
        body,
        "https://paper.example/a",
        "2023-09-13T04:05:06Z",
        "text/html; charset=utf-8",
    )
    assert second.digest == payload_digest(body)
    assert first.offset == 0 < second.offset


@pytest.mark.parametrize(
    "body", [b"<p>plain</p>", b"\x00\xff\r\n\r\nWARC/1.0\r\n", b"x" * 300_000, os.urandom(50_000)]
)
@pytest.mark.parametrize("url", ["https://paper.example/a", "files:drop/a.html"])
def test_a_record_that_was_packed_before_gives_its_body_and_is_kept_like_any_other(
    tmp_path: Path, body: bytes, url: str
) -> None:
    record = packed(page(body, url, **{"x-long": "v" * 9000}), NOW)
    assert record.payload == body
    with ArchiveWriter(tmp_path, "run") as writer:
        position = writer.append(record, NOW)
    assert position.digest == payload_digest(body)
    assert read_record(tmp_path, position).body == body


def test_a_body_that_came_compressed_is_kept_decoded_under_headers_that_say_so(
    tmp_path: Path,
) -> None:
    answer = page(
        b"decoded",
        **{"Content-Encoding": "gzip", "transfer-encoding": "chunked", "Set-Cookie": "s"},
    )
    with ArchiveWriter(tmp_path, "run") as writer:
        position = writer.add(answer, NOW)
    assert read_record(tmp_path, position).body == b"decoded"
    text = gzip.decompress((tmp_path / position.file).read_bytes()).lower()
    assert b"content-encoding" not in text
    assert b"chunked" not in text
    assert b"cookie" not in text


def test_header_values_in_any_script_do_no_harm(tmp_path: Path) -> None:
    answer = page(b"body", **{"x-editor": "Ким и Путин", "x-note": "caf\xe9"})
    with ArchiveWriter(tmp_path, "run") as writer:
        assert read_record(tmp_path, writer.add(answer, NOW)).body == b"body"


@pytest.mark.parametrize("url", ["files:/desk/page.html", "files:/desk/서명 없는 글.html"])
def test_a_page_from_a_file_comes_back_too(tmp_path: Path, url: str) -> None:
    with ArchiveWriter(tmp_path, "run") as writer:
        position = writer.add(page(b"<p>saved</p>", url), NOW)
    found = read_record(tmp_path, position)
    assert (found.body, found.content_type) == (b"<p>saved</p>", "text/html; charset=utf-8")


def test_writers_of_one_run_one_after_the_other_take_segments_of_their_own(tmp_path: Path) -> None:
    (first,), (second,) = write(tmp_path, b"one"), write(tmp_path, b"two")
    assert first.file != second.file
    assert [read_record(tmp_path, item).body for item in (first, second)] == [b"one", b"two"]


def test_two_processes_never_share_a_segment(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from test_archive import write;"
        "print(write(Path(sys.argv[1]), b'x')[0].file)"
    )
    here = Path(__file__).parent
    paths = f"import sys; sys.path[:0] = [{str(here)!r}, {str(here.parents[1])!r}];"
    running = [
        subprocess.Popen(
            [sys.executable, "-c", paths + program, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    names = {process.communicate(timeout=110)[0] for process in running}
    assert len(names) == 2
    assert all(name.endswith(".warc.gz\n") for name in names)


def test_a_full_segment_is_followed_by_another(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path, "run", segment_bytes=1) as writer:
        positions = [writer.add(page(b"body %d" % n), NOW) for n in range(3)]
    assert len({item.file for item in positions}) == 3
    assert [read_record(tmp_path, item).body for item in positions] == [
        b"body 0",
        b"body 1",
        b"body 2",
    ]


def test_a_writer_that_is_given_nothing_leaves_no_file(tmp_path: Path) -> None:
    with ArchiveWriter(tmp_path, "run") as writer:
        writer.sync()
    assert list(tmp_path.rglob("*")) == []


def test_bytes_that_differ_from_their_digest_are_refused(tmp_path: Path) -> None:
    (position,) = write(tmp_path, b"body")
    wrong = WarcPosition(position.file, position.offset, payload_digest(b"other"))
    with pytest.raises(StorageError, match="differ"):
        read_record(tmp_path, wrong)


@pytest.mark.parametrize("offset", [1, 7, 100_000])
def test_an_offset_where_no_record_begins_is_an_error_of_ours(tmp_path: Path, offset: int) -> None:
    (position,) = write(tmp_path, b"body")
    with pytest.raises(StorageError):
        read_record(tmp_path, WarcPosition(position.file, offset, position.digest))


def test_a_segment_that_is_gone_is_an_error_of_ours(tmp_path: Path) -> None:
    (position,) = write(tmp_path, b"body")
    (tmp_path / position.file).unlink()
    with pytest.raises(StorageError, match="cannot be read"):
        read_record(tmp_path, position)


def test_an_archive_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="free some space or check the folder"):
        write(tmp_path / "archive", b"body")


def test_a_torn_tail_is_cut_and_what_is_whole_stays(tmp_path: Path) -> None:
    first, second, third = write(tmp_path, b"one", b"two", b"three" * 1000)
    segment = tmp_path / third.file
    size = segment.stat().st_size
    segment.write_bytes(segment.read_bytes()[:-40])
    with pytest.raises(StorageError):
        read_record(tmp_path, third)
    (torn,) = cut_torn_tails(tmp_path)
    assert (torn.file, torn.kept, torn.cut) == (third.file, third.offset, size - 40 - third.offset)
    assert [read_record(tmp_path, item).body for item in (first, second)] == [b"one", b"two"]
    assert cut_torn_tails(tmp_path) == []


def test_zeros_after_a_power_cut_are_a_torn_tail(tmp_path: Path) -> None:
    (position,) = write(tmp_path, b"one")
    segment = tmp_path / position.file
    whole = segment.read_bytes()
    segment.write_bytes(whole + b"\x00" * 4096)
    assert [item.cut for item in cut_torn_tails(tmp_path)] == [4096]
    assert segment.read_bytes() == whole


def test_whole_segments_and_an_archive_that_is_not_there_are_left_alone(tmp_path: Path) -> None:
    write(tmp_path, b"one", b"x" * 3_000_000)
    assert cut_torn_tails(tmp_path) == []
    assert cut_torn_tails(tmp_path / "nowhere") == []


def test_removing_records_keeps_the_others_readable(tmp_path: Path) -> None:
    positions = write(tmp_path, b"one", b"two", b"three")
    name = positions[0].file
    moved = remove_records(tmp_path, name, [positions[1].offset])
    drop_segment(tmp_path, name)
    assert set(moved) == {positions[0].offset, positions[2].offset}
    again = [
        WarcPosition(*moved[item.offset], item.digest) for item in (positions[0], positions[2])
    ]
    assert [read_record(tmp_path, item).body for item in again] == [b"one", b"three"]
    left = b"".join(gzip.decompress(path.read_bytes()) for path in tmp_path.rglob("*.warc.gz"))
    assert b"two" not in left


def test_removing_twice_from_one_segment_works(tmp_path: Path) -> None:
    positions = write(tmp_path, b"one", b"two", b"three")
    moved = remove_records(tmp_path, positions[0].file, [positions[0].offset])
    drop_segment(tmp_path, positions[0].file)
    name, offset = moved[positions[1].offset]
    moved_again = remove_records(tmp_path, name, [offset])
    drop_segment(tmp_path, name)
    last = moved_again[moved[positions[2].offset][1]]
    assert read_record(tmp_path, WarcPosition(*last, positions[2].digest)).body == b"three"


def test_removing_all_records_leaves_no_segment(tmp_path: Path) -> None:
    positions = write(tmp_path, b"one", b"two")
    assert remove_records(tmp_path, positions[0].file, [item.offset for item in positions]) == {}
    drop_segment(tmp_path, positions[0].file)
    assert list(tmp_path.rglob("*.warc.gz")) == []


def test_removing_from_a_segment_with_a_torn_tail_keeps_what_is_whole(tmp_path: Path) -> None:
    first, second, third = write(tmp_path, b"one", b"two", b"three" * 1000)
    segment = tmp_path / third.file
    segment.write_bytes(segment.read_bytes()[:-5])
    moved = remove_records(tmp_path, first.file, [first.offset])
    kept = WarcPosition(*moved[second.offset], second.digest)
    assert read_record(tmp_path, kept).body == b"two"
    assert third.offset not in moved
