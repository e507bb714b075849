"""The story of a gate: two builds of a game play the same numbered episodes until a verdict is proven.

Both play a round of episodes at the same time, so that a busy moment of the machine meets both alike. Every round has a
seed of its own, and starts the games anew. A stock game does not number its episodes: if it replays when it is started
anew, both builds still meet the same ones; if it does not, their episodes are two independent samples.
"""

from __future__ import annotations

import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path

from spacetime_rl.config.gate import SUCCESS
from spacetime_rl.errors import GameError, UsageError
from spacetime_rl.evaluation.story import Evaluated, evaluate_player
from spacetime_rl.evaluation.target import build_overrides
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.playtest.examine import Examiner
from spacetime_rl.playtest.findings import FolderStore
from spacetime_rl.playtest.gate_report import Compared, GateReport, MeasureReport, NewFinding
from spacetime_rl.playtest.load import GatePlan
from spacetime_rl.playtest.pairs import CPU, RETURN, Pairs
from spacetime_rl.playtest.repeats import replays_anew
from spacetime_rl.runs.layout import FINDINGS, RESULTS
from spacetime_rl.statistics.false_alarms import false_alarm_rate
from spacetime_rl.statistics.verdict import Decision, Outcome

Show = Callable[[str], None]

# Between the seeds of two rounds of a stock game: its games and restarts have seeds that follow one another.
_APART = 1_000
_TIMES = 2  # a fault that was seen only once may be the machine's


@dataclass(frozen=True, slots=True)
class Build:
    """A build of the game: what its configuration overrides, as `a.b=c`."""

    name: str
    overrides: tuple[str, ...] = ()


def find_build(name: str, path: str, scenario: str | None = None) -> Build:
    """The build in a Godot project folder, an exported game, or `git:REF`; see `build_overrides`."""
    return Build(name, build_overrides(name, path, scenario))


def run_gate(
    plan: GatePlan, build: Build, base: Build, results: Path = RESULTS, show: Show = lambda _: None
) -> GateReport:
    """Let a player play both builds until the verdict is proven, or the plan's episodes are played.

    Raises what `evaluate_player` raises, a GameError only if the base is at fault, and UsageError for a metric that
    the game does not report.
    """
    return _Gate(plan, build, base, results, show).run()


