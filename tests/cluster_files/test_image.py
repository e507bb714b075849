"""What cluster/Dockerfile builds is whole, small and no root's business, as far as that is seen without building it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "cluster" / "Dockerfile").read_text()
LINES = DOCKERFILE.splitlines()
MAKEFILE = (ROOT / "Makefile").read_text()
MLFLOW = ROOT / "cluster" / "mlflow"


def copied() -> list[str]:
    lines = [line for line in LINES if line.startswith("COPY ") and "--from" not in line]
    return [word for line in lines for word in line.split()[1:-1]]


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(line).name) for line in requirements}


def lock(name: str) -> list[str]:
    return (ROOT / name).read_text().splitlines()


def mlflow_pod() -> dict[str, Any]:
    found = yaml.safe_load_all((MLFLOW / "kubernetes.yaml").read_text())
    (server,) = [d for d in found if d["kind"] == "Deployment" and d["metadata"]["name"] == "mlflow"]
    return dict(server["spec"]["template"]["spec"])


def test_the_image_is_built_from_what_is_there() -> None:
    shipped = set((ROOT / ".dockerignore").read_text().split())

    assert copied()
    for path in copied():
        assert (ROOT / path).exists()
        assert f"!{path.split('/')[0]}" in shipped


def test_no_link_of_the_image_points_to_what_was_left_behind() -> None:
    folders = [ROOT / path for path in copied()]
    links = [link for folder in folders if folder.is_dir() for link in folder.rglob("*") if link.is_symlink()]

    assert links
    for link in links:
        assert any(link.resolve().is_relative_to(folder) for folder in folders), link


def test_whoever_runs_it_is_not_root() -> None:
    users = [line for line in LINES if line.startswith("USER ")]

    assert users == ["USER player"]
    assert LINES.index("USER player") > max(i for i, line in enumerate(LINES) if line.startswith("FROM "))


def test_the_image_has_the_versions_of_a_checkout() -> None:
    for pin in (r"torch==[\d.]+", r"uv==[\d.]+"):
        assert re.findall(pin, DOCKERFILE)[-1] == re.findall(pin, MAKEFILE)[0]


def test_no_tool_of_development_is_in_the_image() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    tools = names(pyproject["dependency-groups"]["dev"])

    assert not tools & names(lock("requirements.lock"))
    assert tools <= names(lock("requirements-dev.lock"))
    assert names(pyproject["project"]["dependencies"]) - {"torch"} <= names(lock("requirements.lock"))
    assert "requirements-dev" not in DOCKERFILE
    assert "-r requirements.lock -r requirements-dev.lock" in MAKEFILE


def test_packages_are_compiled_where_they_can_be_written() -> None:
    (install,) = [line for line in LINES if "-r requirements.lock" in line]

    assert "--compile-bytecode" in install
    assert DOCKERFILE.count("SOURCE_DATE_EPOCH=") == 2  # known by hash in both stages: layers round times


def test_a_login_shell_finds_what_any_other_finds() -> None:
    (path,) = re.findall(r"^ENV PATH=(\S+)", DOCKERFILE, re.MULTILINE)

    assert f"echo 'PATH={path}' > /etc/profile.d/" in DOCKERFILE


def test_every_folder_that_is_mounted_is_the_users_of_the_image() -> None:
    compose = yaml.safe_load((MLFLOW / "compose.yaml").read_text())["services"]["server"]
    mounted = {volume.split(":")[1] for volume in compose["volumes"]} | {"/results"}
    (made,) = re.findall(r"install -d -o player ([^&\n\\]+)", DOCKERFILE)

    assert mounted <= set(made.split())
    assert mlflow_pod()["securityContext"] == {"runAsNonRoot": True, "runAsUser": 1000, "fsGroup": 1000}
