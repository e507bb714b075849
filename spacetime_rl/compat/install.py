"""Puts the scripts into a project. They are thin: each calls this package, so that its updates reach them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.errors import UsageError

MARK = "Installed by `spacetime-rl controller`"
_THIN = '''#!/usr/bin/env python3
"""{what}. {mark}; the package does the work."""

import sys

try:
    from spacetime_rl.compat.{module} import main
except ModuleNotFoundError as error:
    if not (error.name or "").startswith("spacetime_rl"):
        raise
    sys.exit(
        f"ERROR: {{sys.executable}} has no {{error.name}}: start this script with the Python that spacetime-rl is "
        "installed in, or install it in this one: pip install -U spacetime-rl"
    )

if __name__ == "__main__":
    raise SystemExit(main())
'''


@dataclass(frozen=True, slots=True)
class Script:
    """A script: where a project has it, the module that does the work, and what it does."""

    path: str
    module: str
    what: str

    def text(self) -> str:
        """The file's content. The check of the environment has to run without the package, so it is copied whole."""
        if self.module == "check_py_env":
            return (Path(__file__).parent / "check_py_env.py").read_text(encoding="utf-8")
        return _THIN.format(what=self.what, mark=MARK, module=self.module)


SCRIPTS = (
    Script("stable_baselines3_training_script.py", "sb3_training", "Trains one policy with Stable-Baselines3"),
    Script("rllib_training_script.py", "rllib_training", "Trains the policies that a YAML file describes with RLlib"),
    Script("scripts/ml/train_vr_navigation.py", "vr_training", "Trains and evaluates policies of vr_navigation"),
    Script("scripts/ml/rl_config.py", "vr_config", "Writes an example of train_vr_navigation.py's JSON file"),
    Script("convert_sb3_to_onnx.py", "convert_sb3", "Converts a model of Stable-Baselines3 to ONNX"),
    Script("convert_rllib_to_onnx.py", "convert_rllib", "Converts the policies of an RLlib checkpoint to ONNX"),
    Script("check_py_env.py", "check_py_env", "Reports which packages this Python has"),
    Script("demo.py", "demo", "Prints what a short training would print"),
    Script("rl_training/train_vr_locomotion.py", "rl_training.train_vr_locomotion", "Trains an agent of vr_locomotion"),
    Script("rl_training/test_vr_locomotion.py", "rl_training.test_vr_locomotion", "Shows trained policies in a window"),
    Script("rl_training/evaluate_model.py", "rl_training.evaluate_model", "Plays episodes and writes their figures"),
    Script("rl_training/check_regression.py", "rl_training.check_regression", "Compares two evaluations' figures"),
    Script(
        "rl_training/validate_training_metrics.py",
        "rl_training.validate_training_metrics",
        "Compares a training's figures with bounds",
    ),
    Script("rl_training/generate_report.py", "rl_training.generate_report", "Writes figures as a page of Markdown"),
)


def install(folder: Path, force: bool = False) -> list[Path]:
    """Write all scripts into a project's folder, in place of earlier versions of them.

    Raises UsageError where there is no folder, or where a file of the same name is not one of these scripts; with
    `force` such files are replaced.
    """
    if not folder.is_dir():
        raise UsageError(f"controller: {folder}: expected the folder of a project")
    foreign = [script.path for script in SCRIPTS if _is_foreign(folder / script.path)]
    if foreign and not force:
        raise UsageError(
            f"controller: {folder} has other files of these names: {', '.join(foreign)}; move them, or replace them "
            "with --force"
        )
    written = []
    for script in SCRIPTS:
        file = folder / script.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(script.text(), encoding="utf-8")
        file.chmod(0o755)
        written.append(file)
    return written


def _is_foreign(file: Path) -> bool:
    return file.exists() and not (file.is_file() and MARK in file.read_text(encoding="utf-8", errors="replace"))
