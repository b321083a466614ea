from __future__ import annotations

import xml.etree.ElementTree as ET
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors import opml
from extractors.fingerprints import stable_id
from extractors.opml import OpmlError, read_opml, write_opml
from extractors.records import FeedKind, Listing


def document(body: str, declaration: str = "") -> bytes:
    return f'{declaration}<opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def test_an_outline_becomes_a_listing() -> None:
    [listing] = read_opml(
        document(
            '<outline type="rss" text="t" title="Harbour Daily" xmlUrl="https://harbour.example/rss"'
            ' htmlUrl="https://harbour.example/" language="ko-KR"/>'
        )
    )
    assert listing == Listing(
        feed_id=stable_id("f", "https://harbour.example/rss"),
        url="https://harbour.example/rss",
        publisher="Harbour Daily",
        homepage="https://harbour.example/",
        language="ko",
    )


def test_folders_are_walked_to_any_depth_and_order_is_kept() -> None:
    deep = '<outline text="folder">' * 500
    body = (
        '<outline text="a" xmlUrl="https://a.example/f"/>'
        + deep
        + '<outline text="b" xmlUrl="https://b.example/f"/>'
        + "</outline>" * 500
        + '<outline text="c" xmlUrl="https://c.example/f"/>'
    )
    assert [listing.publisher for listing in read_opml(document(body))] == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["xmlUrl", "xmlURL", "xmlurl", "XMLURL"])
def test_attribute_names_count_in_any_case(name: str) -> None:
    [listing] = read_opml(document(f'<outline TEXT="x" {name}="https://a.example/f"/>'))
    assert (listing.url, listing.publisher) == ("https://a.example/f", "x")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "ftp://a.example/f",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//a.example/f",
        "https://",
        "http://[::1/f",
        "http://a.example:port/f",
        "https://a.example/two words",
        "https://a.example/" + "x" * opml.MAX_URL,
    ],
)
def test_an_outline_without_a_web_address_is_passed_over(address: str) -> None:
    body = f'<outline text="x" xmlUrl="{address}"/><outline text="y" xmlUrl="https://b.example/"/>'
    assert [listing.url for listing in read_opml(document(body))] == ["https://b.example/"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("feed://a.example/f", "http://a.example/f"),
        ("feed:https://a.example/f", "https://a.example/f"),
        (" https://a.example/f\n", "https://a.example/f"),
    ],
)
def test_addresses_are_repaired(written: str, read: str) -> None:
    [listing] = read_opml(document(f'<outline text="x" xmlUrl="{written}"/>'))
    assert listing.url == read


def test_a_feed_filed_in_two_folders_is_one_listing() -> None:
    body = '<outline text="{}"><outline text="{}" xmlUrl="https://a.example/f"/></outline>'
    listings = read_opml(document(body.format("north", "first") + body.format("south", "second")))
    assert [listing.publisher for listing in listings] == ["first"]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [("en-US", "en"), ("PT_br", "pt"), ("zho", "zho"), ("unknown", None), ("", None), ("x", None)],
)
def test_language_is_the_primary_subtag_or_nothing(stated: str, expected: str | None) -> None:
    [listing] = read_opml(document(f'<outline xmlUrl="https://a.example/f" language="{stated}"/>'))
    assert listing.language == expected


def test_the_url_as_text_is_no_publisher() -> None:
    [listing] = read_opml(
        document('<outline text="https://a.example/" xmlUrl="https://a.example/"/>')
    )
    assert listing.publisher is None


@pytest.mark.parametrize("codec", ["utf-8", "utf-16", "euc-kr", "gb2312", "shift_jis", "big5"])
def test_declared_encodings_are_read(codec: str) -> None:
    name = {"euc-kr": "연합뉴스", "gb2312": "新华社", "shift_jis": "共同通信", "big5": "中央社"}
    text = name.get(codec, "Ведомости")
    declaration = f'<?xml version="1.0" encoding="{codec}"?>'
    data = document(f'<outline text="{text}" xmlUrl="https://a.example/f"/>', declaration)
    [listing] = read_opml(data.decode().encode(codec))
    assert listing.publisher == text