class _Gate:
    def __init__(self, plan: GatePlan, build: Build, base: Build, results: Path, show: Show) -> None:
        self._plan, self._settings = plan, plan.settings
        self._results, self._show = results, show
        self._build, self._base = build, base
        self._self_check = build.overrides == base.overrides
        self._pairs = Pairs(plan.settings)
        self._decision: Decision | None = None
        self._numbered = True  # whether a number means the same episode in both builds
        self._rounds = 0
        self._faults = {side.name: Counter[str]() for side in (build, base)}
        self._endings = {side.name: Counter[str]() for side in (build, base)}
        self._launches: dict[str, GameLaunch] = {}  # of each build, in the last round
        self._known = _known(plan, results) if plan.settings.findings else frozenset[str]()
        self._examiners = (
            {side.name: Examiner(plan.oracles) for side in (build, base)} if plan.settings.findings else {}
        )

    def run(self) -> GateReport:
        settings = self._settings
        while self._rounds * settings.round < settings.episodes:
            found = self._play_round()
            if isinstance(found, GameError):
                return replace(self._report("regression"), more_episodes=0, fault=found.headline)
            outcome = self._take(found)
            new = self._new_findings()
            if new:
                return replace(self._report("regression"), more_episodes=0, findings=new)
            pairs = self._pairs
            what = f"differing={pairs.differing}" if pairs.paired else "unpaired"
            self._show(f"episodes={pairs.episodes}/{settings.episodes} {what} verdict={outcome}")
            if outcome != "inconclusive":
                break
        if not self._pairs.episodes:
            raise UsageError("gate: no episode was finished by both builds; see evaluation.max_decisions")
        return self._report(self._decision.outcome if self._decision else "inconclusive")

    def _play_round(self) -> dict[str, Evaluated] | GameError:
        """What both builds did, or how the build failed in a round that the base has finished."""
        settings = self._settings
        episodes = min(settings.round, settings.episodes - self._rounds * settings.round)
        seed = settings.seed + self._rounds * (1 if self._numbered else _APART)
        here = [f"evaluation.seed={seed}", f"evaluation.episodes={episodes}"]
        self._rounds += 1
        base = _in_the_background(lambda: self._play(self._base, here))
        try:
            return {self._build.name: self._play(self._build, here), self._base.name: base.result()}
        except GameError as fault:
            base.result()  # the base has to finish this round before the fault counts
            if self._self_check:
                raise
            return fault

    def _play(self, side: Build, here: Sequence[str]) -> Evaluated:
        examiner = self._examiners.get(side.name)

        def prepare(launch: GameLaunch) -> GameLaunch:
            self._launches[side.name] = launch
            return examiner.prepare(launch) if examiner else launch

        return evaluate_player(
            self._settings.player,
            self._plan.game,
            [*self._plan.overrides, *side.overrides, *here],
            results=self._results,
            receive=examiner,
            prepare=prepare,
        )

    def _take(self, found: Mapping[str, Evaluated]) -> Outcome:
        for name, evaluated in found.items():
            self._faults[name].update(evaluated.report.faults)
            self._endings[name].update(evaluated.report.exit_faults)
        ours, theirs = found[self._build.name].report, found[self._base.name].report
        if self._numbered and not (ours.paired and theirs.paired):
            self._numbered = False
            self._pairs.paired = all(
                replays_anew(self._launches[name], evaluated.config) for name, evaluated in found.items()
            )
            if not self._pairs.paired:
                self._show("this game does not replay: the builds play different episodes, and are compared unpaired")
        new = self._pairs.add(ours, theirs)
        if self._decision is None:
            rounds = math.ceil(self._settings.episodes / self._settings.round)
            measures = self._pairs.measures
            most = {one.name: rounds if one.name == CPU else self._settings.episodes for one in measures}
            self._decision = Decision(measures, self._settings.alpha, most)
        return self._decision.add({name: new[name] for name in self._decision.judged})

    def _new_findings(self) -> tuple[NewFinding, ...]:
        """Faults that were seen more than once, and errors that oracles report, on the build and not on the base."""
        base = self._faults[self._base.name]
        faults = [
            NewFinding(key, f"{key}, {times} times")
            for key, times in self._faults[self._build.name].items()
            if times >= _TIMES and not base[key]
        ]
        if not self._examiners:
            return tuple(faults)
        ours, theirs = self._examiners[self._build.name].errors, self._examiners[self._base.name].errors
        known = theirs.keys() | self._known
        return (*faults, *(NewFinding(key, message) for key, message in ours.items() if key not in known))

    def _warnings(self) -> tuple[str, ...]:
        once = [
            f"the {side} failed with {key} and went on when the episodes were played again"
            for side, faults in self._faults.items()
            for key in faults
        ]
        at_exit = [
            f"the {side} crashed while it exited ({key.partition(':')[2]}), in {times} of {self._rounds} rounds"
            for side, endings in self._endings.items()
            for key, times in endings.items()
        ]
        problems = [f"{side}: {problem}" for side, one in self._examiners.items() for problem in one.problems]
        return (*once, *at_exit, *problems)

    def _report(self, outcome: Outcome) -> GateReport:
        pairs, decision = self._pairs, self._decision
        compared: dict[str, Compared] = {}
        measures: tuple[MeasureReport, ...] = ()
        more: int | None = None
        alarms: float | None = None
        if decision is not None and pairs.episodes:
            compared = pairs.compare()
            p_worse = decision.p_worse
            measures = tuple(
                MeasureReport(one.measure, decision.outcome_of(name), compared[name], p_worse[name])
                for name, one in decision.judged.items()
                if name in compared
            )
            growth = decision.growth_wanted
            more = None if growth is None else math.ceil(growth * pairs.episodes)
            if self._self_check:
                alarms = false_alarm_rate(decision, self._rounds)
        return GateReport(
            outcome=outcome,
            episodes=pairs.episodes,
            differing=pairs.differing if pairs.paired else None,
            more_episodes=more,
            settings=self._settings,
            measures=measures,
            success=compared.get(SUCCESS),
            returns=compared.get(RETURN),
            cpu=compared.get(CPU),
            warnings=self._warnings(),
            false_alarms=alarms,
        )


def _known(plan: GatePlan, results: Path) -> frozenset[str]:
    """The keys of findings of this game that people have marked as known or ignored."""
    store = FolderStore(results / FINDINGS / plan.name)
    return frozenset(finding.sighting.key for finding in store if finding.state in ("known", "ignored"))


def _in_the_background(play: Callable[[], Evaluated]) -> Future[Evaluated]:
    """Play in a thread that does not hold up the end of the program, as after Ctrl-C."""
    future: Future[Evaluated] = Future()

    def run() -> None:
        try:
            future.set_result(play())
        except BaseException as error:  # it is raised where the result is wanted
            future.set_exception(error)

    threading.Thread(target=run, name="gate-base", daemon=True).start()
    return future
