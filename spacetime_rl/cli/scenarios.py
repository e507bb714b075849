"""`spacetime-rl scenarios`: what there is to train on."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from spacetime_rl.cli.common import JsonOption, print_json

if TYPE_CHECKING:
    from spacetime_rl.baselines.store import Baseline
    from spacetime_rl.config import RunConfig
    from spacetime_rl.game.project import ScenarioInfo


def scenarios(json_output: JsonOption = False) -> None:
    """List the scenarios with their variants, policies, lessons and configurations, and the presets.

    [bold]Examples[/bold]

      spacetime-rl scenarios
    """
    from spacetime_rl.baselines.store import read_baselines
    from spacetime_rl.config import load
    from spacetime_rl.config.packaged import config_names, find_preset, preset_names, title
    from spacetime_rl.game.project import scenarios as read_scenarios

    configs = {name: load(name) for name in config_names()}
    baselines = {baseline.name: _success(baseline) for baseline in read_baselines()}
    found = [_describe(scenario, configs) | {"baselines": {}} for scenario in read_scenarios()]
    for scenario in found:
        names = [name for name in baselines if name.partition("-")[0] in scenario["configs"]]
        scenario["baselines"] = {name: baselines[name] for name in names}
    presets = [{"name": name, "description": title(find_preset(name))} for name in preset_names()]
    if json_output:
        print_json({"scenarios": found, "presets": presets})
        return
    _show(found)
    for preset in presets:
        typer.echo(f"--preset {preset['name']:20} {preset['description']}")
    typer.echo("\nTrain one with: spacetime-rl train CONFIG [--preset NAME]")


def _success(baseline: Baseline) -> float | None:
    """The share of episodes in which every agent of the shipped policies succeeded."""
    rate: float | None = baseline.reports["trained"]["overall"]["episode_success_rate"]
    return rate


def _describe(scenario: ScenarioInfo, configs: dict[str, RunConfig]) -> dict[str, Any]:
    own = {name: config for name, config in configs.items() if config.scenario.name == scenario.name}
    return {
        "name": scenario.name,
        "title": scenario.title,
        "description": scenario.description,
        "configs": list(own),
        "lessons": [asdict(lesson) for lesson in scenario.lessons],
        "variants": [
            {
                "name": variant.name,
                "description": variant.description,
                "policies": list(variant.policies),
                "params": dict(variant.params),
                "configs": [n for n, c in own.items() if variant.params.items() <= c.scenario.params.items()],
            }
            for variant in scenario.variants
        ],
    }


def _show(found: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from spacetime_rl.console import plain_console

    console = plain_console()
    for scenario in found:
        title = Text.assemble((scenario["name"], "bold"), f": {scenario['title']}")
        table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="")
        table.add_column("CONFIG", no_wrap=True)
        for name in ("variant", "policies", "what it is"):
            table.add_column(name)
        for variant in scenario["variants"] or [scenario]:
            policies = ", ".join(variant.get("policies", []))
            table.add_row("\n".join(variant["configs"]), variant["name"], policies, variant["description"])
        console.print(table)
        for name, rate in scenario["baselines"].items():
            success = "" if rate is None else f": {rate:.1%} of the episodes succeed"
            console.print(Text.assemble("  baseline ", (name, "bold"), success))
        if scenario["lessons"]:
            console.print(f"  lessons {', '.join(lesson['name'] for lesson in scenario['lessons'])}", highlight=False)
