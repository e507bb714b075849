"""The laws that hold in the code's structure: where heavy libraries live, what imports what."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import spacetime_rl
from spacetime_rl.game.project import OWN_PROJECT

PACKAGE = Path(spacetime_rl.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(OWN_PROJECT))

# A heavy library and the parts of the package that may import it.
HOMES = {
    "ray": {"envs", "rollout", "modules", "training", "jobs", "export", "tracking", "doctor", "bench"},
    "mlflow": {"tracking"},
    "torch": {"modules", "rollout", "training", "export", "bench"},
    "onnxruntime": {"export", "evaluation"},
    "matplotlib": {"tracking", "bench", "pictures"},
    "plotly": {"pictures"},
    "optuna": {"pictures"},
    "godot_rl": {"bench"},
    "stable_baselines3": {"bench"},
}
# Parts at the bottom, and all they may know of the rest of the package.
KNOWS = {
    "config": {"errors", "plain_json"},
    "system": {"errors"},
    "plain_json": set(),
    "game": {"errors", "locks", "machine_limits", "notices", "plain_json", "scratch", "system"},
    "contract": {"errors", "config", "game"},
}
# What macOS or Windows does not have: modules, and attributes of `os`, `signal` and `select`.
NOT_EVERYWHERE = {
    "modules": {"fcntl", "resource", "pwd", "grp", "termios", "tty", "pty"},
    "os": {"O_CLOEXEC", "O_NONBLOCK", "fork", "getloadavg", "getpgid", "getuid", "geteuid", "killpg", "mkfifo", "nice",
           "pidfd_open", "pipe2",
           "register_at_fork", "sched_getaffinity", "sched_setaffinity", "sched_setscheduler", "setpgid", "setsid",
           "statvfs", "uname", "wait4", "waitid"},
    "signal": {"SIGALRM", "SIGCHLD", "SIGCONT", "SIGHUP", "SIGKILL", "SIGQUIT", "SIGSTOP", "SIGUSR1", "SIGUSR2",
               "alarm", "pthread_kill", "pthread_sigmask", "setitimer", "sigwait"},
    "select": {"epoll", "poll"},
}  # fmt: skip
# `system.py` has them for all. The guard is a script of its own; the others handle signals that Linux alone sends them.
HAS_THEM = {"system.py", "game/guard.py", "signals.py", "training/interrupt.py"}
HEAVY = (*HOMES, "gymnasium", "pettingzoo", "onnx")
LIGHT = [
    ["spacetime_rl.cli.app"],
    ["spacetime_rl.config", "spacetime_rl.contract"],
    ["spacetime_rl.training.run", "spacetime_rl.training.reachable"],
    [f"spacetime_rl.game.{path.stem}" for path in (PACKAGE / "game").glob("*.py") if path.stem != "__init__"],
]


def part_of(module: Path) -> str:
    """The part a file belongs to: `config`, `game`, ..., or its own name at the top level."""
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(module: Path) -> Iterator[str]:
    """Everything a file imports, at its top or inside a function."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def imports_at_start(module: Path) -> set[str]:
    """The top-level packages that a file imports as soon as it is imported itself."""
    found: set[str] = set()
    for node in ast.parse(module.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def parts_used_by(module: Path) -> set[str]:
    ours = (name.split(".") for name in imports_of(module) if name.startswith("spacetime_rl."))
    return {name[1] for name in ours}


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_has_one_home(library: str) -> None:
    strangers = [
        str(module.relative_to(PACKAGE))
        for module in MODULES
        if library in {name.partition(".")[0] for name in imports_of(module)} and part_of(module) not in HOMES[library]
    ]

    assert strangers == []


@pytest.mark.parametrize("part", ["tracking", "pictures", "doctor", "cli"])
def test_a_part_that_starts_fast_imports_mlflow_and_matplotlib_late(part: str) -> None:
    late = {"mlflow", "matplotlib", "plotly", "optuna", "onnx"} | ({"ray", "torch"} if part != "tracking" else set())

    early = {str(module): imports_at_start(module) & late for module in MODULES if part_of(module) == part}

    assert {module: found for module, found in early.items() if found} == {}


@pytest.mark.parametrize("part", KNOWS)
def test_a_part_at_the_bottom_knows_only_what_is_below_it(part: str) -> None:
    used = {name for module in MODULES if part_of(module) == part for name in parts_used_by(module)}

    assert used - KNOWS[part] - {part} == set()


def test_one_function_writes_json_so_that_no_nan_is_printed() -> None:
    """Elsewhere `json.dumps` has to say `allow_nan=True`: where a reader is to see a NaN and refuse it."""
    calls = [
        (f"{module.relative_to(PACKAGE)}:{node.lineno}", {keyword.arg for keyword in node.keywords})
        for module in MODULES
        if part_of(module) != "plain_json"
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("json.dumps", "json.dump", "dumps", "dump_json")
    ]

    assert [place for place, keywords in calls if "allow_nan" not in keywords] == []


def test_nothing_imports_the_command_line() -> None:
    assert [str(m) for m in MODULES if part_of(m) not in ("cli", "__main__") and "cli" in parts_used_by(m)] == []


def not_everywhere(module: Path) -> Iterator[str]:
    """What a file uses that not every system has."""
    yield from NOT_EVERYWHERE["modules"] & {name.partition(".")[0] for name in imports_of(module)}
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner = node.value.id
            yield from {f"{owner}.{name}" for name in NOT_EVERYWHERE.get(owner, set()) & {node.attr}}


def test_one_file_alone_uses_what_not_every_system_has() -> None:
    found = {str(module.relative_to(PACKAGE)): set(not_everywhere(module)) for module in MODULES}

    assert {name: used for name, used in found.items() if used and name not in HAS_THEM} == {}


@pytest.mark.parametrize("modules", LIGHT, ids=lambda modules: str(modules[0]))
def test_a_light_part_loads_no_heavy_library(modules: list[str]) -> None:
    code = f"import json, sys, {', '.join(modules)}; print(json.dumps(sorted(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert set(json.loads(done.stdout)) & set(HEAVY) == set()


def test_every_file_says_in_its_first_line_why_it_exists() -> None:
    assert [str(module) for module in MODULES if not ast.get_docstring(ast.parse(module.read_text()))] == []
