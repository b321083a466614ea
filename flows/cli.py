"""The `duckwire` command: its subcommands, and how every error ends in one line."""

from __future__ import annotations

import sys

import typer

from extractors.errors import DuckwireError
from extractors.opml import OpmlError
from extractors.topic_definition import TopicError
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
_FAILED = (StorageError, ServerError, OSError)
_INTERRUPTED = 130


def main() -> None:
    """Run the command; exit status 0 done, 1 could not, 2 wrong usage, 130 interrupted."""
    sys.exit(_status())


def _status() -> int:
    try:
        app()
    except SystemExit as done:
        code = done.code if isinstance(done.code, int) else 1
        if code == _INTERRUPTED:
            show.warn("interrupted: what had landed is kept, and the next run does the rest")
        return code if done.code is not None else 0
    except DuckwireError as error:
        show.warn(f"duckwire: {error}")
        return error.exit_status
    except _USAGE as error:
        show.warn(f"duckwire: {error}")
        return 2
    except _FAILED as error:
        show.warn(f"duckwire: {error}")
        return 1
    except Exception as error:
        told = trouble_with_disk(error)
        if told is None:
            raise
        show.warn(f"duckwire: {told}")
        return 1
    return 0