def test_a_doctype_without_entities_is_survived() -> None:
    data = document('<outline text="x" xmlUrl="https://a.example/f"/>', "<!DOCTYPE opml>")
    assert len(read_opml(data)) == 1


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE opml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE opml [<!ENTITY % x SYSTEM "http://a.example/x.dtd"> %x;]>',
    ],
)
def test_entities_are_refused(doctype: str) -> None:
    with pytest.raises(OpmlError, match="refused"):
        read_opml(document('<outline text="&b;" xmlUrl="https://a.example/f"/>', doctype))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty file"),
        (b"  \n", "empty file"),
        (b"<html><body/></html>", "found <html> as the root"),
        (b"<opml><body>", "broken XML"),
        (b"not xml at all", "broken XML"),
        (b"\x00\xff\xfe\x01", "broken XML"),
        (b'<?xml version="1.0" encoding="klingon"?><opml/>', "broken XML|encoding"),
        (b'<?xml version="1.0" encoding="johab"?><opml/>', "encoding"),
        (b'<?xml version="1.0" encoding="rot13"?><opml/>', "encoding"),
        (b'<?xml version="1.0" encoding="euc-kr"?><opml>\xff\xff</opml>', "encoding"),
    ],
)
def test_what_is_no_opml_says_what_was_found(data: bytes, message: str) -> None:
    with pytest.raises(OpmlError, match=message):
        read_opml(data)


def test_size_is_bounded() -> None:
    padding = " " * opml.MAX_BYTES
    with pytest.raises(OpmlError, match="at most 10,000,000"):
        read_opml(document(padding))


def test_the_number_of_outlines_is_bounded_folders_included() -> None:
    outline = '<outline text="x"/>'
    assert read_opml(document(outline * opml.MAX_OUTLINES)) == []
    with pytest.raises(OpmlError, match="more than 10,000 outlines"):
        read_opml(document(outline * (opml.MAX_OUTLINES + 1)))


def test_millions_of_nested_elements_cost_no_tree() -> None:
    data = b"<opml>" + b"<a>" * 2_000_000
    with pytest.raises(OpmlError, match="broken XML"):
        read_opml(data)


def test_what_is_written_is_opml_two() -> None:
    listing = Listing(feed_id="a", url="https://a.example/f?x=1&y=2", publisher='"Quoted" & <Sons>')
    root = ET.fromstring(write_opml([listing], "A list & more"))
    assert (root.tag, root.get("version")) == ("opml", "2.0")
    assert root.findtext("head/title") == "A list & more"
    [outline] = root.findall("body/outline")
    assert outline.attrib == {
        "type": "rss",
        "text": '"Quoted" & <Sons>',
        "title": '"Quoted" & <Sons>',
        "xmlUrl": "https://a.example/f?x=1&y=2",
    }


def test_only_feeds_are_written() -> None:
    feed = Listing(feed_id="a", url="https://a.example/f")
    folder = Listing(feed_id="b", url="https://b.example/sitemap.xml", kind=FeedKind.SITEMAP)
    assert [listing.url for listing in read_opml(write_opml([feed, folder], ""))] == [feed.url]


names = st.text(max_size=40).map(opml._clean).map(lambda text: text or None)
paths = st.text(alphabet="abcXYZ019/?&=%;~+<>'\"é新", max_size=30)
urls = st.builds(
    lambda scheme, host, path: f"{scheme}://{host}.example/{path}",
    st.sampled_from(["http", "https"]),
    st.text(alphabet="abcdef0123", min_size=1, max_size=12),
    paths,
)
listings = st.builds(
    lambda url, publisher, homepage, language: Listing(
        feed_id=stable_id("f", url),
        url=url,
        publisher=publisher,
        homepage=homepage,
        language=language,
    ),
    urls,
    names,
    st.none() | urls,
    st.sampled_from([None, "en", "ko", "ru", "uk", "zho"]),
)


@given(st.lists(listings, max_size=20, unique_by=lambda listing: listing.url), st.text(max_size=50))
def test_reading_gives_back_what_was_written(wanted: list[Listing], title: str) -> None:
    assert read_opml(write_opml(wanted, title)) == wanted


@given(listings, st.text())
def test_any_publisher_makes_readable_xml(listing: Listing, publisher: str) -> None:
    [read] = read_opml(write_opml([replace(listing, publisher=publisher)], publisher))
    assert read.url == listing.url


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for prefix in (b"", b"<opml><body>", b'<?xml version="1.0" encoding="'):
        with suppress(OpmlError):
            read_opml(prefix + data)
