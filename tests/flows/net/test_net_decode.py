"""Content codings: what goes in comes out, and nothing comes out over the bound."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from flows.net.decode import TooLargeError, UndecodableError, codings, decode

PACK = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def _bare_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


@given(st.binary(max_size=5_000), st.lists(st.sampled_from(sorted(PACK)), max_size=3))
def test_what_was_packed_comes_out_whole(body, names):
    packed = body
    for name in names:
        packed = PACK[name](packed)
    assert decode(packed, tuple(names), 100_000) == body


@given(st.binary(min_size=1, max_size=5_000))
def test_deflate_without_its_wrapper_is_understood(body):
    assert decode(_bare_deflate(body), ("deflate",), 5_000) == body


@given(st.binary(max_size=300), st.sampled_from(sorted(PACK)), st.integers(0, 2_000))
def test_no_bytes_whatsoever_raise_anything_else_or_pass_the_bound(body, name, limit):
    try:
        assert len(decode(body, (name,), limit)) <= limit
    except (TooLargeError, UndecodableError):
        return


@given(st.data(), st.binary(min_size=10, max_size=2_000), st.sampled_from(sorted(PACK)))
def test_a_cut_body_is_noticed(data, body, name):
    packed = PACK[name](body)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(UndecodableError):
        decode(packed[:cut], (name,), 100_000)


@pytest.mark.parametrize("name", sorted(PACK))
def test_the_bound_is_exact(name):
    body = bytes(range(256)) * 4_000
    assert decode(PACK[name](body), (name,), len(body)) == body
    with pytest.raises(TooLargeError):
        decode(PACK[name](body), (name,), len(body) - 1)


@pytest.mark.parametrize("name", sorted(PACK))
def test_a_bomb_costs_little_more_memory_than_the_bound(name):
    packed = PACK[name](bytes(60_000_000))
    tracemalloc.start()
    with pytest.raises(TooLargeError):
        decode(packed, (name,), 1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


def test_members_one_after_another_are_one_body_and_padding_is_left():
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + bytes(512)
    assert decode(packed, ("gzip",), 100) == b"one two"
    frames = zstandard.compress(b"one ") + zstandard.compress(b"two")
    assert decode(frames, ("zstd",), 100) == b"one two"


@pytest.mark.parametrize("sizes", [(200_000, 3), (3, 200_000), (70_000, 70_000, 0)])
def test_the_size_that_gzip_tells_in_its_end_is_only_a_guess(sizes):
    body = b"".join(bytes([n]) * size for n, size in enumerate(sizes))
    packed = b"".join(gzip.compress(bytes([n]) * size) for n, size in enumerate(sizes))
    for raw in (packed, packed + b"\xff" * 4, packed + bytes(4)):
        assert decode(raw, ("gzip",), len(body)) == body
        with pytest.raises(TooLargeError):
            decode(raw, ("gzip",), len(body) - 1)
    with pytest.raises(UndecodableError):
        decode(packed[:-4] + b"\xff" * 4, ("gzip",), len(body))


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_countless_empty_members_are_refused(name):
    with pytest.raises(UndecodableError):
        decode(PACK[name](b"") * 5_000, (name,), 100)


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (None, ()),
        ("", ()),
        ("identity", ()),
        ("UTF-8", ()),
        ("GZIP", ("gzip",)),
        ("deflate, br", ("deflate", "br")),
    ],
)
def test_content_encoding_is_split_and_what_is_none_left_out(header, names):
    assert codings(header) == names
