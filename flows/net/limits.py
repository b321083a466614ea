"""What a fetch may cost and whom it may reach: values only, read from nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version


def _product() -> str:
    """Name ourselves as 'Duckwire/<version>'."""
    try:
        return f"Duckwire/{version('duckwire')}"
    except PackageNotFoundError:  # run from a source tree that was never installed
        return "Duckwire/0"


@dataclass(frozen=True, slots=True)
class NetSettings:
    """Every bound of the network side. Times are in seconds, sizes in bytes.

    `allow_hosts` opens what is closed by default: host names, addresses or CIDR blocks
    ('intranet.example', '10.1.2.3', '127.0.0.1/32'). A name opens whatever it resolves to; an
    address or block opens itself. An opened host may be asked on any port. With `pace_allowed`
    False, opened hosts are exempt from the pace and the per-host limit (for tests and one's own
    servers). `total_s` counts time spent on the network, not the polite wait before it.
    """

    user_agent: str = _product()
    contact: str | None = None  # a mail address or a page, told to every server asked
    connect_s: float = 10.0
    dns_s: float = 5.0
    read_s: float = 30.0
    total_s: float = 60.0
    max_body: int = 10_000_000  # after decompression; the compressed bytes have the same bound
    max_header_bytes: int = 65_536
    max_redirects: int = 10
    max_url: int = 8_192
    per_host: int = 2
    pace_s: float = 1.0
    connections: int = 100
    allow_hosts: tuple[str, ...] = ()
    allow_ports: tuple[int, ...] = (80, 443, 8080, 8443)
    pace_allowed: bool = True
    robots: bool = True
    max_crawl_delay_s: float = 60.0  # a longer Crawl-delay counts as this much
    ca_file: str | None = None  # certificates trusted besides the public ones

    @property
    def identity(self) -> str:
        """Return the User-Agent header: the product, and how to reach its user when known."""
        if not self.contact:
            return self.user_agent
        shown = "".join(
            c for c in self.contact if c.isascii() and c.isprintable() and c not in "()"
        )
        return f"{self.user_agent} (+{shown.strip()})" if shown.strip() else self.user_agent

    @property
    def robot(self) -> str:
        """Return the product token that robots.txt rules are matched against."""
        return self.user_agent.partition("/")[0]
