"""A scenario is a folder, configurations, Godot tests, a scripted player, a human mode and a baseline; nothing less."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from spacetime_rl.config import load
from spacetime_rl.config.packaged import config_names
from spacetime_rl.game.project import OWN_PROJECT, scenarios
from spacetime_rl.runs.shipped import read_baselines

SCENARIOS = sorted(path for path in (OWN_PROJECT / "scenarios").iterdir() if path.is_dir())
MEASURING = {"bench"}  # made to be fast, not to be learned
every_scenario = pytest.mark.parametrize("folder", SCENARIOS, ids=lambda path: path.name)
every_learned_one = pytest.mark.parametrize(
    "folder", [path for path in SCENARIOS if path.name not in MEASURING], ids=lambda path: path.name
)


@every_scenario
def test_a_scenario_has_a_scene_a_configuration_for_every_variant_and_a_godot_test(folder: Path) -> None:
    (info,) = [scenario for scenario in scenarios() if scenario.name == folder.name]
    configs = [config for name in config_names() if (config := load(name)).scenario.name == info.name]

    assert (OWN_PROJECT / info.scene.removeprefix("res://")).is_file()
    assert configs, f"no configuration in rllib_configs/ trains {info.name}"
    for variant in info.variants:
        assert any(variant.params.items() <= config.scenario.params.items() for config in configs), (
            f"no configuration in rllib_configs/ trains {info.name}, variant {variant.name}"
        )
    tests = (OWN_PROJECT / "tests").rglob("test_*.gd")
    assert any(info.name in str(test.relative_to(OWN_PROJECT)) for test in tests), f"{info.name} has no Godot test"


@every_scenario
def test_every_agent_of_a_scenario_can_be_played_by_its_script_and_by_a_person(folder: Path) -> None:
    agents = agents_of(folder)

    lacking = {
        f"{agent.name}: {method}"
        for agent in agents
        for method in ("_heuristic", "_human")
        if not any(re.search(rf"^func {method}\(", text_of(script), re.MULTILINE) for script in ancestry(agent))
    }

    assert agents, f"{folder.name}: no script that extends RLAgent"
    assert lacking == set()


@every_learned_one
def test_a_scenario_has_a_baseline_for_every_configuration_that_trains_it(folder: Path) -> None:
    configs = {name for name in config_names() if load(name).scenario.name == folder.name}
    shipped = {baseline.name for baseline in read_baselines() if baseline.scenario == folder.name}

    missing = configs - shipped

    assert not missing, "; ".join(f"make baseline SCENARIO={name}" for name in sorted(missing))


def agents_of(folder: Path) -> list[Path]:
    """The scripts of agents that a scenario uses: its own and the shared ones; no base classes of others."""
    found = used_by(folder)
    agents = {script for script in found if "RLAgent" in [parent_of(other) for other in ancestry(script)]}
    bases = {base for agent in agents for base in ancestry(agent)[1:]}
    return sorted(agents - bases)


def used_by(folder: Path) -> set[Path]:
    """All scripts outside of the addon that a scenario's files mention, by class or by path, directly or not."""
    reached: set[Path] = set()
    waiting = [path for path in folder.rglob("*") if path.suffix in (".gd", ".tscn", ".tres")]
    while waiting:
        path = waiting.pop()
        reached.add(path)
        waiting += [other for other in mentioned_in(path) if other not in reached]
    return {path for path in reached if path.suffix == ".gd"}


def mentioned_in(path: Path) -> list[Path]:
    text = text_of(path)
    words = set(re.findall(r"\w+", text))
    by_path = [OWN_PROJECT / name for name in re.findall(r"res://([\w/]+\.(?:gd|tscn))", text)]
    by_class = [script for name, script in classes().items() if name in words]
    return [p for p in (*by_path, *by_class) if p.is_file() and OWN_PROJECT / "addons" not in p.parents]


def ancestry(script: Path) -> list[Path]:
    """A script and those it extends, the nearest first, without the addon's."""
    found = [script]
    while (base := classes().get(parent_of(found[-1]))) is not None and OWN_PROJECT / "addons" not in base.parents:
        found.append(base)
    return found


def parent_of(script: Path) -> str:
    match = re.search(r"^extends (\w+)", text_of(script), re.MULTILINE)
    return match[1] if match else ""


@cache
def classes() -> dict[str, Path]:
    """Scripts by their class name."""
    scripts = [path for part in ("addons", "scenarios", "shared") for path in (OWN_PROJECT / part).rglob("*.gd")]
    named = [(re.search(r"^class_name (\w+)", text_of(script), re.MULTILINE), script) for script in scripts]
    return {match[1]: script for match, script in named if match}


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")
