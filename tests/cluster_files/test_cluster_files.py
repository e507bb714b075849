"""What lies in cluster/ fits the tools it is for, the versions of this package, and itself."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "cluster"
RAY_UP = sorted((CLUSTER / "ray_up").glob("*.yaml"))
KUBERNETES = sorted([*(CLUSTER / "kuberay").glob("*.yaml"), CLUSTER / "mlflow" / "kubernetes.yaml"])


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


def ray_version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (ray,) = [line for line in project["dependencies"] if line.startswith("ray[")]
    return ray.partition("==")[2]


def commands(config: dict[str, Any]) -> Iterator[str]:
    for key in ("initialization_commands", "setup_commands", "head_start_ray_commands", "worker_start_ray_commands"):
        yield from config.get(key, ())


@pytest.mark.parametrize("file", RAY_UP, ids=lambda file: file.stem)
def test_rays_own_schema_takes_the_file(file: Path) -> None:
    from ray import autoscaler

    schema = json.loads((Path(autoscaler.__file__).parent / "ray-schema.json").read_text())

    jsonschema.validate(documents(file)[0], schema)


@pytest.mark.parametrize("file", RAY_UP, ids=lambda file: file.stem)
def test_every_node_installs_the_checkout_and_starts_ray_with_a_token(file: Path) -> None:
    config = documents(file)[0]
    said = list(commands(config))

    assert "make -C ~/spacetime-rl setup" in said
    assert config["file_mounts"]["~/spacetime-rl"] == "."
    assert config["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    starts = [command for command in said if " ray start" in command or "/ray start" in command]
    assert len(starts) == 2
    assert all(start.startswith("RAY_AUTH_MODE=token ") for start in starts)
    for command in said:
        assert subprocess.run(["bash", "-n", "-c", command]).returncode == 0, command


@pytest.mark.parametrize("file", KUBERNETES, ids=lambda file: file.stem)
def test_what_a_pod_refers_to_is_there(file: Path) -> None:
    claims = {
        document["metadata"]["name"]
        for other in KUBERNETES
        for document in documents(other)
        if document["kind"] == "PersistentVolumeClaim"
    }
    for pod in pods(documents(file)):
        volumes = {volume["name"]: volume["persistentVolumeClaim"]["claimName"] for volume in pod.get("volumes", ())}
        assert set(volumes.values()) <= claims
        for container in pod["containers"]:
            assert {mount["name"] for mount in container.get("volumeMounts", ())} <= set(volumes)
            assert container["image"] in ("spacetime-rl:latest", "postgres:17-alpine")


def pods(data: Any) -> Iterator[dict[str, Any]]:
    """Every pod's specification, wherever it stands."""
    if isinstance(data, dict):
        if "containers" in data:
            yield data
        for value in data.values():
            yield from pods(value)
    elif isinstance(data, list):
        for value in data:
            yield from pods(value)


@pytest.mark.parametrize("file", KUBERNETES[:2], ids=lambda file: file.stem)
def test_kuberay_is_told_the_version_of_ray_that_is_installed(file: Path) -> None:
    text = file.read_text()

    assert set(re.findall(r'rayVersion: "([\d.]+)"', text)) == {ray_version()}
    for pod in pods(documents(file)):
        assert pod["securityContext"]["runAsNonRoot"] is True


def test_a_services_selector_finds_its_deployment() -> None:
    found = documents(CLUSTER / "mlflow" / "kubernetes.yaml")
    labels = [d["spec"]["template"]["metadata"]["labels"] for d in found if d["kind"] == "Deployment"]

    for service in (document for document in found if document["kind"] == "Service"):
        assert service["spec"]["selector"] in labels


def test_what_kuberay_runs_is_a_command_of_ours() -> None:
    (job,) = documents(CLUSTER / "kuberay" / "rayjob.yaml")
    program, verb, sweep, *_ = job["spec"]["entrypoint"].split()

    assert (program, verb) == ("spacetime-rl", "sweep")
    assert (ROOT / "rllib_configs" / f"{sweep}.yaml").is_file()


def test_the_image_is_built_from_what_is_there_by_somebody_who_is_not_root() -> None:
    lines = (CLUSTER / "Dockerfile").read_text().splitlines()
    shipped = set((ROOT / ".dockerignore").read_text().split())
    copied = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]

    assert copied
    for path in copied:
        assert (ROOT / path).exists()
        assert f"!{path.split('/')[0]}" in shipped
    users = [line for line in lines if line.startswith("USER ")]
    assert users == ["USER player"]
    assert lines.index("USER player") > max(i for i, line in enumerate(lines) if line.startswith("FROM "))
    makefile = (ROOT / "Makefile").read_text()
    for pin in (r"torch==[\d.]+", r"uv==[\d.]+"):
        assert re.findall(pin, "\n".join(lines))[-1] == re.findall(pin, makefile)[0]


def test_compose_starts_the_server_after_its_database_and_keeps_the_password_out() -> None:
    services = yaml.safe_load((CLUSTER / "mlflow" / "compose.yaml").read_text())["services"]

    assert services["server"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert services["server"]["ports"] == ["127.0.0.1:5000:5000"]
    assert "${MLFLOW_DB_PASSWORD:?" in services["database"]["environment"]["POSTGRES_PASSWORD"]


def test_mlflow_on_kubernetes_answers_under_the_name_of_its_service() -> None:
    server = next(found for found in documents(CLUSTER / "mlflow" / "kubernetes.yaml") if _is_server(found))
    (container,) = server["spec"]["template"]["spec"]["containers"]
    (hosts,) = [word for word in container["args"] if word.startswith("--allowed-hosts=")]

    allowed = hosts.partition("=")[2].split(",")

    def is_allowed(host: str) -> bool:  # as MLflow decides it
        return any(fnmatch(host, pattern) for pattern in allowed)

    for host in ("mlflow:5000", "mlflow.default.svc:5000", "mlflow.default.svc.cluster.local:5000", "10.1.2.3:5000"):
        assert is_allowed(host)
    assert not is_allowed("mlflow.elsewhere.example:5000")


def test_mlflow_reaches_postgres_by_the_driver_of_the_image() -> None:
    """SQLAlchemy's own choice for `postgresql://` changed with 2.1, to one that is not installed."""
    for file in sorted((CLUSTER / "mlflow").glob("*.yaml")):
        stores = re.findall(r"--backend-store-uri=(\S+?):", file.read_text())
        assert stores == ["postgresql+psycopg2"]
    assert "psycopg2-binary==" in (CLUSTER / "Dockerfile").read_text()


def _is_server(found: dict[str, Any]) -> bool:
    return found["kind"] == "Deployment" and found["metadata"]["name"] == "mlflow"


def test_the_readme_names_the_ray_and_torch_that_nodes_need() -> None:
    readme = (CLUSTER / "README.md").read_text()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (torch,) = [line for line in project["dependencies"] if line.startswith("torch==")]

    assert f'pip install {torch} "ray[default,rllib,tune]=={ray_version()}"' in readme
