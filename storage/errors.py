"""What can go wrong with the warehouse, each with what to do about it in its one line.

StorageError
├── LockedError      another process holds the working file
├── ForeignFileError the file is not a Duckwire warehouse, or is damaged
├── NewerSchemaError the file was made by a newer Duckwire
└── QueryError       the SQL a person typed is wrong
"""

from __future__ import annotations


class StorageError(Exception):
    """The warehouse or the archive cannot do what was asked; the message says what to do."""


class LockedError(StorageError):
    """Another process holds the working file, and did so for the whole time we waited."""


class ForeignFileError(StorageError):
    """What lies in the database's place is not a warehouse of ours."""


class NewerSchemaError(StorageError):
    """The warehouse has migrations this program does not know."""


class QueryError(StorageError):
    """A query typed by a person failed; the message is the database's first line."""
