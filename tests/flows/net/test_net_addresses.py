"""The decision about addresses and URLs, tested as a decision: nothing is ever connected to."""

from __future__ import annotations

import ipaddress

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from extractors.records import Reason
from flows.net.addresses import (
    Refusal,
    Target,
    choose_addresses,
    open_host,
    read_url,
    redact,
    refuse_address,
    refuse_url,
)
from flows.net.limits import NetSettings

CLOSED = NetSettings()
LOOPBACK = NetSettings(allow_hosts=("127.0.0.1/32", "::1"))

REFUSED = {
    "0.0.0.0": "this network",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "100.64.0.1": "carrier",
    "100.100.100.200": "carrier",
    "100.127.255.255": "carrier",
    "127.0.0.1": "itself",
    "127.255.255.254": "itself",
    "168.63.129.16": "cloud",
    "169.254.169.254": "metadata",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.192": "protocols",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4",
    "192.168.1.1": "private",
    "198.18.0.1": "measurements",
    "198.19.255.255": "measurements",
    "198.51.100.7": "documentation",
    "203.0.113.7": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "this network",
    "::1": "itself",
    "::7f00:1": "IPv4-compatible",
    "::8.8.8.8": "IPv4-compatible",
    "::ffff:127.0.0.1": "mapped",
    "::ffff:8.8.8.8": "mapped",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b::8.8.8.8": "NAT64",
    "64:ff9b:1::a00:1": "NAT64",
    "100::1": "black hole",
    "2001::1": "Teredo",
    "2001:0:53aa:64c::1": "Teredo",
    "2001:20::1": "protocols",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "6to4",
    "3fff::1": "documentation",
    "5f00::1": "segment",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "febf::1": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
    "4000::1": "reserved",
    "not an address": "not an IP address",
    "": "not an IP address",
}


@pytest.mark.parametrize(("ip", "words"), REFUSED.items())
def test_an_address_of_a_special_range_is_refused_and_named(ip, words):
    assert words in (refuse_address(ip) or "allowed!")


@pytest.mark.parametrize(
    "ip",
    [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.88.98.1",
        "192.169.0.0",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700:4700::1111",
        "2a00:1450::1",
        "2001:4860:4860::8888",
        "2003::1",
    ],
)
def test_an_ordinary_address_is_allowed(ip):
    assert refuse_address(ip) is None


@given(st.ip_addresses())
def test_whatever_the_standard_library_calls_not_global_is_refused(ip):
    if not ip.is_global or ip.is_multicast or ip.is_private:
        assert refuse_address(ip) is not None


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothing_is_refused_whatever_it_is(inner):
    for template in ("::ffff:{}", "::{}", "64:ff9b::{}", "64:ff9b:1::{}"):
        assert refuse_address(template.format(inner)) is not None
    assert refuse_address(ipaddress.IPv6Address((0x2002 << 112) | (int(inner) << 80))) is not None


SPELLINGS = [
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "017700000001",
    "127.1",
    "127.0.1",
    "0x7f.1",
    "0177.0.0.1",
    "127.0.0.01",
    "127.0.0.0x1",
    "0x7f.0x0.0x0.0x1",
    "127.0.0.1.",
    "2852039166",
    "0xa9fea9fe",
    "10.1",
    "0",
    "3232235777",
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_no_spelling_hides_a_closed_address(host):
    read = read_url(f"http://{host}/", CLOSED)
    assert isinstance(read, Refusal)
    assert read.reason in (Reason.ADDRESS, Reason.BAD_URL)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_a_disguised_address_is_refused_even_where_the_plain_one_is_open(host):
    assert refuse_url(f"http://{host}/", LOOPBACK) is not None


@pytest.mark.parametrize(
    "host", ["134744072", "8.8.2056", "1.2.3.4.5", "256.1.1.1", "1.2.3.999", "0x", "99999999999"]
)
def test_a_number_that_is_no_plain_address_is_refused(host):
    assert isinstance(read_url(f"http://{host}/", CLOSED), Refusal)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "   ",
        "example.com",
        "//example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:text/html,x",
        "http:example.com",
        "http:///x",
        "http://",
        "http://?x",
        "https://user@example.com/",
        "https://user:secret@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com\\@127.0.0.1/",
        "https://127.0.0.1%2f@example.com/",
        "https://127%2e0.0.1/",
        "https://exa mple.com/",
        "https://example.com\t/",
        "https://example.com/\r\nX-Injected: yes",
        "https://example.com/\x00",
        "https://.example.com/",
        "https://example..com/",
        "https://-example.com/",
        "https://example.com../",
        "https://" + "a" * 64 + ".com/",
        "https://" + "a." * 127 + "com/",
        "https://example.com:0/",
        "https://example.com:22/",
        "https://example.com:25/",
        "https://example.com:6379/",
        "https://example.com:99999/",
        "https://example.com:-1/",
        "https://example.com:http/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://[v1.x]/",
        "https://１２７.０.０.１/",
        "https://ⓔxample.com:22/",
        "https://" + "a" * 9_000 + "/",
        "https://example.com/" + "a" * 9_000,
    ],
)
def test_a_url_of_a_form_that_is_not_asked_is_refused_in_words(url):
    words = refuse_url(url, CLOSED)
    assert words
    assert "secret" not in words
    assert "\n" not in words


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("http://example.com", "http://example.com/"),
        ("  https://EXAMPLE.com./a?b=c#d ", "https://example.com/a?b=c"),
        ("https://example.com:443/", "https://example.com/"),
        ("http://example.com:443/", "http://example.com:443/"),
        ("https://example.com:8443/x", "https://example.com:8443/x"),
        (
            "https://пример.рф/новости",
            "https://xn--e1afmkfd.xn--p1ai/%D0%BD%D0%BE%D0%B2%D0%BE%D1%81%D1%82%D0%B8",
        ),
        ("https://뉴스.example/", "https://xn--vg1b002a.example/"),
        ("https://a_b.example.com/", "https://a_b.example.com/"),
        ("https://example.com/a b?q=ü", "https://example.com/a%20b?q=%C3%BC"),
        ("https://example.com/%zz", "https://example.com/%zz"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("http://8.8.8.8/", "http://8.8.8.8/"),
        ("https://7news.example/1", "https://7news.example/1"),
    ],
)
def test_an_ordinary_url_is_read_into_what_is_asked(url, whole):
    read = read_url(url, CLOSED)
    assert isinstance(read, Target), read
    assert read.url == whole


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "a.localhost"])
def test_localhost_is_closed_until_loopback_is_opened(host):
    read = read_url(f"http://{host}/", CLOSED)
    assert isinstance(read, Refusal)
    assert read.reason is Reason.ADDRESS
    assert isinstance(read_url(f"http://{host}:1234/", LOOPBACK), Target)


