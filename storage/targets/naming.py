"""What DUCKWIRE_WAREHOUSE may say, and what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from storage.errors import StorageError

# What DuckDB can take apart from the connection string is the password alone.
_UNSUPPORTED = ("sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")
_QUACK = re.compile(r"quack:(?://)?(?P<host>\[[0-9a-fA-F:]+\]|[^:/@\s]+)(?::(?P<port>\d{1,5}))?/?")
DEFAULT_PORT = 9494


@dataclass(frozen=True, slots=True)
class S3Access:
    """How to reach an object store; what is None is left to the environment's usual places."""

    endpoint: str | None = None
    region: str | None = None
    key: str | None = None
    secret: str | None = field(default=None, repr=False)
    use_ssl: bool = True


@dataclass(frozen=True, slots=True)
class QuackTarget:
    """A warehouse that `duckwire serve` serves; `plain` asks another machine without TLS."""

    host: str
    port: int
    token: str = field(repr=False)
    plain: bool = False

    @property
    def uri(self) -> str:
        """The address as DuckDB's ATTACH takes it."""
        return f"quack:{self.host}:{self.port}"

    def __str__(self) -> str:
        return self.uri


@dataclass(frozen=True, slots=True)
class LakeTarget:
    """A DuckLake: a catalogue in PostgreSQL or SQLite, and Parquet files below `data_path`.

    The password is apart from the rest: DuckDB repeats the catalogue in its errors.
    """

    kind: str
    catalogue: str
    data_path: str
    s3: S3Access = field(default_factory=S3Access)
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"ducklake:{self.kind}:{self.catalogue}"


Target = QuackTarget | LakeTarget


class TargetError(StorageError):
    """DUCKWIRE_WAREHOUSE, or what it needs, is wrong; or this warehouse cannot do it."""


def target_of(
    said: str | None,
    *,
    token: str | None = None,
    plain: bool = False,
    data_path: str | None = None,
    s3: S3Access | None = None,
) -> Target | None:
    """Read what the setting says: None for the file in the data directory.

    `quack:host[:port]`, `ducklake:postgres:<connection string>` or `ducklake:sqlite:<path>`.
    Raises TargetError, which never repeats a password or a token.
    """
    if not said or said == "file":
        return None
    if said.startswith("quack:"):
        return _quack(said, token, plain)
    for kind in ("postgres", "sqlite"):
        if said.startswith(f"ducklake:{kind}:"):
            catalogue = said.removeprefix(f"ducklake:{kind}:")
            return _lake(kind, catalogue, data_path, s3 or S3Access())
    # What it says is not repeated: there may be a password in it, anywhere.
    raise TargetError(
        "DUCKWIRE_WAREHOUSE is none of file, quack:host:port, "
        "ducklake:postgres:<connection string> and ducklake:sqlite:<path>: give it as one of them."
    )


def _quack(said: str, token: str | None, plain: bool) -> QuackTarget:
    found = _QUACK.fullmatch(said)
    if not found or not 0 < int(found["port"] or DEFAULT_PORT) < 65536:
        raise TargetError(
            "DUCKWIRE_WAREHOUSE has no host and port after quack: give quack:host:port."
        )
    if not token:
        raise TargetError(
            "a served warehouse needs its token: set DUCKWIRE_QUACK_TOKEN, or "
            "DUCKWIRE_QUACK_TOKEN_FILE to a file that holds it."
        )
    return QuackTarget(found["host"], int(found["port"] or DEFAULT_PORT), token, plain)


def _lake(kind: str, catalogue: str, data_path: str | None, s3: S3Access) -> LakeTarget:
    if not catalogue:
        raise TargetError(f"DUCKWIRE_WAREHOUSE names no {kind} catalogue after the colon.")
    password = None
    if kind == "postgres":
        catalogue, password = _apart(catalogue)
    else:
        catalogue = str(Path(catalogue).absolute())
        data_path = data_path or f"{catalogue}.files"
    if not data_path:
        raise TargetError(
            "a DuckLake on PostgreSQL needs a place for its files that every machine reaches: set "
            "DUCKWIRE_LAKE_DATA to a folder or to s3://bucket/prefix."
        )
    if "://" not in data_path:
        data_path = str(Path(data_path).absolute())
    return LakeTarget(kind, catalogue, data_path, s3, password)


def _apart(said: str) -> tuple[str, str | None]:
    """A PostgreSQL connection string, in words or as an address, without its password; and that."""
    import psycopg  # every command would import it, and most have a file
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        parts = conninfo_to_dict(said)
        password = parts.pop("password", None)
        catalogue = make_conninfo("", **parts)
    except psycopg.Error:  # its message quotes what it does not understand
        raise TargetError(
            "DUCKWIRE_WAREHOUSE has no connection string of PostgreSQL's after ducklake:postgres: "
            "(put a value with spaces between single quotes; in an address, write odd characters "
            "as %20)."
        ) from None
    for name in _UNSUPPORTED:
        if parts.get(name):
            raise TargetError(
                f"DUCKWIRE_WAREHOUSE has {name}, which cannot be kept out of messages: log in "
                f"with a password, or with a file that `passfile` or `sslkey` names."
            )
    return catalogue, None if password is None else str(password)
