"""One frozen Settings, read once from the environment and a TOML file, then passed as a value."""

from __future__ import annotations

import os
import tomllib
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from extractors.errors import SettingsError
from flows.net.limits import NetSettings

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "seeds" / "articles"


def _words(value: Any) -> Any:
    """Take 'a, b' out of the environment for a list."""
    return (
        tuple(part.strip() for part in value.split(",") if part.strip())
        if isinstance(value, str)
        else value
    )


def _seconds(value: Any) -> Any:
    """Take '900' out of the environment for so many seconds."""
    return float(value) if isinstance(value, str) and value.isdigit() else value


Duration = Annotated[timedelta, BeforeValidator(_seconds)]
Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_words)]
Ports = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_words)]


class _NamedFiles(PydanticBaseSettingsSource):
    """Values out of the files that DUCKWIRE_<NAME>_FILE names, without white space around them."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """The value for one field, if a file was named for it. Raises SettingsError."""
        del field
        variable = f"DUCKWIRE_{field_name.upper()}_FILE"
        named = os.environ.get(variable)
        if not named:
            return None, field_name, False
        try:
            return Path(named).read_text("utf-8").strip(), field_name, False
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{variable} names {named}, which cannot be read") from error

    def __call__(self) -> dict[str, Any]:
        """Everything that was handed over so."""
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


class Settings(BaseSettings):
    """Everything that can be set, each as DUCKWIRE_<NAME> or a key of the TOML file.

    DUCKWIRE_<NAME>_FILE names a file that holds the value, which is how secrets are handed over.

    Times are in seconds unless they are durations ('15m' is not read; 900 or PT15M are).
    """

    model_config = SettingsConfigDict(env_prefix="DUCKWIRE_", frozen=True, extra="ignore")

    data: Path = Field(Path("data"), description="The data directory.")
    warehouse: SecretStr | None = Field(
        None,
        description="Where the tables are: file (in the data directory, the default), "
        "quack:host:port, ducklake:postgres:<connection string> or ducklake:sqlite:<path>.",
    )
    quack_token: SecretStr | None = Field(None, description="The token of a served warehouse.")
    quack_plain: bool = Field(
        False, description="Whether a served warehouse on another machine is asked without TLS."
    )
    lake_data: str | None = Field(
        None, description="Where a DuckLake keeps its files: a folder, or s3://bucket/prefix."
    )
    s3_endpoint: str | None = Field(None, description="The object store's host and port.")
    s3_region: str | None = Field(None, description="The object store's region.")
    s3_key: str | None = Field(None, description="The object store's key id.")
    s3_secret: SecretStr | None = Field(None, description="The object store's secret key.")
    s3_ssl: bool = Field(True, description="Whether the object store is asked over TLS.")
    archive: Path | None = Field(None, description="The page archive; default <data>/archive.")
    feeds: Path = Field(ROOT / "seeds" / "feeds.yaml", description="The feeds to follow.")
    seeds: Path = Field(SAMPLES, description="The folder of dropped files a run loads.")
    topics: Path = Field(ROOT / "seeds" / "topics", description="The folder of topic definitions.")
    contact: str | None = Field(None, description="A mail or web address told to the sites asked.")

    log: Literal["plain", "json"] = Field(
        "plain", description="json: a line of JSON for each poll, page and run, on stderr."
    )
    ingest_every: Duration = Field(timedelta(minutes=15), description="How often `up` ingests.")
    maintain_every: Duration = Field(timedelta(days=1), description="How often `up` maintains.")
    publish_every: Duration = Field(
        timedelta(hours=1), description="How old the published copy may get without a change."
    )
    health_port: int = Field(
        4201, ge=0, le=65535, description="Where `up` answers /health and /metrics; 0 for nowhere."
    )
    publish_gap: Duration = Field(
        timedelta(0), description="The least time between two publishings; 0 after every change."
    )
    keep_polls_days: int = Field(365, ge=0, description="Days polls are kept; 0 for good.")
    keep_pages_days: int = Field(0, ge=0, description="Days pages' rows are kept; 0 for good.")
    keep_archive_days: int = Field(0, ge=0, description="Days archived bytes are kept; 0 for good.")
    keep_snapshots_days: float = Field(
        7, ge=0, description="Days the past states of a DuckLake, and their files, are kept."
    )
    compact_share: float = Field(
        0.2, ge=0, le=1, description="Rewrite the working file when so much is free; 0 never."
    )
    verify_turns: int = Field(
        30, ge=0, description="In how many upkeeps every archive segment is read once; 0 never."
    )
    ui_port: int = Field(4200, description="Where `up` shows Prefect's pages, on loopback.")
    ui_login: SecretStr | None = Field(
        None, description="user:password that Prefect's pages and API ask for; none by default."
    )

    first_interval_s: int = Field(3600, ge=60, description="A new feed's poll interval.")
    min_interval_s: int = Field(900, ge=60, description="The shortest poll interval.")
    max_interval_s: int = Field(86400, ge=60, description="The longest poll interval.")
    max_entries: int = Field(2000, ge=1, description="Entries read of one feed, newest first.")
    max_depth: int = Field(200, ge=10, description="Elements in each other, in a feed's XML.")
    max_seed_bytes: int = Field(10_000_000, ge=1, description="The largest dropped file read.")

    lock_wait_s: float = Field(60.0, ge=0, description="How long to wait for the working file.")
    lease_wait_s: float = Field(600.0, ge=0, description="How long a run waits for another run.")
    batch: int = Field(300, ge=1, description="Most pages or polls landed in one transaction.")
    workers: int = Field(
        default_factory=lambda: len(os.sched_getaffinity(0)),
        ge=1,
        description="Processes that read pages; by default one for each core.",
    )
    dask: str | None = Field(
        None,
        description="Where `reprocess` reads pages, and a backfill CC-NEWS: a Dask scheduler's "
        "address, or local:2.",
    )
    page_s: float = Field(10.0, gt=0, description="Bound on reading one page.")
    page_mb: int = Field(1000, ge=1, description="Bound on the memory that reading a page takes.")

    connect_s: float = Field(10.0, gt=0, description="Bound on connecting.")
    read_s: float = Field(30.0, gt=0, description="Bound on each read.")
    total_s: float = Field(60.0, gt=0, description="Bound on one whole request.")
    dns_s: float = Field(5.0, gt=0, description="Bound on looking up a name.")
    max_redirects: int = Field(10, ge=0, description="Redirects followed.")
    max_header_bytes: int = Field(65_536, ge=1024, description="Bound on an answer's headers.")
    max_crawl_delay_s: float = Field(60.0, ge=0, description="The longest Crawl-delay honoured.")
    allow_ports: Ports = Field((80, 443, 8080, 8443), description="Ports asked, with commas.")
    ca_file: Path | None = Field(None, description="Certificates trusted besides the public ones.")
    max_body: int = Field(10_000_000, ge=1, description="Bound on a body, decompressed, in bytes.")
    per_host: int = Field(2, ge=1, description="Requests to one host at once.")
    pace_s: float = Field(1.0, ge=0, description="Seconds between requests to one host.")
    connections: int = Field(100, ge=1, description="Connections in all.")
    allow_hosts: Words = Field((), description="Hosts, addresses or blocks opened, with commas.")
    pace_allowed: bool = Field(True, description="Whether opened hosts are paced as well.")
    robots: bool = Field(True, description="Whether robots.txt is obeyed for pages.")

    cdx_url: str = Field(
        "https://web.archive.org", description="Where the Wayback Machine's index and captures are."
    )
    cdx_pace_s: float = Field(2.5, ge=0, description="Seconds between queries of that index.")
    ccnews_url: str = Field(
        "https://data.commoncrawl.org",
        description="Where Common Crawl's files are: a web address, s3://bucket, or a folder.",
    )
    ccnews_lag: Duration = Field(
        timedelta(days=2), ge=timedelta(0), description="How late a page may be in CC-NEWS."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Order the sources: what the caller says, the environment, then the TOML file."""
        del dotenv_settings, file_secret_settings
        written = TomlConfigSettingsSource(settings_cls, config_file())
        return init_settings, env_settings, _NamedFiles(settings_cls), written

    @field_validator("ui_login")
    @classmethod
    def _two_parts(cls, login: SecretStr | None) -> SecretStr | None:
        user, _, password = (login.get_secret_value() if login else "").partition(":")
        if login and not (user and password):
            raise ValueError("give it as user:password")
        return login

    @property
    def archive_root(self) -> Path:
        """Where WARC segments lie."""
        return self.archive or self.data / "archive"

    @property
    def net(self) -> NetSettings:
        """The network door's share of the settings."""
        return NetSettings(
            contact=self.contact,
            connect_s=self.connect_s,
            read_s=self.read_s,
            total_s=self.total_s,
            max_body=self.max_body,
            per_host=self.per_host,
            pace_s=self.pace_s,
            connections=self.connections,
            allow_hosts=self.allow_hosts,
            pace_allowed=self.pace_allowed,
            robots=self.robots,
            dns_s=self.dns_s,
            max_redirects=self.max_redirects,
            max_header_bytes=self.max_header_bytes,
            max_crawl_delay_s=self.max_crawl_delay_s,
            allow_ports=self.allow_ports,
            ca_file=str(self.ca_file) if self.ca_file else None,
        )


