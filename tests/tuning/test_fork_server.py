"""Ray's workers are forked from one process that has imported everything, and behave as if started on their own."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from spacetime_rl.tuning import fork_worker, private_ray
from spacetime_rl.tuning.fork_server import ForkServer

PROGRAM = """
import os, signal, sys
print(sys.argv[1], os.environ.get("COLOUR"), os.getcwd(), "torch" in sys.modules, flush=True)
if sys.argv[1] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "raise":
    raise ValueError("a mistake")
sys.exit(int(sys.argv[1]))
"""


class Node:
    """Starts workers as Ray's node does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "worker.py"
        self.program.write_text(PROGRAM)
        (folder / "setup_worker.py").write_text("import sys; print('by Ray', *sys.argv[1:2], sys.argv[3])")

    def start(self, *arguments: str, language: str = "PYTHON", **context: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, fork_worker.__file__, "-s", str(self.program), *arguments]
        command += [f"--temp-dir={self.folder}", f"--language={language}"]
        command.append(f"--serialized-runtime-env-context={json.dumps(context)}")
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=120)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("forks")
    server = ForkServer(Path("/tmp"))
    server.serve(folder)
    yield Node(folder)
    server.close()


def test_a_forked_program_has_its_own_arguments_environment_and_folder(node: Node) -> None:
    done = node.start("0", env_vars={"COLOUR": "green"})
    assert (done.returncode, done.stdout.split()) == (0, ["0", "green", str(node.folder), "True"]), done.stderr


@pytest.mark.parametrize(("argument", "code"), [("3", 3), ("die", 128 + 9), ("raise", 1)])
def test_its_end_is_reported_to_the_node(node: Node, argument: str, code: int) -> None:
    done = node.start(argument)
    assert done.returncode == code
    assert ("ValueError: a mistake" in done.stderr) == (argument == "raise")


@pytest.mark.parametrize(
    "context",
    [
        {"env_vars": {"PYTHONPATH": "/somewhere"}},
        {"py_executable": "/usr/bin/python3"},
        {"command_prefix": ["nice"]},
        {"override_worker_entrypoint": "/other.py"},
        {"language": "JAVA"},
    ],
    ids=lambda context: next(iter(context)),
)
def test_ray_starts_workers_that_need_another_interpreter(node: Node, context: dict[str, object]) -> None:
    assert node.start("0", **context).stdout == "by Ray -s 0\n"  # type: ignore[arg-type]


def test_ray_starts_the_workers_of_another_node(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    node.start("0")
    monkeypatch.setenv("RAY_RAYLET_PID", "1")
    assert node.start("0").stdout == "by Ray -s 0\n"


def test_ray_starts_workers_when_there_is_no_fork_server(tmp_path: Path) -> None:
    assert Node(tmp_path).start("0").stdout == "by Ray -s 0\n"


def test_a_machine_where_it_cannot_start_is_no_error_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> ForkServer:
        raise OSError("no space left on device")

    monkeypatch.setattr(private_ray, "ForkServer", fail)
    private_ray.prepare()
    assert private_ray._prepared == []


def test_workers_of_a_private_ray_are_forked_and_draw_numbers_of_their_own(ray_cluster: None) -> None:
    import ray

    @ray.remote(num_cpus=1)
    class Worker:
        def look(self) -> tuple[list[str], bool, float]:
            parent = psutil.Process(os.getppid())
            return parent.cmdline(), "spacetime_rl.rollout.runner" in sys.modules, random.random()

    workers = [Worker.remote() for _ in range(2)]  # type: ignore[attr-defined]
    (one, imported, first), (_, _, second) = ray.get([worker.look.remote() for worker in workers], timeout=120)
    for worker in workers:
        ray.kill(worker)
    assert any("fork_server" in word for word in one)
    assert imported
    assert first != second
