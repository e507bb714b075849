"""How good a playtest is at finding bugs: it plays every bug of the catalogue with every player.

`python -m spacetime_rl.playtest.benchmark` prints the tables; `--page docs/seeded_bugs.md` writes them there, too.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from statistics import median

from spacetime_rl.episodes.episode import Episode
from spacetime_rl.formats.markdown import fill, table
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.playtest.findings import Finding
from spacetime_rl.playtest.load import load_plan
from spacetime_rl.playtest.outcome import Outcome
from spacetime_rl.playtest.seeded import CATALOGUE, SeededBug
from spacetime_rl.playtest.sighting import Sighting
from spacetime_rl.playtest.worker import LocalWorker, prepare

BUGS_BEGIN, BUGS_END = "<!-- bugs: begin -->", "<!-- bugs: end -->"
FIGURES_BEGIN, FIGURES_END = "<!-- figures: begin -->", "<!-- figures: end -->"
PLAYERS = ("random", "heuristic", "explorer")
_NOTHING = "\N{EN DASH}"
_OF_GAME = ("never_reached", "exit_crash")  # oracles that look at all episodes together
_OF_PLAYER = ("not_repeatable", "no_progress")  # where other actions are to be expected without the bug
_EPISODES_OF_GAME = 8
_HANG_S = 5.0  # without an answer


@dataclass(frozen=True, slots=True)
class Search:
    """What became of the search for a bug by one player. The figures of a bug that was not found are those of the end.

    `replays` are how often it showed again and how often it was tried, None where no single episode shows the bug. It
    was seen after `seen_after` decisions of the episode as it was played, which had `recorded` decisions in all, and
    was shortened to `decisions`.
    """

    bug: SeededBug
    player: str
    found: bool
    episodes: int
    seconds: float
    replays: tuple[int, int] | None = None
    decisions: int = 0
    seen_after: int = 0
    recorded: int = 0

    @property
    def share(self) -> float | None:
        """The part that is left of the decisions that were played until the bug was seen."""
        return self.decisions / self.seen_after if self.seen_after else None

    @property
    def share_of_recording(self) -> float | None:
        """The part that is left of the whole episode."""
        return self.decisions / self.recorded if self.recorded else None


def search(
    bug: SeededBug, player: str, minutes: float = 2.0, episodes: int = 200, seed: int = 0, shorten: int = 40
) -> Search:
    """Let a player look for a bug until the `minutes` or the `episodes` are over.

    A bug is found when its oracle reports something that the same actions do not show in the scenario without it; or,
    where actions that lead nowhere are what is seen, that the same player does not show there.
    """
    results = Path.cwd()
    repeated = 1 if bug.oracle == "not_repeatable" else "null"
    settings = [f"seed={seed}", "games=1", f"oracles.not_repeatable={repeated}", f"shorten={shorten}"]
    own = [f"scenario.params.{key}={value}" for key, value in bug.params.items()] + [
        f"game.step_timeout_s={_HANG_S}",
        "game.monitor=true",
    ]
    planted = load_plan(bug.scenario, [*own, bug.setting(True)], settings, [player])
    clean = load_plan(bug.scenario, [*own, bug.setting(False)], [*settings, "reproduce=1", "shorten=0"], [player])
    with (
        prepare(planted, results, bug.scenario) as planted_games,
        prepare(clean, results, bug.scenario) as clean_games,
        closing(LocalWorker(planted_games, "planted")) as worker,
        closing(LocalWorker(clean_games, "clean")) as sane,
    ):
        return _Search(bug, player, worker, sane).run(time.monotonic() + 60.0 * minutes, episodes)


class _Search:
    def __init__(self, bug: SeededBug, player: str, worker: LocalWorker, sane: LocalWorker) -> None:
        self._bug = bug
        self._player = player
        self._worker = worker
        self._sane = sane
        self._native: set[str] = set()  # keys that the scenario shows without the bug, too
        self._began = time.monotonic()

    def run(self, deadline: float, episodes: int) -> Search:
        if self._bug.oracle in _OF_GAME:
            return self._of_game(1 if self._bug.oracle == "exit_crash" else min(episodes, _EPISODES_OF_GAME))
        number = 0
        while number < episodes and time.monotonic() < deadline:
            outcome = self._worker.play(number)
            number += 1
            for sighting in outcome.sightings:
                if sighting.oracle == self._bug.oracle and self._is_the_bugs(sighting, outcome):
                    return self._found(sighting, outcome.episode, number)
        return Search(self._bug, self._player, False, number, time.monotonic() - self._began)

    def _is_the_bugs(self, sighting: Sighting, outcome: Outcome) -> bool:
        if sighting.key in self._native or outcome.episode is None:
            return False
        if sighting.oracle in _OF_PLAYER:
            own = {found.key for found in self._sane.play(outcome.entry.number).sightings}
            shows = sighting.key in own
        else:
            finding = _finding(sighting, outcome.episode, self._player)
            replays = self._sane.examine(finding, outcome.episode)[0].replays
            shows = replays is not None and replays[0] > 0
        self._native |= {sighting.key} if shows else set()
        return not shows

    def _found(self, sighting: Sighting, episode: Episode | None, number: int) -> Search:
        seconds = time.monotonic() - self._began
        if episode is None or sighting.oracle == "not_repeatable":
            return Search(self._bug, self._player, True, number, seconds)
        finding, kept = self._worker.examine(_finding(sighting, episode, self._player), episode)
        seen_after = max(1, sighting.decision)
        decisions = min(kept.decisions, seen_after)  # a recording that is not shortened goes on after it
        return Search(
            self._bug, self._player, True, number, seconds, finding.replays, decisions, seen_after, episode.decisions
        )

    def _of_game(self, episodes: int) -> Search:
        """Look at all episodes together, with and without the bug."""
        seen, number = _seen_of_game(self._worker, self._bug.oracle, episodes), episodes
        seconds = time.monotonic() - self._began
        found = bool(seen - _seen_of_game(self._sane, self._bug.oracle, episodes))
        return Search(self._bug, self._player, found, number, seconds)


def _seen_of_game(worker: LocalWorker, oracle: str, episodes: int) -> set[str]:
    entries = [worker.play(number).entry for number in range(episodes)]
    if oracle == "exit_crash":
        return {sighting.key for sighting in worker.end()}
    reporting = {policy for entry in entries for policy in entry.reporting}
    return {policy for policy in reporting if not any(entry.succeeded.get(policy) for entry in entries)}


def _finding(sighting: Sighting, episode: Episode, player: str) -> Finding:
    decisions = episode.decisions
    number = episode.trace.episode
    return Finding(
        sighting, episode.build.game, player, episode.seed, number, decisions=decisions, recorded_decisions=decisions
    )


def catalogue_table(bugs: Iterable[SeededBug] = CATALOGUE) -> str:
    """The bugs as a Markdown table."""
    heads = ["bug", "oracle", "what is wrong", "to see it"]
    return table(heads, [[f"`{bug.id}`", f"`{bug.oracle}`", bug.what, bug.steps] for bug in bugs])


def figures(searches: Sequence[Search]) -> str:
    """What was found by whom, as Markdown: in all, by oracle and by bug."""
    players = sorted({one.player for one in searches}, key=_order_of)
    bugs = list(dict.fromkeys(one.bug.id for one in searches))
    found = [one for one in searches if one.found]
    by_any = {one.bug.id for one in found}
    shares = [one.share for one in found if one.share is not None]
    of_recordings = [one.share_of_recording for one in found if one.share_of_recording is not None]
    replayed = [one.replays for one in found if one.replays]
    lines = [
        f"- Found by any player: {len(by_any)} of the {len(bugs)} that were looked for, {len(by_any) / len(bugs):.0%}.",
        f"- Shortened to a median of {median(shares):.0%} of the decisions until the bug was seen, "
        f"{median(of_recordings):.0%} of the whole episode."
        if shares
        else "- Nothing to shorten.",
        f"- Replays that showed the bug again: {sum(a for a, _ in replayed)} of {sum(b for _, b in replayed)}.",
    ]
    return "\n\n".join(["\n".join(lines), _by_oracle(searches, players), _by_bug(searches, players)])


def _order_of(player: str) -> tuple[int, str]:
    return (PLAYERS.index(player) if player in PLAYERS else len(PLAYERS), player)


def _by_oracle(searches: Sequence[Search], players: Sequence[str]) -> str:
    rows = [
        _row_of(f"`{oracle}`", [one for one in searches if one.bug.oracle == oracle], players)
        for oracle in dict.fromkeys(one.bug.oracle for one in searches)
    ]
    rows.append(_row_of("all", searches, players))
    return table(["oracle", "bugs", *(f"found by {player}" for player in players), "found by any"], rows)


def _row_of(name: str, searches: Sequence[Search], players: Sequence[str]) -> list[str]:
    """How many bugs each player found, of those that it looked for."""
    found = {(one.bug.id, one.player) for one in searches if one.found}
    tried = {(one.bug.id, one.player) for one in searches}
    counts = [f"{sum(by == player for _, by in found)} of {sum(by == player for _, by in tried)}" for player in players]
    return [name, str(len({bug for bug, _ in tried})), *counts, str(len({bug for bug, _ in found}))]


def _by_bug(searches: Sequence[Search], players: Sequence[str]) -> str:
    rows = []
    for bug in dict.fromkeys(one.bug.id for one in searches):
        own = {one.player: one for one in searches if one.bug.id == bug}
        shortest = min((one for one in own.values() if one.seen_after), key=lambda one: one.decisions, default=None)
        shortened = f"{shortest.seen_after} to {shortest.decisions} ({shortest.share:.0%})" if shortest else _NOTHING
        rows.append([f"`{bug}`", *(_cell(own.get(player)) for player in players), shortened])
    return table(["bug", *(f"{player}: episodes, s" for player in players), "decisions, shortened"], rows)


def _cell(one: Search | None) -> str:
    if one is None:
        return "not tried"
    return f"{one.episodes}, {one.seconds:.0f}" if one.found else _NOTHING


def _read(file: Path) -> dict[tuple[str, str], Search]:
    """The searches of earlier runs, by bug and player; of several the last one. What is unknown is left out."""
    bugs = {bug.id: bug for bug in CATALOGUE}
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    found = [json.loads(line) for line in lines]
    return {
        (data["bug"], data["player"]): Search(
            **{key: value for key, value in data.items() if key in Search.__slots__}
            | {"bug": bugs[data["bug"]], "replays": data["replays"] and tuple(data["replays"])}
        )
        for data in found
        if data["bug"] in bugs
    }


def main(arguments: Sequence[str] | None = None, show: Callable[[str], None] = print) -> int:
    """The command line; see `--help`."""
    parser = argparse.ArgumentParser(description="Look for the seeded bugs with every player.")
    parser.add_argument("--bugs", default="*", help="which ones, such as 'vr_ui/*'")
    parser.add_argument("--players", default=",".join(PLAYERS), help="who looks for them")
    parser.add_argument("--minutes", type=float, default=2.0, help="for each bug and player, at most")
    parser.add_argument("--shorten", type=int, default=40, help="work to shorten what was found, in replays")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, help="a file of JSON lines with searches; new ones are added")
    parser.add_argument("--page", type=Path, help="a page whose tables are written anew")
    given = parser.parse_args(arguments)
    bugs = [bug for bug in CATALOGUE if fnmatchcase(bug.id, given.bugs)]
    if not bugs:
        show(f"there is no bug {given.bugs}; there are {', '.join(bug.id for bug in CATALOGUE)}")
        return 2
    known = _read(given.results) if given.results else {}
    for bug in bugs:
        for player in filter(None, given.players.split(",")):
            one = known[bug.id, player] = search(bug, player, given.minutes, seed=given.seed, shorten=given.shorten)
            share = "" if one.share is None else f", shortened to {one.share:.0%}"
            show(f"{bug.id} {player}: {'found' if one.found else 'not found'}, {_cell(one)}{share}")
            if given.results:
                with given.results.open("a", encoding="utf-8") as file:
                    file.write(to_json(asdict(one) | {"bug": bug.id}) + "\n")
    order = [bug.id for bug in CATALOGUE]
    searches = sorted(known.values(), key=lambda one: order.index(one.bug.id))
    show(figures(searches))
    if given.page:
        text = fill(given.page.read_text(encoding="utf-8"), BUGS_BEGIN, BUGS_END, catalogue_table())
        given.page.write_text(fill(text, FIGURES_BEGIN, FIGURES_END, figures(searches)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