def test_an_opened_host_may_be_asked_on_any_port_and_others_may_not():
    settings = NetSettings(allow_hosts=("Intranet.Example.", "10.1.0.0/16", "[::1]"))
    assert refuse_url("http://intranet.example:3000/", settings) is None
    assert refuse_url("http://10.1.2.3:9000/", settings) is None
    assert refuse_url("http://[::1]:9000/", settings) is None
    assert refuse_url("http://10.2.0.1/", settings) is not None
    assert refuse_url("http://example.com:3000/", settings) is not None
    assert refuse_url("http://sub.intranet.example:3000/", settings) is not None
    assert not open_host("::ffff:10.1.2.3", settings)


def test_only_the_permitted_addresses_of_a_dns_answer_are_kept():
    kept, said = choose_addresses("h.example", ("10.0.0.1", "8.8.8.8", "fe80::1%2"), CLOSED)
    assert kept == ("8.8.8.8",)
    assert said == "h.example leads to 10.0.0.1: a private network"


def test_a_name_on_the_allow_list_opens_what_it_resolves_to():
    settings = NetSettings(allow_hosts=("h.example",))
    assert choose_addresses("h.example", ("10.0.0.1",), settings)[0] == ("10.0.0.1",)
    assert choose_addresses("g.example", ("10.0.0.1",), settings)[0] == ()


def test_credentials_are_taken_out_of_what_is_shown():
    assert redact("https://me:pass@example.com/a?b@c") == "https://example.com/a?b@c"
    assert redact("https://a@b@example.com") == "https://example.com"
    assert redact("https://example.com/@me") == "https://example.com/@me"
    assert redact("not a url @ all") == "not a url @ all"


_HOSTISH = st.text(st.sampled_from("abx0127.:[]@%\\-_/é。１f "), max_size=30)


@given(
    st.one_of(
        st.text(max_size=60),
        _HOSTISH.map(lambda h: f"http://{h}/p"),
        st.builds("https://{}:{}".format, _HOSTISH, st.integers(-5, 70_000)),
    )
)
def test_any_text_is_either_refused_or_read_without_danger(text):
    read = read_url(text, CLOSED)
    if isinstance(read, Refusal):
        assert read.detail
        return
    assert read.scheme in ("http", "https")
    assert read.port in CLOSED.allow_ports
    assert read.url.isascii()
    assert "@" not in read.url.split("/")[2]
    # The reading is stable: what is connected to is what anybody else would read out of it.
    again = httpx.URL(read.url)
    assert again.raw_host.decode().removesuffix(".") == read.host
    assert read_url(read.url, CLOSED) == read
    try:
        literal = ipaddress.ip_address(read.host)
    except ValueError:
        return
    assert refuse_address(literal) is None


@example("http", "news.example", "", "/a/./b", "")
@given(
    st.sampled_from(["http", "https"]),
    st.lists(st.text("ab0-x1_A", min_size=1, max_size=4), min_size=1, max_size=4).map(".".join)
    | st.lists(st.integers(0, 300).map(str), min_size=4, max_size=4).map(".".join)
    | st.sampled_from(["xn--e1afmkfd.xn--p1ai", "news.example.", "8.8.8.8", "news.example"]),
    st.sampled_from(["", ":80", ":443", ":8443", ":0", ":080", ":65536", ":59999", ":99999"]),
    (
        st.lists(st.sampled_from(["a", ".", "..", ".a", "a.", "", "%41"]), max_size=4).map("/".join)
        | st.text("aZ0/.-_~!$&'()*+,;=:@%%2", max_size=12)
    ).map(lambda path: f"/{path}" if path else ""),
    st.text("aZ0/.-_~!$&'()*+,;=:@%%2?", max_size=8).map(lambda q: f"?{q}" if q else ""),
)
def test_a_plain_url_is_read_as_the_parser_would(scheme, host, port, path, query):
    url = f"{scheme}://{host}{port}{path}{query}"
    settings = NetSettings(allow_hosts=("news.example", "8.8.8.8"))
    assert read_url(url, settings) == read_url(f"{url}#", settings)  # a fragment is not plain
