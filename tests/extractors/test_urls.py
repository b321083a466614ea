"""Addresses: what is cleaned, repaired and refused, and which one names an article."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors.urls import clean_url, identity_url, is_redirector, registrable_domain


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("HTTPS://Example.COM:443/a/../b?id=3#frag", "https://example.com/b?id=3"),
        ("http://example.com", "http://example.com/"),
        ("https://example.com/a/story/amp", "https://example.com/a/story"),
        ("https://example.com/a/story/amp/", "https://example.com/a/story/"),
        ("https://example.com/x?utm_source=rss&id=3&fbclid=9", "https://example.com/x?id=3"),
        ("https://example.com/x?b=2&amp;a=1", "https://example.com/x?b=2&a=1"),
        ("https://example.com/x?b=2&amp;amp;a=1", "https://example.com/x?b=2&a=1"),
        ("www.example.com/x", "https://www.example.com/x"),
        ("example.co.uk/x", "https://example.co.uk/x"),
        ("http:/example.com/x", "http://example.com/x"),
        ("https://https://example.com/x", "https://example.com/x"),
        ("https:\\\\example.com\\x", "https://example.com/x"),
        (" https://example.com/a b\n", "https://example.com/a%20b"),
        ("https://user:pw@example.com/", "https://example.com/"),
        ("http://bücher.de/ü", "http://xn--bcher-kva.de/%C3%BC"),
        ("https://example.com/%7ea%e4?q=100%", "https://example.com/~a%E4?q=100%25"),
        ("http://[0:0:0:0:0:0:0:1]:8080/x", "http://[::1]:8080/x"),
        ("https://x-com.cdn.ampproject.org/c/s/x.com/a/amp/", "https://x.com/a/"),
        ("https://www.google.com/url?q=https://x.com/a&sa=D", "https://x.com/a"),
        ("https://example.com/a?amp=1&b=2", "https://example.com/a?b=2"),
    ],
)
def test_an_address_is_kept_in_one_form(raw: str, clean: str) -> None:
    assert clean_url(raw) == clean


@pytest.mark.parametrize(
    ("raw", "base", "clean"),
    [
        ("//example.com/x", "http://a.de/", "http://example.com/x"),
        ("y/z", "https://a.de/x/", "https://a.de/x/y/z"),
        ("a.de/y", "https://www.a.de/x", "https://a.de/y"),
        ("foo.html", "https://a.de/x/", "https://a.de/x/foo.html"),
        ("#top", "https://a.de/x?y", "https://a.de/x?y"),
    ],
)
def test_a_link_is_read_against_its_base(raw: str, base: str, clean: str) -> None:
    assert clean_url(raw, base) == clean


@pytest.mark.parametrize(
    "raw",
    ["", "javascript:alert(1)", "mailto:a@b.de", "ftp://a.de/x", "data:text/html,x", "http://",
     "http://a..b/", "http://ex ample.com/", "http://a.de:99999/", "http://a.de:0/",
     "/x", "x" * 5000],
)  # fmt: skip
def test_what_nobody_could_fetch_is_none(raw: str) -> None:
    assert clean_url(raw) is None


@given(st.text(max_size=120), st.none() | st.just("https://a.example/x/y"))
def test_no_text_makes_cleaning_raise(raw: str, base: str | None) -> None:
    clean_url(raw, base)


@given(st.text(alphabet="abc/%.?&=#:@é 1", max_size=60))
def test_cleaning_twice_changes_nothing(tail: str) -> None:
    once = clean_url(f"https://example.com/{tail}")
    assert once is None or clean_url(once) == once


@pytest.mark.parametrize(
    ("canonical", "identity"),
    [
        ("https://www.a.de/y", "https://www.a.de/y"),
        ("/y?utm_source=x", "https://a.de/y"),
        ("https://b.de/y", "https://a.de/news/x"),
        ("https://a.de/", "https://a.de/news/x"),
        ("https://a.de/index.html", "https://a.de/news/x"),
        ("https://a.de/news/", "https://a.de/news/x"),
        ("javascript:void(0)", "https://a.de/news/x"),
        (None, "https://a.de/news/x"),
    ],
)
def test_a_canonical_link_is_followed_only_within_its_domain_and_never_to_a_front_page(
    canonical: str | None, identity: str
) -> None:
    assert identity_url("https://a.de/news/x", canonical) == identity


def test_blogs_on_one_platform_have_different_owners() -> None:
    entry = "https://a.blogspot.com/x"
    assert identity_url(entry, "https://b.blogspot.com/x") == entry


def test_on_an_address_the_port_must_agree_too() -> None:
    entry = "http://127.0.0.1:8000/x"
    assert identity_url(entry, "http://127.0.0.1:8000/y") == "http://127.0.0.1:8000/y"
    assert identity_url(entry, "http://127.0.0.1:8001/y") == entry
    assert identity_url("http://localhost:80/x", "http://localhost:81/y") == "http://localhost:80/x"


@pytest.mark.parametrize(
    ("host", "domain"),
    [("www.bbc.co.uk", "bbc.co.uk"), ("a.b.example.com", "example.com"), ("LOCALHOST", "localhost"),
     ("127.0.0.1", "127.0.0.1"), ("x.blogspot.com", "x.blogspot.com")],
)  # fmt: skip
def test_a_host_lies_under_what_somebody_registered(host: str, domain: str) -> None:
    assert registrable_domain(host) == domain


def test_google_news_hides_its_articles() -> None:
    assert is_redirector("https://news.google.com/rss/articles/CBMiX2h0?oc=5")
    assert not is_redirector("https://news.google.com/topstories")
    assert not is_redirector("https://example.com/rss/articles/1")
