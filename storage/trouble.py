"""What the disk did to the database, in one line: DuckDB says it in several kinds of error."""

from __future__ import annotations

import re

import duckdb

_WRITE = re.compile(
    r'Could not (?:write|open|read|fsync|truncate)[^"]*"(?P<file>[^"]+)"[^:]*:? ?(?P<why>[^\n]*)'
)


def trouble_with_disk(error: BaseException) -> str | None:
    """One line about what the disk refused and what to do, or None for any other error.

    A full disk shows as an error of writing, of committing or of the checkpoint; each leaves the
    file as of the last commit, and what the log holds is read when it is opened again.
    """
    if not isinstance(error, duckdb.Error):
        return None
    found = _WRITE.search(str(error))
    if found is None:
        return None
    return (
        f"{found['file']} could not be written or read ({found['why'] or 'input/output error'}): "
        f"free some space or check the disk, then run again; nothing that had landed is lost"
    )
