"""Opening connections ourselves, so that the address checked is the address connected to.

The host name is resolved once, its addresses are judged, and the socket goes to one of those
that passed: a second look-up that DNS rebinding could answer differently never happens.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import itertools
import select
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import Any

import anyio
import certifi
import httpcore

from flows.net.addresses import choose_addresses
from flows.net.limits import NetSettings
from flows.net.wire import under_way

Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]

_STAGGER_S = 0.25  # RFC 8305: how long one address may try before the next one starts
_ADDRESSES = 6  # of one host that are tried
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


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects for httpcore: resolve, judge, connect to the judged address.

    `resolve` and `connector` are the two seams that tests replace; `connector` is only ever
    given plain IP addresses.
    """

    def __init__(
        self,
        settings: NetSettings,
        *,
        resolve: Resolve | None = None,
        connector: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._settings = settings
        self._resolve = resolve or SystemResolver()
        self._connector = connector or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a host's first reachable permitted address.

        Raises DnsError, RefusedError, httpcore.ConnectError or httpcore.ConnectTimeout.
        """
        del local_address, socket_options
        limit = self._settings.connect_s if timeout is None else timeout
        resolved = await self._addresses(host, port, limit)
        kept, said = choose_addresses(host, resolved, self._settings)
        if not kept:
            raise RefusedError(said or f"{host} has no address")
        try:
            stream = await self._first_of(_alternate(kept)[:_ADDRESSES], port, limit)
        except httpcore.ConnectError as exc:
            raise httpcore.ConnectError(_connect_words(exc)) from exc
        return _GuardedStream(stream)

    async def sleep(self, seconds: float) -> None:
        """Wait; httpcore asks for it between its own retries, which are off."""
        await anyio.sleep(seconds)

    async def _addresses(self, host: str, port: int, limit: float) -> tuple[str, ...]:
        try:
            return (str(ipaddress.ip_address(host)),)
        except ValueError:
            pass
        bound = min(limit, self._settings.dns_s)
        try:
            with anyio.fail_after(bound):
                return await self._resolve(host, port)
        except TimeoutError as exc:
            raise DnsError(f"{host}: the name was not resolved within {bound:g} s") from exc
        except (OSError, UnicodeError) as exc:
            words = exc.strerror if isinstance(exc, OSError) else None
            raise DnsError(f"{host}: {words or 'the name cannot be resolved'}") from exc

    async def _first_of(
        self, addresses: tuple[str, ...], port: int, limit: float
    ) -> httpcore.AsyncNetworkStream:
        """Try addresses in order, each a moment after the one before; the first to answer wins."""
        if len(addresses) == 1:
            return await self._connector.connect_tcp(addresses[0], port, timeout=limit)
        won: list[httpcore.AsyncNetworkStream] = []
        errors: list[Exception] = []

        async def attempt(address: str, failed: anyio.Event) -> None:
            try:
                stream = await self._connector.connect_tcp(address, port, timeout=limit)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                errors.append(exc)
                failed.set()
                return
            won.append(stream)
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
            with anyio.CancelScope(shield=True):
                for loser in won[1:] if kept else won:
                    await loser.aclose()
        if not won:
            raise errors[0]
        return won[0]


class _GuardedStream(httpcore.AsyncNetworkStream):
    """A connection that tells a TLS failure from one of the network, and counts what it reads."""

    def __init__(self, inner: httpcore.AsyncNetworkStream) -> None:
        self._inner = inner
        self._socket: Any = inner.get_extra_info("socket")

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = await self._inner.read(max_bytes, timeout)
        wire = under_way.get()
        if wire is not None:
            wire.took(len(data))
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _GuardedStream(
                await self._inner.start_tls(ssl_context, server_hostname, timeout)
            )
        except httpcore.ConnectError as exc:
            raise TlsError(_tls_words(exc)) from exc

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._socket is not None:
            return _readable(self._socket)  # asked before each request; below it costs five times
        return self._inner.get_extra_info(info)


def _readable(connection: Any) -> bool:
    """Whether something has come, or the end; a closed one is at its end."""
    if connection.fileno() < 0:
        return True
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


@lru_cache(maxsize=4)
def ssl_context(ca_file: str | None) -> ssl.SSLContext:
    """Trust the system's certificates, the public bundle, and `ca_file` when it is set.

    Reading the bundles takes some 30 ms, so that clients with the same settings share a context.
    """
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())  # a slim machine has no store of its own
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _alternate(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Alternate the two families, beginning with the one preferred, so that neither blocks."""
    first_is_v6 = ":" in addresses[0]
    preferred = [a for a in addresses if (":" in a) == first_is_v6]
    others = [a for a in addresses if (":" in a) != first_is_v6]
    pairs = itertools.zip_longest(preferred, others)
    return tuple(a for pair in pairs for a in pair if a is not None)


def _tls_words(exc: BaseException) -> str:
    cause = exc.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return f"no encrypted connection: {cause.reason.replace('_', ' ').lower()}"
    return "no encrypted connection: it broke off"


def _connect_words(exc: BaseException) -> str:
    """Say in plain words why a connection was not made, out of the chain of its causes."""
    known = {
        errno.ECONNREFUSED: "the connection was refused",
        errno.ENETUNREACH: "there is no way to that network",
        errno.EHOSTUNREACH: "there is no way to that host",
        errno.ECONNRESET: "the connection was cut while it was made",
    }
    seen: BaseException | None = exc
    for _ in range(8):
        if seen is None:
            break
        if isinstance(seen, OSError) and seen.errno in known:
            return known[seen.errno]
        seen = seen.__cause__ or seen.__context__
    return "no connection could be made"