def config_file() -> Path:
    """The settings file: $DUCKWIRE_CONFIG, else ./duckwire.toml (which need not be there)."""
    return Path(os.environ.get("DUCKWIRE_CONFIG") or "duckwire.toml")


def load_settings(**given: Any) -> Settings:
    """Read the settings; what is `given` and not None wins over environment and file.

    Raises SettingsError naming each wrong setting and what was expected, and what the file has
    that is no setting, in one line.
    """
    named = os.environ.get("DUCKWIRE_CONFIG")
    if named and not Path(named).is_file():
        raise SettingsError(f"DUCKWIRE_CONFIG names {named}, which is not there.")
    try:
        settings = Settings(**{key: value for key, value in given.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(
            _wrong(item["loc"], item["msg"], item["input"]) for item in error.errors()
        )
        raise SettingsError(f"a setting is wrong: {wrong}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{config_file()} cannot be read: {error}") from error
    _refuse_unknown_keys()
    if settings.min_interval_s > settings.max_interval_s:
        raise SettingsError(
            "DUCKWIRE_MIN_INTERVAL_S is larger than DUCKWIRE_MAX_INTERVAL_S: swap them."
        )
    return settings.model_copy(update={"data": settings.data.absolute()})


def _refuse_unknown_keys() -> None:
    """A misspelt key would otherwise be passed over without a word."""
    path = config_file()
    if not path.is_file():
        return
    unknown = sorted(set(tomllib.loads(path.read_text("utf-8"))) - set(Settings.model_fields))
    if unknown:
        close = get_close_matches(unknown[0], Settings.model_fields, 1)
        hint = f" (did you mean {close[0]}?)" if close else ""
        raise SettingsError(f"{path}: {', '.join(unknown)} is no setting{hint}.")


def _wrong(where: tuple[int | str, ...], what: str, found: Any) -> str:
    name = "_".join(str(part) for part in where).upper()
    secret = name.endswith(("TOKEN", "SECRET", "WAREHOUSE", "LOGIN"))
    shown = "something else" if secret else repr(found)
    return f"DUCKWIRE_{name}: {what}, found {shown}"
