"""`spacetime-rl scenarios`: list the scenarios, or show one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from spacetime_rl.cli.common import JsonOption, print_json
from spacetime_rl.cli.completion import complete_scenario
from spacetime_rl.runs.layout import schema_file

if TYPE_CHECKING:
    from rich.console import Console

    from spacetime_rl.config import RunConfig
    from spacetime_rl.game.project import ScenarioInfo
    from spacetime_rl.runs.shipped import Baseline


_NONE = "-"


def scenarios(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Show all of one scenario.", autocompletion=complete_scenario),
    ] = None,
    json_output: JsonOption = False,
) -> None:
    """List the scenarios; of one: its policies and their spaces, parameters, lessons, baselines, and the presets.

    [bold]Examples[/bold]

      spacetime-rl scenarios

      spacetime-rl scenarios vr_interaction

      spacetime-rl scenarios --json
    """
    from spacetime_rl.config import load
    from spacetime_rl.config.packaged import config_names, find_preset, preset_names, title
    from spacetime_rl.game.project import find_scenario
    from spacetime_rl.game.project import scenarios as read_scenarios
    from spacetime_rl.runs.shipped import read_baselines

    configs = {config: load(config) for config in config_names()}
    baselines = read_baselines()
    infos = read_scenarios() if name is None else [find_scenario(name)]
    found = [_describe(info, configs, [one for one in baselines if one.scenario == info.name]) for info in infos]
    presets = [{"name": preset, "description": title(find_preset(preset))} for preset in preset_names()]
    if json_output:
        print_json({"scenarios": found, "presets": presets})
    elif name is None:
        _show_all(found)
    else:
        _show_one(found[0], presets)


def _describe(scenario: ScenarioInfo, configs: dict[str, RunConfig], baselines: list[Baseline]) -> dict[str, Any]:
    from spacetime_rl.game.params import read_params

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
        "policies": {policy: space for baseline in baselines for policy, space in _spaces(baseline).items()},
        "params": [asdict(param) for param in read_params(scenario.name)],
        "baselines": {baseline.name: _overall(baseline) for baseline in baselines},
        "baseline_results": {baseline.name: _results(baseline) for baseline in baselines},
    }


def _spaces(baseline: Baseline) -> dict[str, Any]:
    """The observation fields, images and actions of each policy, from the schema of its exported file."""
    layouts = {
        policy: json.loads(schema_file(baseline.folder, policy).read_text(encoding="utf-8"))["layout"]
        for policy in baseline.policies
    }
    return {
        policy: {
            "observation": {field["name"]: field["size"] for field in layout["fields"]},
            "images": {image["name"]: image["shape"] for image in layout["images"]},
            "actions": {action["name"]: [action["kind"], action["size"]] for action in layout["actions"]},
        }
        for policy, layout in layouts.items()
    }


def _overall(baseline: Baseline) -> float | None:
    """The share of episodes in which all agents of a baseline succeeded; None if its policies are adversaries."""
    if any(", " in source for source in baseline.reports):
        return None
    rate: float | None = baseline.reports["trained"]["overall"]["episode_success_rate"]
    return rate


def _results(baseline: Baseline) -> list[dict[str, Any]]:
    """Success rates of a baseline: one for all policies, or for adversaries one per policy and its opponents."""
    meetings = {source: report for source, report in baseline.reports.items() if ", " in source}
    if not meetings:
        rate = _overall(baseline)
        return [{"policy": None, "against": None, "success_rate": rate}]
    return [
        {"policy": policy, "against": against, "success_rate": report["policies"][policy].get("success_rate")}
        for policy in baseline.policies
        for source, report in {"trained": baseline.reports["trained"], **meetings}.items()
        if (against := _opponents(policy, source, baseline.policies)) is not None
    ]


def _opponents(policy: str, source: str, policies: tuple[str, ...]) -> str | None:
    """The opponents of a trained policy in a report; None if another player plays this policy there."""
    played = dict.fromkeys(policies, "trained") | dict(part.split("=") for part in source.split(", ")[1:])
    if played[policy] != "trained":
        return None
    return ", ".join(f"{played[other]} {other}" for other in policies if other != policy)


def _show_all(found: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from spacetime_rl.console.plain import plain_console

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    table.add_column("scenario", no_wrap=True)
    for title in ("what it is", "configurations"):
        table.add_column(title)
    for scenario in found:
        plain = [name for name in scenario["configs"] if "/" not in name]  # harder ones are shown with their scenario
        table.add_row(scenario["name"], scenario["title"], "\n".join(plain))
    plain_console().print(table)
    typer.echo(
        "\nMore of one, and its harder variant: spacetime-rl scenarios NAME"
        "\nTrain one: spacetime-rl train CONFIGURATION [--preset NAME]"
    )


def _show_one(scenario: dict[str, Any], presets: list[dict[str, str]]) -> None:
    from rich.text import Text

    from spacetime_rl.console.plain import plain_console

    console = plain_console(highlight=False)
    console.print(Text.assemble((scenario["name"], "bold"), f": {scenario['title']}\n{scenario['description']}"))
    variants = [
        (v["name"], ", ".join(v["policies"]), v["description"], _listed(v["configs"])) for v in scenario["variants"]
    ]
    _table(console, ("variant", "policies", "what it is", "configurations"), variants)
    if not variants:
        console.print(f"configurations: {_listed(scenario['configs'])}")
    spaces = [
        (name, _sizes(s["observation"] | s["images"]), _sizes(s["actions"])) for name, s in scenario["policies"].items()
    ]
    _table(console, ("policy", "observes", "decides"), spaces)
    params = [(p["name"], str(p["default"]), p["room"], p["meaning"]) for p in scenario["params"]]
    _table(console, ("scenario.params.", "default", "range", "meaning"), params)
    _table(
        console, ("lesson", "what it is"), [(lesson["name"], lesson["description"]) for lesson in scenario["lessons"]]
    )
    results = [
        (name, result["policy"] or "all", result["against"] or _NONE, _percent(result["success_rate"]))
        for name, each in scenario["baseline_results"].items()
        for result in each
    ]
    _table(console, ("baseline", "policy", "against", "succeeds"), results)
    _table(console, ("--preset", "what it does"), [(preset["name"], preset["description"]) for preset in presets])


def _table(console: Console, titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for index, title in enumerate(titles):
        table.add_column(title, no_wrap=index == 0)
    for row in rows:
        table.add_row(*map(Text, row))
    console.print()
    console.print(table)


def _sizes(parts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_size(size)}" for name, size in parts.items())


def _size(size: Any) -> str:
    return " ".join(map(str, size)) if isinstance(size, list) else str(size)


def _listed(words: list[str]) -> str:
    return ", ".join(words) or _NONE


def _percent(rate: float | None) -> str:
    return _NONE if rate is None else f"{rate:.1%}"
