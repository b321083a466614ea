"""Addresses: repaired, cleaned of what does not name the page, and compared by their owner."""

from __future__ import annotations

import ipaddress
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qs, quote, unquote, urljoin, urlsplit

import idna

if TYPE_CHECKING:
    from tldextract import TLDExtract

_LONGEST = 4096
_DEFAULT_PORTS = {"http": 80, "https": 443}

_SPACE = re.compile(r"[\t\r\n]+")
_CONTROL = re.compile(r"[\x00-\x1f]")
_AMPERSANDS = re.compile(r"&(?:amp;|#38;|#0*38;|#x0*26;)+", re.IGNORECASE)
_SCHEME = re.compile(r"^[a-z][a-z0-9+.\-]*:(?!\d+(?:/|$))", re.IGNORECASE)
_WEB_SCHEME = re.compile(r"^(https?):?[/\\]*", re.IGNORECASE)
_DOUBLE_SCHEME = re.compile(r"^https?:/{1,2}(?=https?:?/{1,2})", re.IGNORECASE)
_HOSTLIKE = re.compile(r"^[^\s/?#@:]+\.[^\s/?#@:.]{2,}(?::\d+)?(?=[/?#]|$)")
_HOST = re.compile(r"^[a-z0-9_](?:[a-z0-9_.\-]*[a-z0-9_])?$")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
_SAFE_PATH = "/%:@!$&'()*+,;=~-._"
_SAFE_QUERY = _SAFE_PATH + "?"

# Parameters that say where a reader came from, never what the page is.
_TRACKING_NAMES = """
fbclid gclid gclsrc dclid gbraid wbraid msclkid yclid ysclid twclid ttclid igshid igsh
li_fat_id mc_cid mc_eid mkt_tok _hsenc _hsmi vero_id oly_anon_id oly_enc_id rb_clickid s_cid
wickedid _openstat _ga _gl _gid _ke cmpid cmp campaign_id ocid ftag ito xtor spm smid smtyp
sref share_id ncid nsid wt_mc wt_zmc wt.mc_id wt.mc mtm_source mtm_medium mtm_campaign
pk_campaign pk_kwd pk_source pk_medium piwik_campaign piwik_kwd hss_channel
__twitter_impression __tn__ feedtype guccounter guce_referrer guce_referrer_sig soc_src
soc_trk taid traffic_source rss_id echobox at_medium at_campaign at_link_id at_link_type
at_link_origin at_format at_ptr_name at_bbc_team partner_code srnd syndication-feed maca amp
outputtype
"""
_TRACKING = frozenset(_TRACKING_NAMES.split())
_TRACKING_PREFIXES = ("utm_", "utm-", "at_custom", "mtm_", "pk_", "ns_", "hsa_", "ga_", "fb_action")
# Only with these values do the parameters mean "came from a feed or a share button".
_TRACKING_PAIRS = frozenset(
    {
        ("ref", "rss"), ("source", "rss"), ("from", "rss"), ("src", "rss"), ("rss", "1"),
        ("rss", "yes"), ("ref", "share"), ("via", "rss"), ("partner", "rss"), ("feature", "share"),
        ("emc", "rss"), ("mod", "rss"), ("cid", "rss"), ("output", "amp"), ("view", "amp"),
    }
)  # fmt: skip

_AMP_CACHE = re.compile(r"^/[a-z](?:/s)?/(?P<rest>[^/]+\..+)$")
_FRONT = re.compile(r"^/?(?:index|default|home|main)?(?:\.(?:html?|php|aspx?|jsp|shtml))?/?$", re.I)
_GOOGLE_NEWS = re.compile(
    r"^/(?:rss/|__i/rss/rd/)?(?:articles|read|stories)/|^/rss/articles|^/news/"
)
# One slash too many or too few is repaired later: the login is to be gone by then.
_LOGIN = re.compile(r"((?:https?:[/\\]*|[a-z][a-z0-9+.-]*://|//))[^/?#\\]*@", re.IGNORECASE)


