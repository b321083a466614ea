"""The Prefect server of one data directory: found, or started, and gone when nobody uses it.

Every process that wants the server holds a shared lock on `server.users` while it does, and the
server watches that lock: when nobody holds it any more (the kernel frees it, however its holder
died), the server stops. So two runs on one data directory share one server and one database, the
last one out ends it, and a killed run leaves nothing behind. SQLite under two servers at once
would be a matter of luck; here it never happens.

This module must not import Prefect when it is imported: Prefect reads its settings only once.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO

from flows.prefect_api import healthy
from flows.prefect_run import DRAIN_TIMEOUT_S, drain, send_all, without_heartbeats
from flows.processes import open_log, process_start, process_tag, watch_over

LOOPBACK = "127.0.0.1"
START_TIMEOUT_S = 120.0  # a fresh database takes 11 s on two idle cores
STOP_TIMEOUT_S = 5.0  # between SIGTERM and SIGKILL
_RECORDED_S = 1.2  # by then the server has written what it was sent
PORT_TRIES = 3
HEALTH_TRIES = 3  # a server that has its hands full may not answer within three seconds


class ServerError(RuntimeError):
    """The Prefect server cannot be had; the message is one line for the user."""


class Stopped(Exception):
    """The wait for a server was called off by its stop event."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """What `server.json` says of a live server: which process, where, and what it does."""

    pid: int
    started: int  # clock ticks since boot, so that a reused pid is not taken for it
    port: int
    desk: bool  # with the scheduler

    @property
    def api(self) -> str:
        """The URL to put into PREFECT_API_URL."""
        return f"http://{LOOPBACK}:{self.port}/api"


def prefect_home(data: Path, environ: Mapping[str, str]) -> Path:
    """Return the folder of Prefect's own files: PREFECT_HOME, else `<data>/prefect`."""
    own = environ.get("PREFECT_HOME")
    return Path(own).expanduser() if own else data.resolve() / "prefect"


