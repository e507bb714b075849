"""The figures in docs/performance.md, from `bench.json` files.

`python -m spacetime_rl.bench.page docs/performance.md results/bench/*/bench.json` writes them between the page's marks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spacetime_rl.bench.report import MEASURED, RATIOS, TO_CORES
from spacetime_rl.formats.markdown import continued, fill, table, wrapped
from spacetime_rl.metrics import PARTS

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
_NOTHING = "\N{EN DASH}"
_SHORT = ("limit", "bridge", "sampling", "learning", "training", "godot-rl client", "godot-rl + SB3", "RLlib's runner")

Document = Mapping[str, Any]


def figures(documents: Sequence[Document]) -> str:
    """Tables with a row for each document, and the machine, settings and commands of the measurements."""
    blocks = [_machine(documents), _speeds(documents), _ratios(documents), _costs(documents), _alone(documents[0])]
    blocks += [_scaling(document) for document in documents if document["scaling"]]
    return "\n\n".join([*blocks, _commands(documents)])


def update(page: str, documents: Sequence[Document]) -> str:
    """The page with new figures between its marks."""
    return fill(page, BEGIN, END, figures(documents))


def _machine(documents: Sequence[Document]) -> str:
    machine = documents[0]["machine"]
    versions = machine["versions"]
    names = ("godot", "python", "ray", "torch", "numpy")
    listed = ", ".join(f"{name} {versions[name]}" for name in names)
    where = f"{machine['cpu']}, {machine['cores']} cores, {machine['memory_gb']} GB, {machine['system']}; {listed}."
    settings = documents[0]["settings"]
    network = " x ".join(map(str, settings["hiddens"]))
    batch = f"batch {settings['train_batch_size']}, minibatch {settings['minibatch_size']}"
    epochs = f", {settings['num_epochs']} epochs" if settings["num_epochs"] else ""
    how = f"{settings['algorithm']}: {batch}{epochs}, network {network}; {settings['runners']} runners."
    return wrapped(f"{where} {how}")


def _speeds(documents: Sequence[Document]) -> str:
    rows = [[_case(d), *(_speed(d, name) for name in MEASURED)] for d in documents]
    return "Agent-steps a second, medians:\n\n" + table(["case", *_SHORT], rows)


def _ratios(documents: Sequence[Document]) -> str:
    names = (*RATIOS, TO_CORES)
    rows = [[_case(d), *(_number(d["ratio"][name], 2) for name in names), _shares(d)] for d in documents]
    return table(["case", *(f"`{name}`" for name in names), "time of training"], rows)


def _costs(documents: Sequence[Document]) -> str:
    known = [document for document in documents if document["us_per_agent_tick"]]
    if not known:
        return "A stock game does not tell where its time goes."
    sections = list(known[0]["us_per_agent_tick"])
    rows = [
        [
            _case(d),
            *(_number(d["us_per_agent_tick"][section], 2) for section in sections),
            *(_number(d["memory_mb"][name], 0) for name in ("game", "runner_and_games")),
        ]
        for d in known
    ]
    heads = ["case", *(f"{section}, µs" for section in sections), "game, MB", "runner and games, MB"]
    return "Microseconds an agent and tick, by what they are spent on, and memory:\n\n" + table(heads, rows)


def _alone(document: Document) -> str:
    rows = [
        [str(row["agents"]), _number(row["agent_steps_per_s"], 0), _number(row["us_per_agent_step"], 1)]
        for row in document["runner_alone"]
    ]
    head = ["agents", "agent-steps a second", "µs an agent-step"]
    return "The env runner on a game that costs nothing:\n\n" + table(head, rows)


def _scaling(document: Document) -> str:
    cells = document["scaling"]
    columns = sorted({(cell["runners"], cell["games"]) for cell in cells})
    speeds = {(c["agents"], c["runners"], c["games"]): c["agent_steps_per_s"] for c in cells}
    rows = [
        [str(agents), *(_number(speeds[agents, *column], 0) for column in columns)]
        for agents in sorted({cell["agents"] for cell in cells})
    ]
    heads = ["agents a game", *(f"{runners} runners x {games} games" for runners, games in columns)]
    heads = [head.replace("1 runners", "1 runner").replace("1 games", "1 game") for head in heads]
    repeat = document["settings"]["action_repeat"] or _NOTHING
    return f"How sampling scales at {repeat} ticks a decision, agent-steps a second:\n\n" + table(heads, rows)


def _commands(documents: Sequence[Document]) -> str:
    return "Measured with:\n\n```\n" + "\n".join(continued(document["command"]) for document in documents) + "\n```"


def _case(document: Document) -> str:
    settings = document["settings"]
    games = f", {n} games" if (n := settings["games_per_runner"]) > 1 else ""
    return f"{document['target']}, {settings['agents']} agents, repeat {settings['action_repeat'] or _NOTHING}{games}"


def _shares(document: Document) -> str:
    return ", ".join(f"{part} {document['shares'][part]:.0%}" for part in PARTS if part in document["shares"])


def _speed(document: Document, name: str) -> str:
    speed = _number(document[name] and document[name]["agent_steps_per_s"], 0)
    setting = document["settings"].get(name)  # the best setting of a peer for which several were tried
    return f"{speed} (games {setting['games']}, threads {setting['threads']})" if setting else speed


def _number(value: Any, digits: int) -> str:
    return f"{value:,.{digits}f}" if isinstance(value, int | float) else _NOTHING


if __name__ == "__main__":
    path = Path(sys.argv[1])
    measured = [json.loads(Path(name).read_text(encoding="utf-8")) for name in sys.argv[2:]]
    path.write_text(update(path.read_text(encoding="utf-8"), measured), encoding="utf-8")