def clean_url(url: str, base: str | None = None) -> str | None:
    """Return the address of a page as it is kept, or None when nobody could fetch it.

    Absolute (resolved against `base` if need be), http or https, host in lower-case Punycode
    (IDNA 2008 with UTS 46), no default port, fragment, credentials or tracking parameters,
    escapes normalised (RFC 3986, section 6.2.2), the order of the query kept. Entity-encoded
    ampersands, missing schemes and slashes, doubled schemes and stray spaces are repaired; links
    that wrap another one (AMP caches, Google and Facebook exits) give the inner one.
    """
    try:
        return _clean(url, base, depth=0)
    except (ValueError, UnicodeError):
        return None


def without_login(url: str) -> str:
    """Return a URL, or what may be one, without the user name and password in it: secrets."""
    match = _LOGIN.match(url)
    return url if match is None else match[1] + url[match.end() :]


def registrable_domain(host: str) -> str:
    """Return the domain somebody registered that `host` lies under, lower case and Punycode.

    An IP address, localhost, a bare suffix or a name without a dot stands for itself.
    """
    return _registrable(host.lower().strip("[]").rstrip("."))


def identity_url(entry_url: str, canonical: str | None) -> str:
    """Return the address that names the article met at `entry_url` (a cleaned URL).

    The page's rel=canonical is followed only within the registrable domain (on an IP address or
    localhost: the same host and port), never to a front page and never up to a bare section.
    """
    target = clean_url(canonical, entry_url) if canonical else None
    if target is None or target == entry_url:
        return entry_url
    here, there = urlsplit(entry_url), urlsplit(target)
    if not _same_owner(here, there) or _front_page(there):
        return entry_url
    if _bare_section(there) and here.path.startswith(there.path.rstrip("/") + "/"):
        return entry_url
    return target


def is_redirector(url: str) -> bool:
    """Say whether the address stands for an article it does not name, behind a script.

    Such links (Google News and the like) cannot be resolved by following redirects.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    host = (parts.hostname or "").removeprefix("www.")
    if host.startswith("news.google."):
        return bool(_GOOGLE_NEWS.match(parts.path))
    if re.fullmatch(r"google\.(?:com?\.)?[a-z]{2,3}", host):
        return parts.path in ("/url", "/alerts/url")
    return host in ("apple.news", "news.url.google.com", "feedproxy.google.com")


def _clean(url: str, base: str | None, depth: int) -> str | None:
    text = _repair(url, base)
    if text is None:
        return None
    parts = urlsplit(text)
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS:
        return None
    host = _host(parts.hostname or "")
    if host is None:
        return None
    path = _path(parts.path)
    inner = _wrapped(host, path, parts.query) if depth < 3 else None
    if inner:
        return _clean(inner, None, depth + 1)
    port = parts.port
    if port == 0:
        return None
    netloc = host if port in (None, _DEFAULT_PORTS[scheme]) else f"{host}:{port}"
    query = _query(parts.query)
    return f"{scheme}://{netloc}{path}" + (f"?{query}" if query else "")


def _repair(url: str, base: str | None) -> str | None:
    text = _AMPERSANDS.sub("&", _SPACE.sub("", url.strip(" \t\r\n\f\v\"'<>\u200b\ufeff")))
    if not text or len(text) > _LONGEST or _CONTROL.search(text):
        return None
    text = _DOUBLE_SCHEME.sub("", text)
    match = _WEB_SCHEME.match(text)
    if match and match.end() > len(match[1]) and (base is None or match[0][-1] in "/\\"):
        return f"{match[1].lower()}://{text[match.end() :].replace(chr(92), '/')}"
    if _SCHEME.match(text):
        return text if text[:4].lower() == "http" else None
    return _with_scheme(text, base)


def _with_scheme(text: str, base: str | None) -> str | None:
    scheme = "http" if base and base[:5].lower() == "http:" else "https"
    if text.startswith("//"):
        return f"{scheme}:{text}"
    if text[:4].lower() == "www." or _names_host(text, base):
        return f"{scheme}://{text}"
    return urljoin(base, text) if base else None


def _names_host(text: str, base: str | None) -> bool:
    """Say whether a scheme-less `text` begins with a host rather than a path.

    Against a base it could be either; it is a host only when it has the base's own owner.
    """
    match = _HOSTLIKE.match(text)
    if not match:
        return False
    host = match[0].partition(":")[0].lower()
    if not _suffixes()(host).top_domain_under_public_suffix:
        return False
    return base is None or _registrable(host) == _registrable(urlsplit(base).hostname or "")


@lru_cache(maxsize=4096)
def _host(host: str) -> str | None:
    host = host.lower().rstrip(".")
    if ":" in host:
        try:
            return f"[{ipaddress.IPv6Address(host).compressed}]"
        except ValueError:
            return None
    if not host.isascii() or "%" in host:
        try:
            host = idna.encode(unquote(host), uts46=True).decode("ascii")
        except idna.IDNAError:
            return None
    if len(host) > 253 or ".." in host or not _HOST.match(host):
        return None
    return host if all(len(label) <= 63 for label in host.split(".")) else None


@lru_cache(maxsize=8192)
def _registrable(host: str) -> str:
    return _suffixes()(host).top_domain_under_public_suffix or host


@cache
def _suffixes() -> TLDExtract:
    """Who owns a host's name, by the snapshot in the package: offline on purpose.

    Private suffixes count, so that two blogs on one platform have two owners.
    """
    from tldextract import TLDExtract  # it imports an HTTP client, and most hosts are not asked of

    return TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)


def _escape(text: str, safe: str) -> str:
    if "%" in text:
        text = _ESCAPE.sub(_unescape_unreserved, _STRAY_PERCENT.sub("%25", text))
    return quote(text, safe=safe)


def _unescape_unreserved(match: re.Match[str]) -> str:
    char = chr(int(match[1], 16))
    return char if char in _UNRESERVED else match[0].upper()


def _path(path: str) -> str:
    path = _escape(path.replace("\\", "/"), _SAFE_PATH) or "/"
    if "/." in path:
        path = _without_dots(path)
    # '/story/amp/' belongs to '/story/', '/story/amp' to '/story'.
    if path.endswith(("/amp", "/amp/")) and path.count("/") > 1 + path.endswith("/"):
        path = path.removesuffix("amp/").removesuffix("/amp")
    return path


def _without_dots(path: str) -> str:
    """Remove dot segments (RFC 3986, section 5.2.4) from an absolute path."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for place, segment in enumerate(segments):
        if segment == ".." and kept:
            kept.pop()
        if segment not in (".", ".."):
            kept.append(segment)
        elif place == len(segments) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def _query(query: str) -> str:
    if not query:
        return ""
    kept = (pair for pair in query.split("&") if pair and not _tracks(pair))
    return _escape("&".join(kept), _SAFE_QUERY)


