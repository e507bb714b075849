"""What lies in cluster/ fits the tools it is for, the versions of this package, and itself."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def prepared(file: Path) -> dict[str, Any]:
    """What `ray up` makes of a file: with Ray's defaults for the cloud."""
    from ray.autoscaler._private.util import prepare_config

    return prepare_config(documents(file)[0])


def commands(config: dict[str, Any]) -> Iterator[str]:
    for name, said in config.items():
        if name.endswith("_commands"):
            yield from said


@pytest.mark.parametrize("file", RAY_UP, ids=lambda file: file.stem)
def test_ray_up_takes_the_file(file: Path) -> None:
    from ray.autoscaler._private.util import validate_config

    validate_config(prepared(file))


@pytest.mark.parametrize("file", RAY_UP, ids=lambda file: file.stem)
def test_no_command_of_a_node_needs_more_than_its_image_and_the_checkouts_environment(file: Path) -> None:
    for command in commands(prepared(file)):
        assert not re.search(r"(^|[\s;&|(])(ray|pip3?|conda)\s", command), command


@pytest.mark.parametrize(
    ("file", "library"), [("aws", "boto3"), ("gcp", "google-api-python-client")], ids=lambda value: value
)
def test_the_head_on_a_cloud_can_start_workers_with_room_for_torch(file: str, library: str) -> None:
    config = prepared(CLUSTER / "ray_up" / f"{file}.yaml")
    machines = [kind["node_config"] for kind in config["available_node_types"].values()]

    assert f"~/spacetime-rl/.venv/bin/pip install -q {library}" in config["head_setup_commands"]
    for machine in machines:
        sizes = re.findall(r"'(?:VolumeSize|diskSizeGb)': (\d+)", str(machine))
        assert [int(size) >= 50 for size in sizes] == [True], machine


@pytest.mark.parametrize("file", RAY_UP, ids=lambda file: file.stem)
def test_every_node_installs_the_checkout_and_starts_ray_with_a_token(file: Path) -> None:
    config = documents(file)[0]
    said = list(commands(prepared(file)))

    assert any(command.endswith("make -C ~/spacetime-rl setup") for command in said)
    assert config["file_mounts"]["~/spacetime-rl"] == "."
    assert config["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    starts = [command for command in said if " ray start" in command or "/ray start" in command]
    assert len(starts) == 2
    assert all(" RAY_AUTH_MODE=token " in start for start in starts)
    assert sum("--dashboard-host=127.0.0.1" in start for start in starts) == 1
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
