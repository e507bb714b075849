"""Where these scripts keep runs and policies, from the folder in which they are started."""

from __future__ import annotations

from pathlib import Path

SCENARIO = "vr_locomotion"
LOGS = Path("rl_training/logs")
MODELS = Path("rl_training/models")


def final_model(experiment: str) -> Path:
    """The folder of an experiment's trained policies."""
    return MODELS / f"{experiment}_final"


def model_folder(model: Path) -> Path:
    """The folder of a model that is named as a file: the guide's `NAME_final.zip` is a folder of ONNX files here."""
    folder = model.with_suffix("")
    return folder if not model.exists() and folder.is_dir() else model
