"""Charsets: the standards' order, and no mojibake in any of the old encodings news still uses."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.charsets import decode

STORIES = Path(__file__).parents[1] / "quality" / "extraction" / "stories.toml"
TEXTS = {
    language: "\n".join(paper["paragraphs"])
    for language, paper in tomllib.loads(STORIES.read_text("utf-8")).items()
}
OLD = [
    ("ru", "windows-1251"), ("ru", "koi8-r"), ("ru", "iso-8859-5"), ("uk", "windows-1251"),
    ("uk", "koi8-u"), ("ko", "euc-kr"), ("ja", "shift_jis"), ("ja", "euc-jp"), ("zh", "gb18030"),
    ("zh", "gb2312"), ("ar", "windows-1256"), ("he", "windows-1255"), ("tr", "windows-1254"),
    ("pl", "windows-1250"), ("pl", "iso-8859-2"), ("de", "windows-1252"),
]  # fmt: skip
# Punctuation that the older sets lack is written as a plain sign there, as editors did.
PLAIN = str.maketrans(
    {"«": '"', "»": '"', "“": '"', "”": '"', "„": '"', "—": "-", "–": "-", "״": '"'}
)


def page(text: str, charset: str) -> bytes:
    head = f'<html><head><meta charset="{charset}"><title>x</title></head><body>'
    return (head + text).encode(charset)


@pytest.mark.parametrize(("language", "charset"), OLD)
def test_the_pages_own_label_is_followed(language: str, charset: str) -> None:
    text = TEXTS[language].translate(PLAIN)
    decoded = decode(page(text, charset))
    assert text in decoded.text
    assert decoded.origin == "meta"
    assert decoded.broken == 0


@pytest.mark.parametrize(("language", "charset"), OLD)
def test_the_header_goes_before_the_page(language: str, charset: str) -> None:
    text = TEXTS[language].translate(PLAIN)
    body = page(text, charset).replace(charset.encode(), b"iso-8859-1")
    decoded = decode(body, f"text/html; charset={charset}")
    assert text in decoded.text
    assert decoded.origin == "http"


@pytest.mark.parametrize(
    ("language", "charset"),
    [("ru", "windows-1251"), ("ru", "koi8-r"), ("ko", "euc-kr"), ("ja", "shift_jis"),
     ("ja", "euc-jp"), ("zh", "gb18030"), ("ar", "windows-1256")],
)  # fmt: skip
def test_without_a_label_the_bytes_tell(language: str, charset: str) -> None:
    text = TEXTS[language].translate(PLAIN)
    decoded = decode(f"<html><body>{text}".encode(charset))
    assert text in decoded.text
    assert decoded.origin == "bytes"


def test_chinese_in_big5_is_read() -> None:
    text = "金正恩與普丁在遠東會面，雙方討論了合作。記者在現場看到許多車輛。" * 5
    assert text in decode(page(text, "big5")).text


def test_a_byte_order_mark_goes_before_everything() -> None:
    body = "\ufeff<html>Привет".encode("utf-16-le")
    assert decode(body, "text/html; charset=windows-1251").text == "<html>Привет"


def test_utf8_under_another_label_is_still_utf8() -> None:
    decoded = decode(page("Привет", "utf-8"), "text/html; charset=windows-1251")
    assert "Привет" in decoded.text
    assert decoded.charset == "utf-8"


@pytest.mark.parametrize(("told", "real"), [("windows-1251", "koi8-r"), ("koi8-r", "windows-1251")])
def test_a_cyrillic_label_that_swaps_the_cases_is_not_believed(told: str, real: str) -> None:
    decoded = decode(TEXTS["ru"].translate(PLAIN).encode(real), f"text/html; charset={told}")
    assert TEXTS["ru"].translate(PLAIN) in decoded.text


def test_a_label_nobody_knows_is_passed_over() -> None:
    assert decode(b"<html>caf\xe9", "text/html; charset=klingon").text == "<html>café"


@given(st.binary(max_size=400), st.none() | st.text(max_size=40))
def test_no_bytes_make_decoding_raise(body: bytes, content_type: str | None) -> None:
    assert isinstance(decode(body, content_type).text, str)


def test_the_declaration_of_a_page_in_xml_counts_as_its_label() -> None:
    text = '<?xml version="1.0" encoding="iso-8859-5"?><html><body><p>Порт</p></body></html>'
    decoded = decode(text.encode("iso-8859-5"))
    assert decoded.text == text
    assert decoded.origin == "meta"


@pytest.mark.parametrize(
    ("label", "spoken", "text"),
    [("euc-kr", "cp949", "똠방각하 펲시콜라"), ("shift_jis", "cp932", "①髙島屋"),
     ("gb2312", "gb18030", "镕基"), ("iso-8859-1", "cp1252", "“quoted” — said")],
)  # fmt: skip
def test_a_label_stands_for_the_wider_set_that_browsers_read(
    label: str, spoken: str, text: str
) -> None:
    body = f'<html><head><meta charset="{label}"></head><body>{text}</body></html>'.encode(spoken)
    decoded = decode(body)
    assert text in decoded.text
    assert decoded.origin == "meta"
