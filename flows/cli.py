"""The `duckwire` command: its subcommands, and how every error ends in one line."""

from __future__ import annotations

import atexit
import errno
import logging
import os
import sys

import typer

from extractors.errors import DuckwireError
from flows.collecting import collect_seldom
from flows.commands import show
from flows.commands.lazy import Place, group_of
from flows.interrupts import is_interrupt, mind_interrupts

COMMANDS = {
    "run": Place(
        "run",
        "run",
        "Do the main job once: files and feeds in, tagged articles published.",
    ),
    "demo": Place(
        "run",
        "demo",
        "Do the whole thing offline against a small newsroom served on loopback.",
    ),
    "up": Place(
        "run",
        "up",
        "Bring the desk up and keep it up: a Prefect server, the deployments and their schedules.",
    ),
    "serve": Place(
        "serving",
        "serve",
        "Serve the warehouse to runs and analysts at the same time, until Ctrl-C or SIGTERM.",
    ),
    "backfill": Place(
        "backfill",
        "backfill",
        "Fill a past window from every source that has it; does only what is not done yet.",
    ),
    "status": Place(
        "ask",
        "status",
        "Show the last runs, what is waiting and how the feeds are.",
    ),
    "retry": Place(
        "run",
        "retry",
        "Put failed pages and feeds back to waiting, so that the next run tries them.",
    ),
    "forget": Place(
        "run",
        "forget",
        "Remove an article with its versions, tags, bytes and published rows, for good.",
    ),
    "reprocess": Place(
        "run",
        "reprocess",
        "Make derived rows again from what is kept, without the network (but for --skipped).",
    ),
    "maintain": Place(
        "run",
        "maintain",
        "Do the daily upkeep now: crashed runs, stray files, the archive, the sums.",
    ),
    "backup": Place(
        "keeping",
        "backup",
        "Copy the database, whole and at any moment; --archive takes the archived pages along.",
    ),
    "restore": Place(
        "keeping",
        "restore",
        "Put a backup back in place, verified; what was there is kept beside it.",
    ),
    "feed": Place("trying", "feed", "Read one feed and show its entries."),
    "extract": Place(
        "trying",
        "extract",
        "Extract the article of one page or text and show it with everything that was said of it.",
    ),
    "tag": Place(
        "trying",
        "tag",
        "Judge a file's articles by the topics and show the evidence.",
    ),
    "doctor": Place(
        "doctor",
        "doctor",
        "Check settings, disk, database, lists, Prefect, network and clock; exit 1 if one is "
        "wrong.",
    ),
    "sql": Place(
        "ask",
        "sql",
        "Ask the published copy, or a shared warehouse, in SQL; without a question, a prompt.",
        # A query may begin with a comment, which is no option.
        {"ignore_unknown_options": True},
    ),
    "export": Place(
        "export",
        "export",
        "Write articles (or, as WARC, their pages) to a file or folder.",
    ),
    "feeds": Place("feeds", "app", "The list of feeds: look, add, check, import, export."),
    "topics": Place("topics", "app", "Topic definitions: list, test, explain, begin one."),
}

app = typer.Typer(
    cls=group_of(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Follow a news story across many feeds; ask SQL questions at any moment.",
)


@app.callback()
def _duckwire() -> None: ...


_INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)


def main() -> None:
    """Run the command; exit status 0 done, 1 could not, 2 wrong usage, 130 interrupted.

    The process ends as soon as all that is to be done at its end is done.
    """
    collect_seldom()
    # Arrow imports numpy, which starts threads for matrices: 50 ms, and we have none.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    mind_interrupts()
    _ended.append(_status())
    sys.exit(_ended[-1])


_ended: list[int] = []  # the status, once the command is over


def _leave() -> None:
    """End the process: to free one by one what a long run holds takes another half a second."""
    if not _ended:
        return
    logging.shutdown()  # the one thing that was registered before this
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # it is where the process was given none
                stream.flush()
    except (OSError, ValueError):  # nobody reads any more: Python has its own way to say so
        return
    os._exit(_ended[-1])


# What is registered first is called last: threads have ended by then, and all else is done.
atexit.register(_leave)


def _status() -> int:
    try:
        app()
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else int(done.code is not None)
        return _interrupted() if code == _INTERRUPTED else code
    except Exception as error:
        status = _foreseen(error)
        if status is None and is_interrupt(error):
            return _interrupted()
        show.warn(f"duckwire: {error if status else _trouble(error)}")
        return status or 1
    return 0


def _foreseen(error: Exception) -> int | None:
    """The exit status for what a user can cause, or None for what nobody thought of."""
    from extractors.opml import OpmlError
    from extractors.topic_definition import TopicError
    from flows.prefect_server import ServerError
    from flows.sources.feedlist import FeedListError
    from storage.errors import StorageError

    if isinstance(error, DuckwireError):
        return error.exit_status
    if isinstance(error, FeedListError | TopicError | OpmlError):
        return 2
    return 1 if isinstance(error, StorageError | ServerError) else None


def _refused(error: OSError) -> str:
    """What the system refused, where, and what to do about it."""
    if error.filename is None:
        return str(error)
    remedy = "check the path, or name another one (the data directory: --data or DUCKWIRE_DATA)"
    if error.errno in _FULL:
        remedy = "free some space and run again; nothing that had landed is lost"
    elif error.errno in _NO_RIGHT:
        remedy = "give this user the right to it, or name another place"
    return f"{error.filename} cannot be used ({error.strerror}): {remedy}"


def _trouble(error: Exception) -> str:
    from storage.trouble import trouble_with_disk

    told = _refused(error) if isinstance(error, OSError) else trouble_with_disk(error)
    if told is None:
        raise error
    return told


def _interrupted() -> int:
    show.warn("interrupted: what had landed is kept, and the next run does the rest")
    return _INTERRUPTED
