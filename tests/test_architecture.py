"""The laws that hold in the code's structure: where heavy libraries live, what imports what."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import spacetime_rl
from spacetime_rl import metrics
from spacetime_rl.game.project import OWN_PROJECT

PACKAGE = Path(spacetime_rl.__file__).parent
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if not path.is_relative_to(OWN_PROJECT))

# The table "Who is where" of the architecture page is the law: what each part may import, and its heavy libraries.
PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
_ROW = re.compile(r"^\| `(\w+)(?:/|\.py)` \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_NONE = "nothing"


@dataclass(frozen=True)
class Row:
    """A part of the package: the other parts and the heavy libraries that it may import."""

    part: str
    reason: str
    parts: tuple[str, ...]
    libraries: tuple[str, ...]


def read_table() -> dict[str, Row]:
    """The rows by part, from the ground up."""
    rows = [
        Row(part, reason, *(() if cell == _NONE else tuple(cell.split(", ")) for cell in cells))
        for part, reason, *cells in _ROW.findall(PAGE.read_text(encoding="utf-8"))
    ]
    return {row.part: row for row in rows}


TABLE = read_table()
LIBRARIES = (
    *("ray", "torch", "mlflow", "onnxruntime", "pyarrow", "matplotlib", "plotly", "optuna"),
    *("minari", "godot_rl", "stable_baselines3"),
)
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
# `system.py` has them for all. The guard and the fork server are programs of their own, for Linux; the others handle
# signals that Linux alone sends them.
HAS_THEM = {"host/system.py", "game/guard.py", "host/signals.py", "tuning/interrupt.py", "tuning/fork_server.py"}
HEAVY = (*LIBRARIES, "gymnasium", "pettingzoo", "onnx")
LIGHT = [
    ["spacetime_rl.cli.app"],
    ["spacetime_rl.config", "spacetime_rl.contract"],
    ["spacetime_rl.training.run", "spacetime_rl.training.reachable"],
    ["spacetime_rl.runs.layout", "spacetime_rl.metrics"],
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


def all_imports_of(module: Path) -> Iterator[str]:
    """The same with what comes `from` a package of ours: each may be a module of it."""
    yield from imports_of(module)
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("spacetime_rl"):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def dotted(module: Path) -> str:
    """A file's name as it is imported."""
    return ".".join(("spacetime_rl", *module.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


def parts_used_by(module: Path) -> set[str]:
    """The parts of the package that a file imports."""
    ours = (name.split(".") for name in all_imports_of(module) if name.startswith("spacetime_rl."))
    return {name[1] for name in ours} & set(TABLE)


def test_every_part_of_the_package_is_in_the_table_with_its_reason() -> None:
    assert set(TABLE) == {part_of(module) for module in MODULES} - {"__init__", "__main__"}


@pytest.mark.parametrize("part", TABLE)
def test_a_part_imports_what_the_table_says_and_nothing_else(part: str) -> None:
    own = [module for module in MODULES if part_of(module) == part]
    libraries = {name.partition(".")[0] for module in own for name in imports_of(module)} & set(LIBRARIES)

    used = {name for module in own for name in parts_used_by(module)} - {part, "__version__"}

    assert (used, libraries) == (set(TABLE[part].parts), set(TABLE[part].libraries))


def test_imports_go_one_way_along_the_table() -> None:
    above: set[str] = set()
    for row in TABLE.values():
        assert set(row.parts) <= above, row.part
        above.add(row.part)


@pytest.mark.parametrize("part", ["tracking", "pictures", "doctor", "cli"])
def test_a_part_that_starts_fast_imports_mlflow_and_matplotlib_late(part: str) -> None:
    late = {"mlflow", "matplotlib", "plotly", "optuna", "onnx"} | ({"ray", "torch"} if part != "tracking" else set())

    early = {str(module): imports_at_start(module) & late for module in MODULES if part_of(module) == part}

    assert {module: found for module, found in early.items() if found} == {}


def test_no_file_of_a_part_imports_itself_in_a_circle() -> None:
    """Imports for type checking count as well: a circle of types is a circle in the reader's head."""
    known = {dotted(module) for module in MODULES} - {"spacetime_rl"}  # which offers the parts
    edges = {dotted(module): known & set(all_imports_of(module)) for module in MODULES}
    try:
        TopologicalSorter(edges).prepare()
    except CycleError as circle:
        pytest.fail(" -> ".join(circle.args[1]))


def test_one_function_writes_json_so_that_no_nan_is_printed() -> None:
    """Elsewhere `json.dumps` has to say `allow_nan=True`: where a reader is to see a NaN and refuse it."""
    calls = [
        (f"{module.relative_to(PACKAGE)}:{node.lineno}", {keyword.arg for keyword in node.keywords})
        for module in MODULES
        if module.name != "plain_json.py"
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


FILES_OF_A_RUN = {
    "config.yaml", "spec.json", "versions.json", "state.json", "sweep.yaml", "progress.jsonl", "summary.json",
    "summary.md", "evaluation.json", "spacetime.json", "curriculum.json", "output.log", "traceback.log",
    "payoff.jsonl", "round_robin.jsonl",
}  # fmt: skip


def literals(module: Path) -> Iterator[str]:
    """The text constants of a file, those that begin an f-string too; no docstrings, no sentences."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " not in node.value.strip():
            yield node.value


def test_one_file_alone_spells_the_files_of_a_run() -> None:
    found = {str(module.relative_to(PACKAGE)): FILES_OF_A_RUN & set(literals(module)) for module in MODULES}

    assert {name for name, files in found.items() if files} == {"runs/layout.py"}


def test_one_file_alone_spells_the_names_of_metrics() -> None:
    """A name in a sentence, as in a help text, is none."""
    found = {
        str(module.relative_to(PACKAGE)): [text for text in literals(module) if text.startswith(metrics.GROUPS)]
        for module in MODULES
    }

    assert {name: names for name, names in found.items() if names and name != "metrics.py"} == {}


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest imports them by their names alone."""
    names = [file.name for file in Path(__file__).parent.rglob("test_*.py")]

    assert sorted(names) == sorted(set(names))
