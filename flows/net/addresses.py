"""Whom nobody may reach: the decision about an address and about a URL. Pure, no look-ups.

The ranges are those of the IANA special-purpose registries (RFC 6890 and its updates) and the
well-known addresses of cloud platforms. IPv6 is closed unless it is global unicast.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache

import httpx

from extractors.records import Reason
from flows.net.limits import NetSettings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_CLOSED: tuple[tuple[Network, str], ...] = tuple(
    (ipaddress.ip_network(block), words)
    for block, words in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a carrier's shared network"),
        ("127.0.0.0/8", "this machine itself"),
        ("168.63.129.16/32", "a cloud platform's own service"),
        ("169.254.0.0/16", "link-local, where cloud metadata lives"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "reserved for documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "reserved for measurements"),
        ("198.51.100.0/24", "reserved for documentation"),
        ("203.0.113.0/24", "reserved for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "this network"),
        ("::1/128", "this machine itself"),
        ("::ffff:0:0/96", "an IPv4 address mapped into IPv6"),
        ("::/96", "an IPv4-compatible IPv6 address"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind a local NAT64"),
        ("100::/64", "a black hole"),
        ("2001::/32", "a Teredo tunnel"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "reserved for documentation"),
        ("2002::/16", "a 6to4 tunnel"),
        ("3fff::/20", "reserved for documentation"),
        ("5f00::/16", "reserved for segment routing"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "a private network"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_AUTHORITY = re.compile(r"^[a-zA-Z][a-zA-Z0-9+.-]*://([^/?#]*)")
_HOST = re.compile(
    r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*"
)
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+", re.I)
_PLAIN_IPV4 = re.compile(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}")

# What needs no parser to be read: lower case, nothing to escape or to resolve, as most addresses.
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_PLAIN_URL = re.compile(
    rf"(https?)://((?:[a-z0-9][a-z0-9-]*\.)+[a-z][a-z0-9-]*|{_OCTET}(?:\.{_OCTET}){{3}})"
    r"(?::([1-9][0-9]{0,3}|[1-5][0-9]{4}))?"
    r"((?:/(?:[A-Za-z0-9_~!$&()*+,;=:@-][A-Za-z0-9_~!$&()*+,;=:@.-]*)?)*"
    r"(?:\?[A-Za-z0-9_~!$&()*+,;=:@./?-]*)?)"
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a URL is not asked: `reason` is bad_url or address, `detail` one plain line."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be asked, in the one reading that both the check and the connection use.

    `host` is lower case ASCII without trailing dot or brackets, `path` the request target, `url`
    the whole again, without credentials or fragment.
    """

    scheme: str
    host: str
    port: int
    path: bytes
    url: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Return what robots.txt speaks for."""
        return self.scheme, self.host, self.port


def refuse_address(ip: str | Address) -> str | None:
    """Say why an IP address may not be reached by default, in words; None when it may.

    A string that is no address at all is refused too.
    """
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "not an IP address"
    if getattr(address, "scope_id", None):
        return "link-local"
    for network, words in _CLOSED:
        if address.version == network.version and address in network:
            return words
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return "reserved"
    return None


@lru_cache(maxsize=64)
def _opened(allow_hosts: tuple[str, ...]) -> tuple[frozenset[str], tuple[Network, ...]]:
    """Split an allow-list into names and networks."""
    names, networks = set(), []
    for entry in allow_hosts:
        text = entry.strip().strip("[]").rstrip(".").lower()
        try:
            networks.append(ipaddress.ip_network(text, strict=False))
        except ValueError:
            names.add(text)
    return frozenset(names), tuple(networks)


def open_address(ip: str | Address, settings: NetSettings) -> bool:
    """Tell whether the allow-list opens this address by itself or by its block."""
    return _is_open(str(ip), settings.allow_hosts)


# Each request asks several times, always for the same few hosts.
@lru_cache(maxsize=4096)
def _is_open(ip: str, allow_hosts: tuple[str, ...]) -> bool:
    networks = _opened(allow_hosts)[1]
    if not networks:
        return False
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return False
    return any(address.version == net.version and address in net for net in networks)


def open_host(host: str, settings: NetSettings) -> bool:
    """Tell whether the allow-list opens this host, given as a name or as a plain address.

    'localhost' is open when 127.0.0.1 or ::1 is.
    """
    if host in _opened(settings.allow_hosts)[0] or open_address(host, settings):
        return True
    return _is_localhost(host) and any(open_address(ip, settings) for ip in ("127.0.0.1", "::1"))


def choose_addresses(
    host: str, resolved: tuple[str, ...], settings: NetSettings
) -> tuple[tuple[str, ...], str]:
    """Keep the addresses of a DNS answer that may be reached.

    Returns them in the order given, and what to say about the ones that may not ('' when none).
    """
    if host in _opened(settings.allow_hosts)[0]:
        return resolved, ""
    kept, said = [], ""
    for ip in resolved:
        words = None if open_address(ip, settings) else refuse_address(ip)
        if words is None:
            kept.append(ip)
        else:
            said = said or f"{host} leads to {ip}: {words}"
    return tuple(kept), said


def redact(url: str) -> str:
    """Return the URL without user name and password, fit to log and to store."""
    match = _AUTHORITY.match(url)
    if match is None or "@" not in match[1]:
        return url
    start = match.start(1)
    return url[:start] + match[1].rpartition("@")[2] + url[match.end(1) :]


def refuse_url(url: str, settings: NetSettings) -> str | None:
    """Say why a URL may not be asked, as far as can be told without a look-up; None when it may."""
    read = read_url(url, settings)
    return read.detail if isinstance(read, Refusal) else None


def read_url(url: str, settings: NetSettings) -> Target | Refusal:
    """Read a URL and decide on it: scheme, form, credentials, host, port, literal address.

    Never raises. The host name's addresses are judged later, on the ones really connected to.
    """
    text = url.strip()
    parts = _plain_parts(text, settings) or _parts(text, settings)
    if isinstance(parts, Refusal):
        return parts
    scheme, host, port, path = parts
    usual = 443 if scheme == "https" else 80
    refusal = _refuse_host(host, settings)
    if refusal is not None:
        return refusal
    if not 0 < port < 65_536 or (
        port not in settings.allow_ports and not open_host(host, settings)
    ):
        return _bad(f"port {port} is not one that is asked")
    shown = f"[{host}]" if ":" in host else host
    netloc = shown if port == usual else f"{shown}:{port}"
    return Target(
        scheme=scheme,
        host=host,
        port=port,
        path=path.encode("ascii"),
        url=f"{scheme}://{netloc}{path}",
    )


def _plain_parts(text: str, settings: NetSettings) -> tuple[str, str, int, str] | None:
    """Take a plain URL apart as `_parts` would; None when it is not plain."""
    match = _PLAIN_URL.fullmatch(text)
    if match is None or len(text) > settings.max_url:
        return None
    scheme, host, port, path = match.groups()
    number = int(port) if port else 443 if scheme == "https" else 80
    return scheme, host, number, path if path.startswith("/") else f"/{path}"


def _parts(text: str, settings: NetSettings) -> tuple[str, str, int, str] | Refusal:
    """Take a URL apart: scheme, host, port, path with its query."""
    form = _refuse_form(text, settings)
    if form is not None:
        return _bad(form)
    try:
        parsed = httpx.URL(text)
        host = parsed.raw_host.decode("ascii").lower().removesuffix(".")
        usual = 443 if parsed.scheme == "https" else 80
        path = (parsed.raw_path or b"/").decode("ascii")
        return parsed.scheme, host, usual if parsed.port is None else parsed.port, path
    except (httpx.InvalidURL, ValueError) as exc:
        return _bad(f"not a well-formed address: {str(exc)[:120]}")


def _bad(detail: str) -> Refusal:
    return Refusal(Reason.BAD_URL, detail)


def _refuse_form(text: str, settings: NetSettings) -> str | None:
    """Judge the URL as text, before any parser gets to interpret it."""
    match = _AUTHORITY.match(text)
    authority = match[1] if match is not None else ""
    faults = (
        (not text, "no address given"),
        (len(text) > settings.max_url, f"an address of over {settings.max_url:,} characters"),
        (_CONTROL.search(text), "control characters in the address"),
        (text.partition(":")[0].lower() not in ("http", "https"), "neither http nor https"),
        (not authority, "no host in the address"),
        ("@" in authority, "a user name or password in the address"),
        (any(c in authority for c in '\\% "<>^`{|}'), "a host that is not a host name"),
    )
    return next((words for found, words in faults if found), None)


def _refuse_host(host: str, settings: NetSettings) -> Refusal | None:
    """Judge the host: its spelling, and the address when it is one."""
    if ":" in host:
        return _refuse_literal(host, settings)
    if len(host) > 253 or not _HOST.fullmatch(host):
        return _bad("a host that is not a host name")
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        if _PLAIN_IPV4.fullmatch(host):
            return _refuse_literal(host, settings)
        return _refuse_disguise(host)
    if _is_localhost(host) and not open_host(host, settings):
        return Refusal(Reason.ADDRESS, f"{host}: this machine itself")
    return None


def _refuse_literal(host: str, settings: NetSettings) -> Refusal | None:
    """Judge an address written as the host."""
    if open_address(host, settings):
        return None
    words = refuse_address(host)
    return None if words is None else Refusal(Reason.ADDRESS, f"{host}: {words}")


def _refuse_disguise(host: str) -> Refusal:
    """Refuse decimal, octal, hexadecimal and short spellings of IPv4, saying what hides there."""
    hidden = _inet_aton(host)
    words = refuse_address(hidden) if hidden is not None else None
    if words is not None:
        return Refusal(Reason.ADDRESS, f"{host} is {hidden}: {words}")
    return _bad("an address in a spelling nobody uses openly")


def _inet_aton(host: str) -> ipaddress.IPv4Address | None:
    """Read IPv4 the way the C library does: one to four parts, each decimal, octal or hex."""
    parts = host.split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        numbers = [_c_number(part) for part in parts]
    except ValueError:
        return None
    last_bits = 8 * (5 - len(numbers))
    if any(n > 255 for n in numbers[:-1]) or numbers[-1] >= 1 << last_bits:
        return None
    value = numbers[-1]
    for place, number in enumerate(numbers[:-1]):
        value |= number << (24 - 8 * place)
    return ipaddress.IPv4Address(value)


def _c_number(part: str) -> int:
    if len(part) > 40:
        raise ValueError
    if part[:2].lower() == "0x":
        return int(part[2:] or "0", 16)
    return int(part, 8) if part.startswith("0") else int(part)


def _is_localhost(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")