def prefect_environment(data: Path, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables to set before Prefect is imported; those the user set are left out.

    With PREFECT_API_URL set, the user's own Prefect is used as it is configured: only the level
    of its messages on this terminal is chosen.
    """
    wanted = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING"}
    if not environ.get("PREFECT_API_URL"):
        wanted |= {
            "PREFECT_HOME": str(prefect_home(data, environ)),
            "DO_NOT_TRACK": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            # One event at a time, the recorder falls behind its flows and loses task runs.
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
            "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
            # In memory, the leases of running flows would be lost when the server restarts.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
                "prefect.server.concurrency.lease_storage.filesystem"
            ),
        }
    return {name: value for name, value in wanted.items() if not environ.get(name)}


def login_environment(login: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what makes Prefect's pages and API ask for `login` ('user:password'), and us say it.

    Set it before Prefect is imported; what the user set is left out.
    """
    names = ("PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING")
    return {name: login for name in names if login and not environ.get(name)}


@contextlib.contextmanager
def exported(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables of this process, and put back what was there at the end."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def server(
    data: Path,
    *,
    desk: bool = False,
    ui: bool = False,
    port: int | None = None,
    start_timeout: float = START_TIMEOUT_S,
    stop: threading.Event | None = None,
    on_wait: Callable[[str], None] = lambda _line: None,
    before_end: Sequence[Callable[[], object]] = (),
) -> Iterator[str]:
    """Have a Prefect server for the time of the block; yield its API URL, already exported.

    PREFECT_API_URL, when set, is used as it is. Otherwise a live server of this data directory
    is shared, or one is started on loopback (on `port`, else on a free one), with Prefect's pages
    if `ui`. `desk` asks for one with the scheduler: while a run's plain server is still in use,
    its end is waited for, and `on_wait` is told so once. Where the server is ended behind the
    block, `before_end` is done first. Seconds everywhere. Raises ServerError with a line for the
    user, Stopped when `stop` was set meanwhile.
    """
    with exported(prefect_environment(data, os.environ)):
        configured = os.environ.get("PREFECT_API_URL")
        if configured:
            yield configured
            return
        home = prefect_home(data, os.environ)
        home.mkdir(parents=True, exist_ok=True)
        patience = _Patience(time.monotonic() + start_timeout, stop or threading.Event())
        with contextlib.ExitStack() as stack:
            state = None
            while state is None:
                users = stack.enter_context((home / "server.users").open("a+"))
                _lock(users, fcntl.LOCK_SH, patience)
                state = _find_or_start(home, desk=desk, ui=ui, port=port, patience=patience)
                if state is None:  # a run's server: come back when it is gone
                    on_wait("a run has a Prefect server of its own: waiting for it to end")
                    on_wait = lambda _line: None  # noqa: E731
                    users.close()
                    patience = patience.renewed(start_timeout)
                    patience.pause(1.0)
            stack.callback(_leave, home, users, state, before_end)
            stack.enter_context(exported({"PREFECT_API_URL": state.api}))
            yield state.api


@contextlib.contextmanager
def own_server(
    data: Path, *, ui: bool = False, port: int | None = None, start_timeout: float = START_TIMEOUT_S
) -> Iterator[str]:
    """Have Prefect for one run: a server as in `server`, and no record of the run lost.

    Import flows inside the block, not before: Prefect reads PREFECT_API_URL when it is imported.
    Flow runs started in the block carry a tag with this process (`process_tag`), by which the
    sweep knows when they are orphaned; at the end of the block logs and events are sent, and a
    server that nobody else uses ends when it has recorded every task run of theirs, so that
    nothing is lost or printed afterwards. `ui` asks for Prefect's pages, should the server have to
    be started.
    """
    recorded: list[Callable[[], object]] = []
    with server(data, ui=ui, port=port, start_timeout=start_timeout, before_end=recorded) as api:
        if not any(healthy(api) for _ in range(HEALTH_TRIES)):
            raise ServerError(
                f"no Prefect answers at {api}: start it, or unset PREFECT_API_URL to do without"
            )
        _refuse_stale_prefect(api)
        import prefect

        tag = process_tag()
        patience = 3.0  # after an error or Ctrl-C: what can be had without keeping anybody waiting
        try:
            with prefect.tags(tag), without_heartbeats(os.environ):
                yield api
            patience = DRAIN_TIMEOUT_S
        finally:
            send_all()
            recorded.append(partial(drain, tag, timeout=patience))


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long a wait may last: a monotonic deadline, and an event that calls it off."""

    deadline: float
    stop: threading.Event

    def renewed(self, seconds: float) -> _Patience:
        return _Patience(time.monotonic() + seconds, self.stop)

    def pause(self, seconds: float = 0.1) -> None:
        if self.stop.wait(seconds):
            raise Stopped

    @property
    def over(self) -> bool:
        return time.monotonic() > self.deadline


def _lock(file: IO[str], kind: int, patience: _Patience) -> None:
    """Take a POSIX record lock: the process owns it, so that forked workers do not keep it."""
    while True:
        try:
            fcntl.lockf(file, kind | fcntl.LOCK_NB)
        except OSError:
            if patience.over:
                raise ServerError(f"the Prefect server is busy: {file.name} stays locked") from None
            patience.pause()
        else:
            return


def _find_or_start(
    home: Path, *, desk: bool, ui: bool, port: int | None, patience: _Patience
) -> ServerState | None:
    """Return the live server, or start one; None when the live one is not the kind asked for."""
    with (home / "server.start").open("a+") as starting:
        _lock(starting, fcntl.LOCK_EX, patience)
        state = _read_state(home)
        if state is not None:
            if desk and not state.desk:
                return None
            _await_health(state.api, home, lambda: process_start(state.pid) is None, patience)
            return state
        tries = 1 if port else PORT_TRIES
        while True:
            tries -= 1
            try:
                return _start(home, desk=desk, ui=ui, port=port or _free_port(), patience=patience)
            except ServerError:
                if not tries or patience.over:  # another program may have taken the free port
                    raise


def _start(home: Path, *, desk: bool, ui: bool, port: int, patience: _Patience) -> ServerState:
    _refuse_taken_port(port)
    flags = ["--ui"] if ui else ["--no-ui"]
    flags += [] if desk else ["--no-scheduler", "--no-late-runs"]
    command = [sys.executable, "-m", "flows.prefect_server", str(home), str(port), *flags]
    with open_log(home / "server.log") as log:
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C in the terminal is for the run, which ends it cleanly
        )
    state = ServerState(child.pid, process_start(child.pid) or 0, port, desk)
    _write_state(home, state)  # at once: whoever comes after a killed starter must find it
    try:
        _await_health(state.api, home, lambda: child.poll() is not None, patience)
    except BaseException:
        child.kill()
        child.wait()
        raise
    # Somebody must collect the child's exit, or it stays a zombie until this process ends.
    threading.Thread(target=child.wait, name="prefect-server-exit", daemon=True).start()
    return state


def _await_health(api: str, home: Path, dead: Callable[[], bool], patience: _Patience) -> None:
    log = home / "server.log"
    while not healthy(api):
        if dead():
            raise ServerError(f"the Prefect server stopped while starting; see {log}")
        if patience.over:
            raise ServerError(f"the Prefect server did not come up in time; see {log}")
        patience.pause()


def _leave(
    home: Path, users: IO[str], state: ServerState, before_end: Sequence[Callable[[], object]]
) -> None:
    """Give up our share of the server, and end it when nobody else has one."""
    left = home / "server.left"  # when somebody went whose records were not waited for
    try:
        if before_end and _only_user(users):
            fcntl.lockf(users, fcntl.LOCK_SH)  # whoever comes meanwhile goes on with the server
            for work in before_end:
                work()
        elif before_end:
            with contextlib.suppress(OSError):
                left.touch()
    finally:
        if _only_user(users):  # newcomers wait until it is done
            _let_record(left)
            with contextlib.suppress(OSError):
                _end(state)
                (home / "server.json").unlink(missing_ok=True)
        users.close()


def _let_record(left: Path) -> None:
    """Give the server the time to write what those had sent who went lately."""
    with contextlib.suppress(OSError):
        rest = left.stat().st_mtime + _RECORDED_S - time.time()
        left.unlink()
        time.sleep(max(0.0, min(_RECORDED_S, rest)))


def _only_user(users: IO[str]) -> bool:
    """Turn our share of the server into the whole of it, where nobody else has one."""
    try:
        fcntl.lockf(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _end(state: ServerState) -> None:
    for number, wait in ((signal.SIGTERM, STOP_TIMEOUT_S), (signal.SIGKILL, STOP_TIMEOUT_S)):
        deadline = time.monotonic() + wait
        if process_start(state.pid) == state.started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(state.pid, number)
        while process_start(state.pid) == state.started:
            if time.monotonic() > deadline:
                break
            time.sleep(0.02)


def _read_state(home: Path) -> ServerState | None:
    """Return what `server.json` says when that very process still lives."""
    try:
        state = ServerState(**json.loads((home / "server.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None
    return state if process_start(state.pid) == state.started else None


def _write_state(home: Path, state: ServerState) -> None:
    fresh = home / f"server.json.{os.getpid()}"
    fresh.write_text(json.dumps(asdict(state)))
    fresh.replace(home / "server.json")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise ServerError(
                f"port {port} is taken by another program: choose another, or set"
                f" PREFECT_API_URL if it is your own Prefect server ({error.strerror})"
            ) from None


def _refuse_stale_prefect(api: str) -> None:
    if "prefect" in sys.modules:
        from prefect.settings import get_current_settings

        if get_current_settings().api.url != api:
            raise RuntimeError("Prefect was imported before its server was known")


def _nobody_uses(home: Path) -> Callable[[], bool]:
    """Return a test that is true once no process holds the users' lock; it then keeps the lock."""
    users = (home / "server.users").open("a+")

    def gone() -> bool:
        try:
            fcntl.lockf(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    return gone


def _serve(home: Path, port: str, flags: list[str]) -> None:
    """Be the server: `prefect server start` in this process, under the lifeline."""
    watch_over(_nobody_uses(home))
    sys.argv = ["prefect", "server", "start", "--host", LOOPBACK, "--port", port, *flags]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
