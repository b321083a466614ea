"""Settings: what the caller says, the environment, the file, the default; no typo is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractors.errors import SettingsError
from flows.settings import Settings, load_settings


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with nothing in it."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_without_anything_said_the_defaults_hold(elsewhere: Path) -> None:
    settings = load_settings()
    assert (settings.batch, settings.data) == (Settings().batch, elsewhere / "data")
    assert settings.archive_root == elsewhere / "data" / "archive"


def test_the_caller_wins_over_the_environment_over_the_file_over_the_default(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "duckwire.toml").write_text(
        'batch = 7\nper_host = 3\npace_s = 2.5\nallow_hosts = ["a.example", "b.example"]\n'
    )
    monkeypatch.setenv("DUCKWIRE_BATCH", "8")
    monkeypatch.setenv("DUCKWIRE_PER_HOST", "4")
    settings = load_settings(batch=9, data=None)
    assert (settings.batch, settings.per_host, settings.pace_s) == (9, 4, 2.5)
    assert settings.allow_hosts == ("a.example", "b.example")
    assert settings.connections == Settings.model_fields["connections"].default


def test_lists_and_durations_are_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DUCKWIRE_ALLOW_HOSTS", "127.0.0.1, news.example,")
    monkeypatch.setenv("DUCKWIRE_ALLOW_PORTS", "80,8000")
    monkeypatch.setenv("DUCKWIRE_INGEST_EVERY", "900")
    monkeypatch.setenv("DUCKWIRE_MAINTAIN_EVERY", "PT12H")
    settings = load_settings()
    assert settings.allow_hosts == ("127.0.0.1", "news.example")
    assert settings.allow_ports == (80, 8000)
    assert (settings.ingest_every.total_seconds(), settings.maintain_every.total_seconds()) == (
        900,
        43200,
    )


def test_the_file_may_lie_anywhere(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "duckwire.toml").write_text("batch = 7\n")
    (elsewhere / "other.toml").write_text("batch = 5\n")
    monkeypatch.setenv("DUCKWIRE_CONFIG", str(elsewhere / "other.toml"))
    assert load_settings().batch == 5


def test_a_file_that_was_named_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUCKWIRE_CONFIG", "/not/there.toml")
    with pytest.raises(SettingsError, match=r"^DUCKWIRE_CONFIG names /not/there\.toml"):
        load_settings()


def test_a_key_that_is_no_setting_is_named_with_its_file_and_the_nearest_one(
    elsewhere: Path,
) -> None:
    (elsewhere / "duckwire.toml").write_text("batches = 7\n")
    with pytest.raises(SettingsError, match=r"duckwire\.toml: batches is no .*mean batch\?"):
        load_settings()


@pytest.mark.parametrize("written", ["batch = ", "batch = 1\nbatch = 2\n", "\xff"])
def test_a_file_that_is_no_toml_is_named_in_one_line(elsewhere: Path, written: str) -> None:
    (elsewhere / "duckwire.toml").write_text(written, "latin-1")
    with pytest.raises(SettingsError, match=r"^duckwire\.toml cannot be read: ") as caught:
        load_settings()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DUCKWIRE_BATCH", "many"),
        ("DUCKWIRE_BATCH", "0"),
        ("DUCKWIRE_PACE_S", "-1"),
        ("DUCKWIRE_INGEST_EVERY", "15m"),
        ("DUCKWIRE_ALLOW_PORTS", "80,http"),
        ("DUCKWIRE_ROBOTS", "perhaps"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_found_in_one_line(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=variable) as caught:
        load_settings()
    assert "\n" not in str(caught.value)
    assert value.rpartition(",")[2] in str(caught.value)
    assert caught.value.exit_status == 2


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUCKWIRE_BATCH", "many")
    monkeypatch.setenv("DUCKWIRE_PER_HOST", "none")
    with pytest.raises(SettingsError, match=r"DUCKWIRE_BATCH.*DUCKWIRE_PER_HOST"):
        load_settings()


def test_a_shortest_interval_above_the_longest_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DUCKWIRE_MIN_INTERVAL_S", "7200")
    monkeypatch.setenv("DUCKWIRE_MAX_INTERVAL_S", "3600")
    with pytest.raises(SettingsError, match="MIN_INTERVAL_S is larger"):
        load_settings()


def test_a_value_may_be_handed_over_in_a_file(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "secret").write_text("desk@paper.example\n")
    (elsewhere / "duckwire.toml").write_text('contact = "file@paper.example"\n')
    monkeypatch.setenv("DUCKWIRE_CONTACT_FILE", str(elsewhere / "secret"))
    assert load_settings().contact == "desk@paper.example"
    monkeypatch.setenv("DUCKWIRE_CONTACT", "said@paper.example")
    assert load_settings().contact == "said@paper.example"


def test_a_secrets_file_that_cannot_be_read_is_named_and_not_shown(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUCKWIRE_CONTACT_FILE", str(elsewhere / "nothing"))
    with pytest.raises(SettingsError, match=r"^DUCKWIRE_CONTACT_FILE names .*nothing"):
        load_settings()


def test_settings_do_not_change_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_settings().batch = 3  # type: ignore[misc]
