"""Settings of a file that do not go with what is laid over it: another algorithm, or other demonstrations."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from spacetime_rl.config.algorithms import ALL, REPLAYING, readers
from spacetime_rl.config.document import Document
from spacetime_rl.config.imitation import SCRIPT
from spacetime_rl.config.policy import PolicyTrainingConfig, TrainingConfig

Path = tuple[str, ...]


def lay_over(below: Document, above: Document) -> Document:
    """One document over another, of which the number of recorded episodes goes if `above` imitates something else."""
    ours, theirs = (_mapping(document.data.get("imitation")) for document in (above, below))
    if "from" in ours and "episodes" in theirs and "episodes" not in ours and not _records_script(ours["from"]):
        below = replace(below, data=_without(below.data, [("imitation", "episodes")]))
    return below.under(above)


def leave_out_foreign(files: Document, overrides: Document) -> tuple[Document, str]:
    """Of files, what goes with the `algorithm` that overrides choose, and a sentence that lists what was left out.

    What the overrides set themselves is never left out: where that does not go with the algorithm, it is a mistake.
    """
    algorithm, own = overrides.data.get("algorithm"), files.data.get("algorithm", "PPO")
    if algorithm not in ALL or own not in ALL or algorithm == own:
        return files, ""
    paths = list(_foreign(files.data, algorithm))
    if not paths:
        return files, ""
    listed = ", ".join(".".join(path) for path in paths)
    note = f"algorithm={algorithm}: left out of the file's settings, which {own} reads or made: {listed}"
    return replace(files, data=_without(files.data, paths)), note


def _foreign(data: dict[str, Any], algorithm: Any) -> Iterator[Path]:
    sections: dict[Path, type[PolicyTrainingConfig]] = {("training",): TrainingConfig}
    sections |= {("policies", name, "training"): PolicyTrainingConfig for name in _mapping(data.get("policies"))}
    for path, model in sections.items():
        for key, value in _mapping(_at(data, path)).items():
            if key in model.model_fields and value is not None and algorithm not in readers(model, key):
                yield (*path, key)
    if algorithm != "PPO" and _at(data, ("rollout", "overlap")) is True:
        yield "rollout", "overlap"
    if algorithm in REPLAYING:
        yield from _of_on_policy_networks(data)
    if data.get("initialize_from") is not None:  # weights of another network
        yield ("initialize_from",)
        if data.get("reset_exploration"):
            yield ("reset_exploration",)


def _of_on_policy_networks(data: dict[str, Any]) -> Iterator[Path]:
    models: list[Path] = [("model",), *(("policies", name, "model") for name in _mapping(data.get("policies")))]
    for model in models:
        if _at(data, (*model, "share_trunk")) is True:
            yield (*model, "share_trunk")
        if _at(data, (*model, "lstm")) is not None:
            yield (*model, "lstm")


def _records_script(sources: object) -> bool:
    return SCRIPT in (sources if isinstance(sources, list) else [sources])


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _at(data: dict[str, Any], path: Path) -> Any:
    for step in path[:-1]:
        data = _mapping(data.get(step))
    return data.get(path[-1])


def _without(data: dict[str, Any], paths: list[Path]) -> dict[str, Any]:
    rest = copy.deepcopy(data)
    for path in paths:
        section = rest if len(path) == 1 else _at(rest, path[:-1])
        del section[path[-1]]
    return rest
