"""The errors that may leave this project's functions.

    DuckwireError
    ├── UsageError      the command or its arguments are wrong (exit status 2)
    ├── SettingsError   a setting cannot be read or makes no sense (exit status 2)
    └── DataError       a file the user owns (topic, feed list, OPML) is not what it should be

What the warehouse refuses is in `storage.errors`, which knows nothing of these.
The failure of one feed, page or file is a value with a `Reason`, never one of these.
"""

from __future__ import annotations


class DuckwireError(Exception):
    """What happened, where, and what to do about it, in one line each of at most one sentence.

    `str()` gives 'what (where): remedy', leaving out what is not known.
    """

    exit_status = 1

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        super().__init__(what, where, remedy)

    def __str__(self) -> str:
        """Return the one line that a user is shown."""
        line = self.what + (f" ({self.where})" if self.where else "")
        line += f": {self.remedy}" if self.remedy else ""
        return " ".join(line.split())


class UsageError(DuckwireError):
    """The command, its arguments or their combination are wrong."""

    exit_status = 2


class SettingsError(DuckwireError):
    """A setting cannot be read, or makes no sense."""

    exit_status = 2


class DataError(DuckwireError, ValueError):
    """A file that the user owns is not what it should be; `where` names file and line."""
