"""`duckwire serve`: one process owns the warehouse's file and answers a team over Quack."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from extractors.errors import UsageError
from flows.clock import utc_now
from flows.commands import show
from flows.commands.options import Data
from flows.settings import Settings, load_settings
from storage.targets.naming import DEFAULT_PORT
from storage.targets.serving import Listening
from storage.targets.serving import serve as serve_file
from storage.warehouse import Warehouse

_KEPT_IN = "quack.token"


def serve(
    data: Data = None,
    listen: Annotated[
        str, typer.Option("--listen", help="Host and port.")
    ] = f"127.0.0.1:{DEFAULT_PORT}",
    anywhere: Annotated[
        bool,
        typer.Option("--anywhere", help="Allow an address that other machines reach; see README."),
    ] = False,
) -> None:
    """Serve the warehouse to runs and analysts at the same time, until Ctrl-C or SIGTERM."""
    settings = load_settings(data=data)
    if settings.warehouse and settings.warehouse.get_secret_value() != "file":
        raise UsageError(
            "`duckwire serve` serves a file", remedy="unset DUCKWIRE_WAREHOUSE for this process"
        )
    host, port = _address(listen)
    listening = Listening(host, port, anywhere=anywhere)
    token, where = _token(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    serve_file(
        Warehouse(settings.data).path,
        listening,
        token,
        now=utc_now(),
        stop=stop,
        ready=lambda: _say(listening, where),
        wait_s=settings.lock_wait_s,
    )
    show.line("stopped; everything is in the file")


def _address(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"--listen {listen} is no address", remedy="give it as 127.0.0.1:9494")
    return host, int(port)


def _token(settings: Settings) -> tuple[str, str]:
    """The token, and in words where it is; without a setting one is made and kept in a file."""
    if settings.quack_token:
        named = os.environ.get("DUCKWIRE_QUACK_KEPT_IN")
        return settings.quack_token.get_secret_value(), named or "DUCKWIRE_QUACK_TOKEN"
    path = settings.data / _KEPT_IN
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as made:  # noqa: PTH123
            made.write(secrets.token_urlsafe(32) + "\n")
    return path.read_text("utf-8").strip(), str(path)


def _say(listening: Listening, where: str) -> None:
    show.line(f"serving {listening.uri} (token: {where})")
    show.line("runs and `duckwire sql`, here or elsewhere:")
    show.line(f"  export DUCKWIRE_WAREHOUSE={listening.uri}")
    if Path(where).is_absolute():
        show.line(f"  export DUCKWIRE_QUACK_KEPT_IN={where}")
    for line in analysts_lines(listening.uri, where):
        show.line(line)


def analysts_lines(uri: str, where: str) -> list[str]:
    """How to ask from DuckDB's own shell and from Python; the token itself is never shown.

    `where` is the file that holds the token, or the name of the environment's variable.
    """
    in_file = "/" in where
    shell = f"$(cat {where})" if in_file else f"${where}"
    python = f"open({where!r}).read().strip()" if in_file else f"os.environ[{where!r}]"
    attach = f"ATTACH '{uri}' AS news (READ_ONLY); USE news"
    return [
        "analysts, with DuckDB 1.5.5:",
        f"""  duckdb -cmd "CREATE SECRET (TYPE quack, TOKEN '{shell}'); {attach}\"""",
        "  python (with duckdb and pytz):",
        "    import duckdb, os; desk = duckdb.connect()",
        f"    desk.execute(f\"CREATE SECRET (TYPE quack, TOKEN '{{{python}}}')\")",
        f"    desk.execute(\"{attach}\"); desk.sql('FROM summit_articles').show()",
        "joins and search() run on the server:",
        "  FROM quack_query_by_name('news', $$ FROM search('satellite') $$)",
    ]
