"""The work pools for containers and Kubernetes, as far as Prefect's own workers can judge them.

What is not checked here: that a container engine or a cluster starts the runs.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar
from uuid import uuid4

from prefect.client.schemas.objects import FlowRun
from prefect.utilities.templating import apply_values
from prefect.workers.base import BaseJobConfiguration
from prefect_docker.worker import DockerWorkerJobConfiguration
from prefect_kubernetes.worker import KubernetesWorkerJobConfiguration
from ruamel.yaml import YAML

from flows.settings import ROOT, Settings

T = TypeVar("T", bound=BaseJobConfiguration)


def job_of(kind: type[T], name: str) -> T:
    """What a worker would start for a run, with the pool's defaults."""
    template = json.loads((ROOT / "deploy" / "pools" / f"{name}.json").read_text("utf-8"))
    variables = template["variables"]["properties"]
    values = {key: each["default"] for key, each in variables.items() if "default" in each}
    made = kind(**apply_values(template["job_configuration"], values | {"command": "run the flow"}))
    made.prepare_for_flow_run(FlowRun(id=uuid4(), flow_id=uuid4(), name="calm-fox"))
    return made


def settings_of(environment: dict[str, Any]) -> set[str]:
    return {
        name.removeprefix("DUCKWIRE_").removesuffix("_FILE").lower()
        for name in environment
        if name.startswith("DUCKWIRE_")
    }


def test_a_docker_worker_starts_our_image_with_its_data_and_nothing_it_could_change() -> None:
    job = job_of(DockerWorkerJobConfiguration, "docker")
    assert (job.image, job.command) == ("duckwire", "run the flow")
    assert "duckwire:/data" in job.volumes
    assert settings_of(job.env) <= set(Settings.model_fields)
    assert job.container_create_kwargs["read_only"]
    assert job.container_create_kwargs["cap_drop"] == ["ALL"]


def test_a_kubernetes_worker_starts_our_image_with_its_data_and_nothing_it_could_change() -> None:
    job = job_of(KubernetesWorkerJobConfiguration, "kubernetes")
    pod = job.job_manifest["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "duckwire"
    assert container["args"] == ["run", "the", "flow"]
    environment = {item["name"]: item["value"] for item in container["env"]}
    assert settings_of(environment) <= set(Settings.model_fields)
    volumes = {volume["name"] for volume in pod["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert pod["securityContext"]["runAsNonRoot"]


def test_the_pools_are_those_of_the_image_and_the_deployments() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text("utf-8")
    deployments = YAML(typ="safe").load((ROOT / "deploy" / "prefect.yaml").read_text("utf-8"))
    pod = job_of(KubernetesWorkerJobConfiguration, "kubernetes").job_manifest["spec"]["template"]
    assert f"USER {pod['spec']['securityContext']['runAsUser']}:" in dockerfile
    assert {item["work_pool"]["name"] for item in deployments["deployments"]} == {"duckwire"}
