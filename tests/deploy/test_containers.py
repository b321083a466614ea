"""The image and compose.yaml, as far as they can be checked without a container engine.

What is not checked here: that the image builds and that the containers come up.
"""

from __future__ import annotations

import fnmatch
import importlib
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from prefect.settings.legacy import _get_valid_setting_names
from prefect.settings.models.root import Settings as PrefectSettings
from ruamel.yaml import YAML

from flows.settings import ROOT, Settings

DEPLOY = ROOT / "deploy"
SECRET = re.compile(r"PASSWORD|TOKEN|AUTH|SECRET|LOGIN")
COMPOSE: dict[str, Any] = YAML(typ="safe").load((DEPLOY / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: made for name, made in SERVICES.items() if "build" in made}
# Of prefect-redis, which reads them by itself.
REDIS = {"PREFECT_REDIS_MESSAGING_HOST", "PREFECT_REDIS_MESSAGING_PORT"}


@cache
def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's lines, continued ones joined: (INSTRUCTION, the rest)."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8")
    text = re.sub(r"(?m)^#.*\n", "", text).replace("\\\n", " ")
    return [(line.split()[0], line.split(None, 1)[1]) for line in text.splitlines() if line.strip()]


def last(instruction: str) -> str:
    return [rest for word, rest in instructions() if word == instruction][-1]


def test_the_image_runs_as_nobody_special() -> None:
    assert last("USER").split(":")[0] not in {"root", "0"}
    words = [word for word, _ in instructions()]
    assert "RUN" not in words[words.index("USER") :]


def test_the_images_packages_are_the_locked_ones() -> None:
    installs = [
        rest for word, rest in instructions() if word == "RUN" and "requirements.lock" in rest
    ]
    assert len(installs) == 1
    assert "--require-hashes" in installs[0]
    assert "--no-deps" in installs[0]


def test_the_image_is_told_no_secret() -> None:
    told = " ".join(rest for word, rest in instructions() if word in {"ENV", "ARG"})
    assert SECRET.search(told) is None


def test_everything_the_image_copies_is_there_and_reaches_the_builder() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    let_through = [line[1:] for line in ignored if line.startswith("!")]
    copies = [shlex.split(rest) for word, rest in instructions() if word == "COPY"]
    sources = [part for copy in copies if "--from" not in copy[0] for part in copy[:-1]]
    assert "requirements.lock" in sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert any(fnmatch.fnmatch(source, allowed) for allowed in let_through), source


def test_the_image_starts_with_a_program_that_is_there() -> None:
    entry = YAML(typ="safe").load(last("ENTRYPOINT"))
    assert os.access(ROOT / Path(entry[0]).relative_to("/app"), os.X_OK)
    assert "/health" in last("HEALTHCHECK")


def test_nothing_of_compose_listens_beyond_loopback() -> None:
    ports = [port for made in SERVICES.values() for port in made.get("ports", [])]
    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_secrets_come_out_of_files_that_are_declared() -> None:
    for name, made in SERVICES.items():
        for key, value in made.get("environment", {}).items():
            if SECRET.search(key):
                assert key.endswith("_FILE"), key
                assert value.removeprefix("/run/secrets/") in made["secrets"], name
        assert set(made.get("secrets", [])) <= set(COMPOSE["secrets"])


@pytest.mark.parametrize("name", OURS)
def test_every_setting_in_compose_is_one(name: str) -> None:
    known = {f"DUCKWIRE_{field.upper()}" for field in Settings.model_fields}
    known |= _get_valid_setting_names(PrefectSettings) | REDIS
    for key in OURS[name].get("environment", {}):
        assert key.removesuffix("_FILE") in known


@pytest.mark.parametrize("name", OURS)
def test_our_containers_can_change_nothing_but_their_data(name: str) -> None:
    made = OURS[name]
    assert (made["read_only"], made["cap_drop"]) == (True, ["ALL"])
    assert "no-new-privileges:true" in made["security_opt"]


def test_who_waits_for_another_can_see_that_it_is_well() -> None:
    for made in SERVICES.values():
        for other, how in made.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"]
    for made in SERVICES.values():
        for volume in made.get("volumes", []):
            assert volume.partition(":")[0] in COMPOSE["volumes"]


def test_the_workers_can_be_scaled() -> None:
    worker = SERVICES["worker"]
    assert not {"ports", "container_name", "hostname"} & set(worker)


def test_prefects_messages_go_by_modules_that_are_there() -> None:
    told = SERVICES["prefect"]["environment"]
    broker = importlib.import_module(told["PREFECT_SERVER_EVENTS_MESSAGING_BROKER"])
    assert {"Publisher", "Consumer", "Cache"} <= set(dir(broker))
    ordering = importlib.import_module(told["PREFECT_SERVER_EVENTS_CAUSAL_ORDERING"])
    assert hasattr(ordering, "CausalOrdering")
    leases = importlib.import_module(told["PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE"])
    assert hasattr(leases, "ConcurrencyLeaseStorage")


def commands() -> list[list[str]]:
    """Every command of ours in compose.yaml, those of a shell's lines one by one."""
    found = []
    for made in OURS.values():
        words = made["command"]
        if words[:2] == ["sh", "-c"]:
            found += [shlex.split(line) for line in words[2].replace("&&", "").splitlines() if line]
        else:
            found.append(words)
    return found


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_of_compose_is_understood(words: list[str]) -> None:
    program = {
        "prefect": ["-m", "prefect"],
        "duckwire": ["-c", "from flows.cli import main; main()"],
    }
    options = {word for word in words if word.startswith("--") and word != "--no-prompt"}
    plain = [word for word in words[1:] if not word.startswith("--")]
    command = plain[:1] if plain[0] in {"serve", "deploy"} else plain[:2]
    told = subprocess.run(
        [sys.executable, *program[words[0]], *command, "--help"],
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert options <= set(re.findall(r"--[a-z-]+", told.stdout))


def with_secrets(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(DEPLOY / "with-secrets"), *command],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_secret_in_a_file_reaches_prefect_as_its_variable(tmp_path: Path) -> None:
    kept = tmp_path / "login"
    kept.write_text("desk:it's a $ecret\n", "utf-8")
    done = with_secrets(
        "printenv", "PREFECT_API_AUTH_STRING", PREFECT_API_AUTH_STRING_FILE=str(kept)
    )
    assert (done.returncode, done.stdout) == (0, "desk:it's a $ecret\n")


def test_a_secret_that_cannot_be_read_is_said_and_nothing_starts(tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    done = with_secrets("echo", "started", PREFECT_API_AUTH_STRING_FILE=str(missing))
    assert (done.returncode, done.stdout) == (2, "")
    assert str(missing) in done.stderr
