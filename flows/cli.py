"""The `duckwire` command: its subcommands, and how every error ends in one line."""

from __future__ import annotations

import errno
import sys

import typer

from extractors.errors import DuckwireError
from extractors.opml import OpmlError
from extractors.topic_definition import TopicError
from flows.collecting import collect_seldom
from flows.commands import (
    ask,
    backfill,
    doctor,
    export,
    feeds,
    keeping,
    run,
    serving,
    show,
    topics,
    trying,
)
from flows.interrupts import is_interrupt, mind_interrupts
from flows.prefect_server import ServerError
from flows.sources.feedlist import FeedListError
from storage.errors import StorageError
from storage.trouble import trouble_with_disk

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Follow a news story across many feeds; ask SQL questions at any moment.",
)

for command in (
    run.run,
    run.demo,
    run.up,
    serving.serve,
    backfill.backfill,
    ask.status,
    run.retry,
    run.forget,
    run.reprocess,
    run.maintain,
    keeping.backup,
    keeping.restore,
    trying.feed,
    trying.extract,
    trying.tag,
    doctor.doctor,
):
    app.command()(command)
# A query may begin with a comment, which is no option.
app.command(context_settings={"ignore_unknown_options": True})(ask.sql)
app.command()(export.export)
app.add_typer(feeds.app, name="feeds")
app.add_typer(topics.app, name="topics")

# What a user can cause, and the exit status it gives.
_USAGE = (FeedListError, TopicError, OpmlError)
_FAILED = (StorageError, ServerError)
_INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT)
_NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)


def main() -> None:
    """Run the command; exit status 0 done, 1 could not, 2 wrong usage, 130 interrupted."""
    collect_seldom()
    mind_interrupts()
    sys.exit(_status())


def _status() -> int:
    try:
        app()
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else int(done.code is not None)
        return _interrupted() if code == _INTERRUPTED else code
    except (DuckwireError, *_USAGE, *_FAILED) as error:
        show.warn(f"duckwire: {error}")
        if isinstance(error, DuckwireError):
            return error.exit_status
        return 2 if isinstance(error, _USAGE) else 1
    except Exception as error:
        if is_interrupt(error):
            return _interrupted()
        show.warn(f"duckwire: {_trouble(error)}")
        return 1
    return 0


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
    told = _refused(error) if isinstance(error, OSError) else trouble_with_disk(error)
    if told is None:
        raise error
    return told


def _interrupted() -> int:
    show.warn("interrupted: what had landed is kept, and the next run does the rest")
    return _INTERRUPTED
