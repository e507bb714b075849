"""The rounds of a game with winners, a CSV row for each: who had which role, who has won, how long it took."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.report import AgentResult
from spacetime_rl.game.files import overlook

WON = (
    "won"  # the metric that makes episodes rounds: 1 for an agent that has won, 0.5 for a draw, 0 for one that has lost
)
_SEEKER, _TAGS, _SECONDS = "seeker", "tags", "seconds"
_ROLES = {1.0: "seeker", 0.0: "hider"}
_COLUMNS = ("round", "seed", "roles", "winner", "seconds", "tags")


def write_rounds(results: Sequence[AgentResult], seed: int, file: Path) -> None:
    """Write a row for each episode; `seed` is that of the evaluation, which the episodes' numbers count from.

    An agent's role is what its metric `seeker` says or, without that metric, its policy. `winner` has the roles whose
    agents have all won, or `draw`. `seconds` and `tags` are empty for a game that does not report them.

    Raises UsageError if no agent reported `won`.
    """
    if not any(WON in result.metrics for result in results):
        raise UsageError(f"--rounds: the game reports no metric `{WON}`, so that its episodes have no winners")
    episodes: dict[int, list[AgentResult]] = defaultdict(list)
    for result in results:
        episodes[result.episode].append(result)
    file.parent.mkdir(parents=True, exist_ok=True)
    overlook(file.parent)
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for number, agents in sorted(episodes.items()):
            roles = " ".join(f"{agent.agent}={_role(agent)}" for agent in agents)
            seconds = max((agent.metrics[_SECONDS] for agent in agents if _SECONDS in agent.metrics), default=None)
            tags = [agent.metrics[_TAGS] for agent in agents if _TAGS in agent.metrics]
            row = [number, seed, roles, _winner(agents), "" if seconds is None else f"{seconds:g}"]
            writer.writerow([*row, f"{sum(tags):g}" if tags else ""])


def _role(agent: AgentResult) -> str:
    return _ROLES.get(agent.metrics.get(_SEEKER, -1.0), agent.policy)


def _winner(agents: Sequence[AgentResult]) -> str:
    results: dict[str, list[float]] = defaultdict(list)
    for agent in agents:
        results[_role(agent)].append(agent.metrics.get(WON, 0.0))
    winners = [role for role, won in results.items() if min(won) == 1.0]
    return " ".join(winners) or "draw"