def _tracks(pair: str) -> bool:
    name, _, value = pair.lower().partition("=")
    if name in ("amp", "outputtype"):
        return value in ("", "1", "amp", "true")
    return (
        name in _TRACKING
        or name.startswith(_TRACKING_PREFIXES)
        or (name, value.rstrip("/")) in _TRACKING_PAIRS
    )


def _wrapped(host: str, path: str, query: str) -> str | None:
    """Return the address inside a link that only wraps it, or None."""
    if host.endswith(".cdn.ampproject.org"):
        match = _AMP_CACHE.match(path)
        return f"https://{match['rest']}" + (f"?{query}" if query else "") if match else None
    owner = host.removeprefix("www.")
    if owner.startswith("google.") and path.startswith("/amp/"):
        return "https://" + path.removeprefix("/amp/").removeprefix("s/")
    names = {"/url": ("q", "url"), "/l.php": ("u",), "/news/apiclick.aspx": ("url",)}.get(path)
    if names and owner.split(".")[0] in ("google", "bing", "l", "lm"):
        values = parse_qs(query)
        found = next((values[name][0] for name in names if name in values), "")
        return found if found.lower().startswith(("http://", "https://")) else None
    return None


def _same_owner(here: SplitResult, there: SplitResult) -> bool:
    first, second = here.hostname or "", there.hostname or ""
    if first == second and here.port == there.port:
        return True
    if "." not in first or _is_address(first) or _is_address(second):
        return False
    return _registrable(first) == _registrable(second)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _front_page(parts: SplitResult) -> bool:
    return not parts.query and bool(_FRONT.match(parts.path))


def _bare_section(parts: SplitResult) -> bool:
    path = parts.path.strip("/")
    return not parts.query and "/" not in path and not re.search(r"\d|-|\.", path)
