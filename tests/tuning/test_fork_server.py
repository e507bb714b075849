"""Ray's workers are forked from one process that has imported everything, and behave as if started on their own."""

from __future__ import annotations

import json
import os
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryFile

import psutil
import pytest

from spacetime_rl.tuning import fork_worker, private_ray
from spacetime_rl.tuning.fork_server import ForkServer

PROGRAM = """
import os, signal, sys
print(file=open("started", "a"))
print(sys.argv[1], os.environ.get("COLOUR"), os.getcwd(), "torch" in sys.modules, flush=True)
if sys.argv[1] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "raise":
    raise ValueError("a mistake")
sys.exit(int(sys.argv[1]))
"""

START = """
import sys
from spacetime_rl.tuning import fork_worker
fork_worker.ANSWER_S = {}
sys.exit(fork_worker.main(sys.argv[1:]))
"""


class Node:
    """Starts workers as Ray's node does."""

    def __init__(self, folder: Path, server: ForkServer | None = None) -> None:
        self.folder = folder
        self.server = psutil.Process(server._process.pid) if server is not None else None
        self.program = folder / "worker.py"
        self.program.write_text(PROGRAM)
        (folder / "setup_worker.py").write_text("import sys; print('by Ray', *sys.argv[1:2], sys.argv[3])")

    def start(
        self, *arguments: str, language: str = "PYTHON", answer_s: float = fork_worker.ANSWER_S, **context: object
    ) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", START.format(answer_s), "-s", str(self.program), *arguments]
        command += [f"--temp-dir={self.folder}", f"--language={language}"]
        command.append(f"--serialized-runtime-env-context={json.dumps(context)}")
        # Into files, as with Ray's node: a stuck server would hold a pipe open.
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            done = subprocess.run(command, cwd=self.folder, stdout=out, stderr=err, timeout=120)
            out.seek(0)
            err.seek(0)
            return subprocess.CompletedProcess(command, done.returncode, out.read(), err.read())

    def started(self) -> int:
        return len((self.folder / "started").read_text().splitlines())


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("forks")
    server = ForkServer(Path("/tmp"))
    server.serve(folder)
    yield Node(folder, server)
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
        {"env_vars": {"OMP_NUM_THREADS": "3"}},
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


def test_the_server_has_one_thread_when_it_forks(node: Node) -> None:
    node.start("0")
    assert node.server is not None
    assert node.server.num_threads() == 1


def test_ray_starts_the_workers_of_a_stuck_server_which_starts_none_of_them_later(node: Node) -> None:
    node.start("0")
    so_far = node.started()
    assert node.server is not None
    node.server.suspend()
    try:
        assert node.start("0", answer_s=0.5).stdout == "by Ray -s 0\n"
    finally:
        node.server.resume()
    assert node.start("0").returncode == 0
    assert node.started() == so_far + 1


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


def test_two_forked_workers_never_give_one_id_to_two_objects(ray_cluster: None) -> None:
    import ray

    @ray.remote(num_cpus=0.5)
    class Worker:
        def put(self, value: int) -> tuple[str, int]:
            with ThreadPoolExecutor() as pool:  # what a thread puts gets a random id, an actor's own thread counts
                reference = pool.submit(ray.put, value).result()
                return reference.hex(), ray.get(reference)

    workers = [Worker.remote() for _ in range(4)]  # type: ignore[attr-defined]
    found = ray.get([worker.put.remote(value) for value, worker in enumerate(workers)], timeout=120)
    for worker in workers:
        ray.kill(worker)
    assert len({name for name, _ in found}) == 4
    assert [value for _, value in found] == [0, 1, 2, 3]


def test_a_server_whose_workers_would_draw_the_same_ids_ends_and_ray_starts_them(tmp_path: Path) -> None:
    seeded = "from ray import UniqueID; UniqueID.from_random()"
    code = "import sys; from spacetime_rl.tuning import fork_server as s; s.WITH_RAY = ('seeds_it',); s.main(%d)"
    (tmp_path / "seeds_it.py").write_text(seeded)
    node = Node(tmp_path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / fork_worker.SOCKET))
        listener.listen()
        environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
        command = [sys.executable, "-c", code % listener.fileno()]
        server = subprocess.Popen(command, stdin=subprocess.PIPE, pass_fds=[listener.fileno()], env=environment)
    with server:
        assert node.start("0").stdout == "by Ray -s 0\n"
        assert server.wait(timeout=60) == 0
