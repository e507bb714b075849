"""Whether the package works with other versions of what it needs than the locks have: a report of what breaks.

    python -m tests.packaging.against oldest|latest FOLDER

`oldest` takes the lower ends of pyproject.toml's ranges. `latest` takes the newest Ray, torch and MLflow whatever the
ranges say. Both make an environment in FOLDER, run the quick tests with it and write FOLDER/report.md; exit code 1
where something breaks. $TORCH names the torch to install (default: the Makefile's for `oldest`, else the newest).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from spacetime_rl.formats.markdown import table

ROOT = Path(__file__).resolve().parents[2]
QUICK = ["tests/config", "tests/envs", "tests/modules", "tests/export", "tests/tracking/test_store.py"]
QUICK += ["tests/tracking/test_names.py", "tests/learning/test_build.py", "tests/learning/test_ppo_learner.py"]
QUICK += ["tests/tuning/test_fork_server.py", "tests/tuning/test_private_ray.py"]
QUICK += [
    "tests/rollout/test_runner.py",
    "tests/rollout/test_stock_equality.py",
    "tests/packaging/test_requirements.py",
]
RELEASED = ("ray", "torch", "mlflow", "gymnasium")  # whose upper ends `latest` ignores
TOOLS = ["pytest>=8.4", "pytest-timeout>=2.4", "pytest-xdist>=3.8"]
SHOWN = (*RELEASED, "numpy", "onnx", "onnxruntime", "onnxscript", "optuna", "pydantic", "typer")


def main(kind: str, folder: Path) -> int:
    """Resolve, install, test, report; the exit code."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    python = make_environment(kind, folder)
    versions = json.loads(run([str(python), "-c", _VERSIONS, *SHOWN]).stdout)
    tests = [str(python), "-m", "pytest", "-q", "-m", "not slow", "--timeout=900", *QUICK]
    with (folder / "tests.log").open("w") as log:
        code = subprocess.run(tests, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, check=False).returncode
    (folder / "report.md").write_text(report(kind, versions, (folder / "tests.log").read_text()))
    print((folder / "report.md").read_text())
    return int(code != 0)


def make_environment(kind: str, folder: Path) -> Path:
    """A virtual environment with those versions and the tools of testing; its Python."""
    uv = str(Path(sys.executable).with_name("uv"))
    python = folder / "venv" / "bin" / "python"
    torch = os.environ.get("TORCH") or ("torch" if kind == "latest" else pinned_torch())
    run([sys.executable, "-m", "venv", str(folder / "venv")])
    run([str(python), "-m", "pip", "install", "-q", torch])
    installed = run([str(python), "-c", "import torch; print(torch.__version__.split('+')[0])"]).stdout.strip()
    overrides = folder / "overrides.txt"
    overrides.write_text("\n".join(overridden(kind, installed)) + "\n")
    resolution = ["--resolution", "lowest-direct"] if kind == "oldest" else []
    run(
        [
            uv,
            "pip",
            "install",
            "-q",
            "--python",
            str(python),
            "--override",
            str(overrides),
            *resolution,
            "-e",
            ".",
            *TOOLS,
        ]
    )
    return python


def overridden(kind: str, torch: str) -> list[str]:
    """What is asked for in place of pyproject.toml's line. torch stays as it was installed, CPU or CUDA."""
    lines = [f"torch=={torch}"]
    if kind == "latest":
        open_ended = set(RELEASED) - {"torch"}
        lines += [re.sub(r",<[\d.]+", "", line) for line in requirements() if re.split(r"[\[>]", line)[0] in open_ended]
    return lines


def requirements() -> list[str]:
    """The lines of pyproject.toml."""
    return list(tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"])


def pinned_torch() -> str:
    """The torch that `make setup` installs."""
    return re.findall(r"torch==[\d.]+", (ROOT / "Makefile").read_text())[0]


def report(kind: str, versions: dict[str, str], log: str) -> str:
    """The page: versions beside those of the lock, and the tests that failed."""
    locked = dict(re.findall(r"^([\w.-]+)==([\w.]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    locked["torch"] = pinned_torch().partition("==")[2]
    rows = [[name, locked.get(name, "-"), versions[name]] for name in SHOWN]
    broken = re.findall(r"^(?:FAILED|ERROR) (.*)$", log, re.MULTILINE)
    result = log.strip().splitlines()[-1] if log.strip() else "no test ran"
    lines = [f"# {kind} versions", "", table(["package", "lock", kind], rows), "", f"{result}", ""]
    return "\n".join([*lines, *(f"- {line}" for line in broken), ""])


def run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a step; where it fails, its output is shown and the program ends with 3."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"{' '.join(command[:6])} …: exit code {done.returncode}\n{done.stdout}{done.stderr}", file=sys.stderr)
        sys.exit(3)
    return done


_VERSIONS = (
    "import json, sys; from importlib.metadata import version; print(json.dumps({n: version(n) for n in sys.argv[1:]}))"
)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]).resolve()))
