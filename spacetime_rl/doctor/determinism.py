"""Check that episodes are the same as on other machines: hash a scenario's steps and compare published hashes."""

from __future__ import annotations

import hashlib
import json
import platform
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.api import Game
from spacetime_rl.game.client import open_game
from spacetime_rl.game.engine import engine_build, find_godot
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.project import OWN_PROJECT, content_hash
from spacetime_rl.game.spec import AgentGroup

SCENARIOS = ("vr_interaction", "spacecraft_landing")
# Another number of decisions or another seed would need new published hashes.
DECISIONS = 300
SEED = 7
PUBLISHED = Path(__file__).with_name("hashes.json")

_BEGIN, _END = "<!-- hashes -->", "<!-- end of hashes -->"

Standing = Literal["as published", "differs", "not published"]


@dataclass(frozen=True, slots=True)
class EpisodeHash:
    """The SHA-256 of the data that a scenario sent in `decisions` decisions, and everything that the hash depends on.

    `content` is the hash of the scenarios' files, because another version of the package may play other episodes.
    """

    scenario: str
    decisions: int
    engine: str
    architecture: str
    content: str
    sha256: str

    @property
    def source(self) -> tuple[str, int, str, str, str]:
        """The properties that two comparable hashes have in common."""
        return self.scenario, self.decisions, self.engine, self.architecture, self.content


def measure_hash(scenario: str, decisions: int = DECISIONS) -> EpisodeHash:
    """Play a scenario of the package with a fixed sequence of random actions. Raises what `open_game` raises."""
    total = hashlib.sha256()
    choose = random.Random(SEED)  # its numbers are the same in every version of Python
    with open_game(GameLaunch(scenario=scenario, seed=SEED)) as game:
        _add(total, game.reset(SEED).observations)
        for _ in range(decisions):
            result = game.step(_draw_actions(game, choose))
            _add(total, [*result.observations, result.rewards, result.terminated, result.truncated])
    return EpisodeHash(
        scenario=scenario,
        decisions=decisions,
        engine=engine_build(find_godot().path),
        architecture=platform.machine(),
        content=content_hash(OWN_PROJECT),
        sha256=total.hexdigest(),
    )


def published() -> list[EpisodeHash]:
    """The hashes that were published with this release."""
    return [EpisodeHash(**entry) for entry in json.loads(PUBLISHED.read_text(encoding="utf-8"))]


def compare(measured: EpisodeHash, known: Sequence[EpisodeHash]) -> Standing:
    """Compare a hash with the published one of the same `source`, if there is one."""
    same = [entry for entry in known if entry.source == measured.source]
    if not same:
        return "not published"
    return "as published" if same[0].sha256 == measured.sha256 else "differs"


def _draw_actions(game: Game, choose: random.Random) -> list[NDArray[np.float32]]:
    return [_draw(group, game.spec.arenas, choose) for group in game.spec.groups]


def _draw(group: AgentGroup, arenas: int, choose: random.Random) -> NDArray[np.float32]:
    rows = []
    for _ in range(arenas * len(group.agents)):
        row: list[float] = []
        for action in group.layout.actions:
            if action.kind == "discrete":
                row.append(float(choose.randrange(action.size)))
            else:
                row += [choose.uniform(-1.0, 1.0) for _ in range(action.size)]
        rows.append(row)
    return np.array(rows, np.float32)


def _add(total: Any, arrays: Sequence[NDArray[Any]]) -> None:
    for array in arrays:
        total.update(np.ascontiguousarray(array).tobytes())


def _publish(page: Path) -> None:
    """Measure here, and write the hashes to the package's file and to a page.

    Entries of other machines stay if they are of the same `content`.
    """
    ours = [measure_hash(scenario) for scenario in SCENARIOS]
    sources = {entry.source for entry in ours}
    others = [entry for entry in published() if entry.source not in sources and entry.content == ours[0].content]
    entries = sorted([*ours, *others], key=lambda entry: entry.source)
    PUBLISHED.write_text(to_json([asdict(entry) for entry in entries], indent=2) + "\n", encoding="utf-8")
    rows = [[e.scenario, e.engine, e.architecture, str(e.decisions), f"`{e.sha256}`"] for e in entries]
    text = table(["scenario", "engine", "architecture", "decisions", "SHA-256"], rows)
    page.write_text(fill(page.read_text(encoding="utf-8"), _BEGIN, _END, text), encoding="utf-8")


if __name__ == "__main__":
    _publish(Path(sys.argv[1]))
