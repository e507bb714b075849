"""What lies in cluster/ fits the tools it is for, the versions of this package, and itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

ROOT = Path(__file__).parents[2]
CLUSTER = ROOT / "cluster"
RAY_UP = sorted((CLUSTER / "ray_up").glob("*.yaml"))
COMPOSE = CLUSTER / "mlflow" / "compose.yaml"
KUBERAY = [CLUSTER / "kuberay" / "raycluster.yaml", CLUSTER / "kuberay" / "rayjob.yaml"]
KUBERNETES = sorted([*(CLUSTER / "kuberay").glob("*.yaml"), CLUSTER / "mlflow" / "kubernetes.yaml"])


def documents(file: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(file.read_text()))


def ray_version() -> str:
    """The version that development and images use."""
    (ray,) = [line for line in (ROOT / "requirements.lock").read_text().splitlines() if line.startswith("ray==")]
    return ray.partition("==")[2]


def prepared(file: Path) -> dict[str, Any]:
    """What `ray up` makes of a file: with Ray's defaults for the cloud."""
    from ray.autoscaler._private.util import prepare_config

    config: dict[str, Any] = prepare_config(documents(file)[0])
    return config


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
            assert container["image"] in ("spacetime-rl:latest", "postgres:17-alpine", "redis:7-alpine")


def pods(data: Any) -> Iterator[dict[str, Any]]:
    """Every pod's specification, wherever it stands."""
    yield from (spec for spec in found(data, "spec") if "containers" in spec)


@pytest.mark.parametrize("version", ["1.29", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("file", KUBERNETES, ids=lambda file: file.stem)
def test_kubernetes_own_schemas_take_the_file_with_no_field_unknown(file: Path, version: str) -> None:
    checked = 0
    for document in documents(file):
        for described in templates(document) if document["apiVersion"] == "ray.io/v1" else [document]:
            kubernetes_validate.validate(described, version, strict=True)
            checked += 1

    assert checked


def templates(custom: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The pods of a RayCluster or a RayJob, as a kind that Kubernetes itself knows."""
    cluster = custom["spec"].get("rayClusterSpec", custom["spec"])
    for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
        yield {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "pod"}, "template": group["template"]}


@pytest.mark.parametrize("file", KUBERAY, ids=lambda file: file.stem)
def test_nobody_reaches_a_ray_on_kubernetes_without_the_token_that_kuberay_makes(file: Path) -> None:
    custom = documents(file)[-1]
    cluster = custom["spec"].get("rayClusterSpec", custom["spec"])

    assert cluster["authOptions"] == {"mode": "token"}
    assert "RAY_AUTH" not in file.read_text()  # the operator sets it, in containers of its own too


def test_the_token_that_a_user_fetches_is_the_clusters() -> None:
    cluster = documents(KUBERAY[0])[-1]["metadata"]["name"]

    said = (CLUSTER / "README.md").read_text()

    assert f"kubectl get secret {cluster} -o jsonpath='{{.data.auth_token}}'" in said
    assert f"service/{cluster}-head-svc" in said


def test_every_secret_that_is_referred_to_is_made_by_a_command_of_the_readme() -> None:
    made = re.findall(r"kubectl create secret generic (\S+) --from-literal=(\w+)=", (CLUSTER / "README.md").read_text())

    for file in KUBERNETES:
        for reference in found(documents(file), "secretKeyRef"):
            assert (reference["name"], reference["key"]) in made


def test_ray_keeps_its_state_in_the_redis_that_stands_beside_it() -> None:
    state = documents(KUBERAY[0])[-1]["spec"]["gcsFaultToleranceOptions"]
    redis = {document["kind"]: document for document in documents(CLUSTER / "kuberay" / "redis.yaml")}
    service, (container,) = redis["Service"], redis["Deployment"]["spec"]["template"]["spec"]["containers"]

    assert state["redisAddress"] == f"{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    assert state["redisPassword"]["valueFrom"] == container["env"][0]["valueFrom"]


def found(data: Any, key: str) -> Iterator[Any]:
    """Every value of a key, wherever it stands."""
    if isinstance(data, dict):
        if key in data:
            yield data[key]
        for value in data.values():
            yield from found(value, key)
    elif isinstance(data, list):
        for value in data:
            yield from found(value, key)


@pytest.mark.parametrize("file", KUBERAY, ids=lambda file: file.stem)
def test_kuberay_is_told_the_version_of_ray_that_is_installed(file: Path) -> None:
    text = file.read_text()

    assert set(re.findall(r'rayVersion: "([\d.]+)"', text)) == {ray_version()}
    for pod in pods(documents(file)):
        assert pod["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize("file", KUBERNETES, ids=lambda file: file.stem)
def test_a_services_selector_finds_its_deployment(file: Path) -> None:
    described = documents(file)
    labels = [d["spec"]["template"]["metadata"]["labels"] for d in described if d["kind"] == "Deployment"]

    for service in (document for document in described if document["kind"] == "Service"):
        assert service["spec"]["selector"] in labels


@pytest.mark.parametrize("file", KUBERNETES, ids=lambda file: file.stem)
def test_who_is_not_root_may_write_to_what_is_mounted(file: Path) -> None:
    for pod in pods(documents(file)):
        if pod["containers"][0]["image"] != "postgres:17-alpine":  # begins as root, and sees to its folder itself
            rights = pod["securityContext"]
            assert rights["runAsNonRoot"] is True
            assert rights["runAsUser"] == {"redis:7-alpine": 999}.get(pod["containers"][0]["image"], 1000)
            assert rights["fsGroup"] == rights["runAsUser"]


def test_what_kuberay_runs_is_a_command_of_ours() -> None:
    (job,) = documents(CLUSTER / "kuberay" / "rayjob.yaml")
    program, verb, sweep, *_ = job["spec"]["entrypoint"].split()

    assert (program, verb) == ("spacetime-rl", "sweep")
    assert (ROOT / "rllib_configs" / f"{sweep}.yaml").is_file()


def test_compose_starts_the_server_after_its_database_and_keeps_the_password_out() -> None:
    services = yaml.safe_load(COMPOSE.read_text())["services"]

    assert services["server"]["depends_on"]["database"]["condition"] == "service_healthy"
    assert services["server"]["ports"] == ["127.0.0.1:5000:5000"]
    assert "${MLFLOW_DB_PASSWORD:?" in services["database"]["environment"]["POSTGRES_PASSWORD"]


def test_docker_compose_takes_the_file() -> None:
    docker = shutil.which("docker")
    if not docker or subprocess.run([docker, "compose", "version"], capture_output=True).returncode:
        pytest.skip("`docker compose` is not installed")

    done = subprocess.run(
        [docker, "compose", "-f", COMPOSE, "config", "--quiet"],
        env={**os.environ, "MLFLOW_DB_PASSWORD": "secret"},
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr


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
    return bool(found["kind"] == "Deployment" and found["metadata"]["name"] == "mlflow")


def test_the_readme_names_the_ray_and_torch_that_nodes_need() -> None:
    readme = (CLUSTER / "README.md").read_text()
    (torch,) = re.findall(r"^TORCH +\?= (torch==\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)

    assert f'pip install {torch} "ray[default,rllib,tune]=={ray_version()}"' in readme
