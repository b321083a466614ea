"""Opening connections ourselves, so that the address checked is the address connected to.

The host name is resolved once, its addresses are judged, and the socket goes to one of those
that passed: a second look-up that DNS rebinding could answer differently never happens.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import itertools
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Protocol

import anyio
import certifi
import httpcore

from flows.net.addresses import choose_addresses
from flows.net.limits import NetSettings

Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]
Connector = Callable[[str, int], Awaitable[socket.socket]]

_STAGGER_S = 0.25  # RFC 8305: how long one address may try before the next one starts
_ADDRESSES = 6  # of one host that are tried
_CONNECT_WORDS = {
    errno.ECONNREFUSED: "the connection was refused",
    errno.ENETUNREACH: "there is no way to that network",
    errno.EHOSTUNREACH: "there is no way to that host",
    errno.ECONNRESET: "the connection was cut while it was made",
}
_LOOKUPS = 128  # at once, those given up on included: threads that hang must not grow for ever


class RefusedError(httpcore.ConnectError):
    """The host leads only to addresses that nobody may reach."""


class DnsError(httpcore.ConnectError):
    """The host name has no address, or the resolver did not answer."""


class TlsError(httpcore.ConnectError):
    """The server is there, and the encrypted connection to it cannot be trusted or set up."""


class SystemResolver:
    """The operating system's resolver, in daemon threads of its own.

    The loop's default executor would do, but it is joined at the end, and a look-up that hangs
    would keep the whole process from ending.
    """

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_LOOKUPS)

    async def __call__(self, host: str, port: int) -> tuple[str, ...]:
        """Return the host's addresses in the system's order of preference; raises OSError."""
        await self._slots.acquire()
        loop = asyncio.get_running_loop()
        found: asyncio.Future[tuple[str, ...]] = loop.create_future()

        def settle(addresses: tuple[str, ...], error: Exception | None) -> None:
            self._slots.release()  # only now: a look-up given up on still holds its thread
            if found.done():
                return
            if error is None:
                found.set_result(addresses)
            else:
                found.set_exception(error)

        def look_up() -> None:
            try:
                infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
                outcome: tuple[tuple[str, ...], Exception | None] = (
                    tuple(dict.fromkeys(str(info[4][0]) for info in infos)),
                    None,
                )
            except (OSError, UnicodeError) as exc:
                outcome = ((), exc)
            try:
                loop.call_soon_threadsafe(settle, *outcome)
            except RuntimeError:  # the run is over and its loop closed
                return

        try:
            threading.Thread(target=look_up, name="resolve", daemon=True).start()
        except RuntimeError as exc:
            self._slots.release()
            raise OSError("no thread left to resolve names in") from exc
        return await found


class Backend(Protocol):
    """Whatever opens connections: `GuardedBackend`."""

    async def connect(self, host: str, port: int) -> socket.socket:
        """See `GuardedBackend.connect`."""
        ...


async def connect_address(address: str, port: int) -> socket.socket:
    """Connect to a plain IP address; raises OSError."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except BaseException:
        connection.close()
        raise
    return connection


class GuardedBackend:
    """Opens connections: resolve, judge, connect to the judged address.

    `resolve` and `connector` are the two seams that tests replace; `connector` is only ever
    given plain IP addresses.
    """

    def __init__(
        self,
        settings: NetSettings,
        *,
        resolve: Resolve | None = None,
        connector: Connector = connect_address,
    ) -> None:
        self._settings = settings
        self._resolve = resolve or SystemResolver()
        self._connector = connector

    async def connect(self, host: str, port: int) -> socket.socket:
        """Connect to a host's first reachable permitted address.

        Raises DnsError, RefusedError, httpcore.ConnectError or httpcore.ConnectTimeout.
        """
        kept, said = choose_addresses(host, await self._addresses(host, port), self._settings)
        if not kept:
            raise RefusedError(said or f"{host} has no address")
        return await self._first_of(_alternate(kept)[:_ADDRESSES], port)

    async def _addresses(self, host: str, port: int) -> tuple[str, ...]:
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            pass
        bound = min(self._settings.connect_s, self._settings.dns_s)
        try:
            async with asyncio.timeout(bound):
                return await self._resolve(host, port)
        except TimeoutError as exc:
            raise DnsError(f"{host}: the name was not resolved within {bound:g} s") from exc
        except (OSError, UnicodeError) as exc:
            words = exc.strerror if isinstance(exc, OSError) else None
            raise DnsError(f"{host}: {words or 'the name cannot be resolved'}") from exc

    async def _first_of(self, addresses: tuple[str, ...], port: int) -> socket.socket:
        """Try addresses in order, each a moment after the one before; the first to answer wins."""
        if len(addresses) == 1:
            return await self._attempt(addresses[0], port)
        won: list[socket.socket] = []
        errors: list[Exception] = []

        async def attempt(address: str, failed: anyio.Event) -> None:
            try:
                connection = await self._attempt(address, port)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                errors.append(exc)
                failed.set()
                return
            won.append(connection)
            race.cancel_scope.cancel()

        kept = False
        try:
            async with anyio.create_task_group() as race:
                for address in addresses:
                    failed = anyio.Event()
                    race.start_soon(attempt, address, failed)
                    with anyio.move_on_after(_STAGGER_S):
                        await failed.wait()
            kept = True
        finally:  # two may have won at once, or the request was given up meanwhile
            for loser in won[1:] if kept else won:
                loser.close()
        if not won:
            raise errors[0]
        return won[0]

    async def _attempt(self, address: str, port: int) -> socket.socket:
        try:
            async with asyncio.timeout(self._settings.connect_s):
                return await self._connector(address, port)
        except TimeoutError as exc:
            raise httpcore.ConnectTimeout from exc
        except OSError as exc:
            words = _CONNECT_WORDS.get(exc.errno or 0, "no connection could be made")
            raise httpcore.ConnectError(words) from exc


@lru_cache(maxsize=4)
def ssl_context(ca_file: str | None) -> ssl.SSLContext:
    """Trust the system's certificates, the public bundle, and `ca_file` when it is set.

    Reading the bundles takes some 30 ms, so that clients with the same settings share a context.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())  # a slim machine has no store of its own
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


def _alternate(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Alternate the two families, beginning with the one preferred, so that neither blocks."""
    first_is_v6 = ":" in addresses[0]
    preferred = [a for a in addresses if (":" in a) == first_is_v6]
    others = [a for a in addresses if (":" in a) != first_is_v6]
    pairs = itertools.zip_longest(preferred, others)
    return tuple(a for pair in pairs for a in pair if a is not None)


def tls_words(exc: Exception) -> str:
    """Say in plain words why TLS was not set up."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {exc.verify_message}"
    if isinstance(exc, ssl.SSLError) and exc.reason:
        return f"no encrypted connection: {exc.reason.replace('_', ' ').lower()}"
    return "no encrypted connection: it broke off"
