"""The games of an env runner: played fragment by fragment, in turn, and replaced when they fail."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace

import numpy as np

from spacetime_rl.errors import GameError
from spacetime_rl.game.api import Game, StepResult
from spacetime_rl.game.restarts import RestartBudget
from spacetime_rl.rollout.actor import PolicyActor
from spacetime_rl.rollout.directive import Directive
from spacetime_rl.rollout.frozen import FrozenPlayers
from spacetime_rl.rollout.league_slot import LeagueSlot
from spacetime_rl.rollout.lesson import LessonOutcome
from spacetime_rl.rollout.matches import Matches
from spacetime_rl.rollout.memory import GameMemory
from spacetime_rl.rollout.places import ArenaEpisodes
from spacetime_rl.rollout.plan import RolloutPlan
from spacetime_rl.rollout.policy_slot import Decide, PolicySlot
from spacetime_rl.rollout.recording import Fragment, Recording
from spacetime_rl.rollout.reward_hook import RewardHook
from spacetime_rl.rollout.scene_reload import SceneReload
from spacetime_rl.rollout.tape import TrainingTape

Play = Generator[None, None, Fragment]

logger = logging.getLogger(__name__)


def play_together(plays: Sequence[Play]) -> list[Fragment]:
    """Step games in turn: while one game works, the policies decide for the others."""
    fragments: dict[int, Fragment] = {}
    while len(fragments) < len(plays):
        for index, play in enumerate(plays):
            if index not in fragments:
                try:
                    next(play)
                except StopIteration as end:
                    fragments[index] = end.value
    return [fragments[index] for index in range(len(plays))]


class GameSampler:
    """Plays one game: opens it for the first fragment, and opens a new one after a fault."""

    def __init__(
        self,
        plan: RolloutPlan,
        actors: Sequence[PolicyActor],
        worker: int,
        index: int,
        budget: RestartBudget,
        opened: Callable[[Game], None],
        hook: RewardHook | None = None,
        frozen: FrozenPlayers | None = None,
        joint: bool = False,
    ) -> None:
        self.restarts = 0
        self.script_errors = 0  # of all games up to the last fragment
        self.recycled = 0  # games that were replaced because their resident memory had grown
        self.downtime_s = 0.0  # from the request at which a game failed to the first answer of its successor
        self._plan = plan
        self._matches = Matches(plan.matches, plan.spec.arena_of_agents) if plan.matches else None
        self._slots = [
            PolicySlot(policy, actor)
            if self._matches is None or frozen is None
            else LeagueSlot(policy, actor, self._matches, frozen)
            for policy, actor in zip(plan.policies, actors, strict=True)
        ]
        self._worker, self._index = worker, index
        self._budget = budget
        self._hook = hook
        self._arenas = ArenaEpisodes(plan.spec) if joint else None  # for learners whose critics see other agents
        self._opened = opened  # called with every new game
        self._game: Game | None = None
        every = plan.reload_scene_every
        self._reload = SceneReload(every, plan.via_http, plan.http_token) if every is not None else None
        self._memory: GameMemory | None = None
        self._tape: TrainingTape | None = None
        self._now: StepResult | None = None  # the last result; None until episodes have begun
        self._asked_at = 0.0
        self._errors_counted = 0  # of the running game, up to its last fragment
        self._requested_lesson: int | None = None
        self._active_lesson: int | None = None  # the lesson that the running game plays
        # Agents whose running episode began before the active lesson.
        self._agents_from_previous_lesson: set[int] = set()
        self._scripted = plan.scripted_agents

    @property
    def pid(self) -> int | None:
        """The process id of the running game."""
        return self._game.pid if self._game else None

    @property
    def memory(self) -> GameMemory | None:
        """The readings of the running game's resident memory."""
        return self._memory

    def collect(self, steps: int, decide: Decide, played: int) -> Play:
        """Play `steps` decisions without a fault; a fragment in which the game fails is discarded and played again.

        Yields whenever the game is working, and returns the fragment. `played` is the number of env steps that the
        runner has played before. A game's seed depends on it, so that a resumed run does not repeat the episodes that
        it began with. Raises RestartsExhausted when games have failed too many times. Raises a fault at once that no
        restart can cure.
        """
        self._recycle()
        if self._reload:
            self._reload.reload_if_due()
        dead_since: float | None = None
        while True:
            self._asked_at = time.perf_counter()
            try:
                game = self._game or self._open(played)
                if self._active_lesson != self._requested_lesson:
                    self._begin_lesson(game)
                now = self._now or self._begin_episodes(game)
                if dead_since is not None:
                    self.downtime_s += time.perf_counter() - dead_since
                    dead_since = None
                return (yield from self._play(game, now, steps, decide))
            except GameError as fault:
                if not fault.can_pass:
                    self.close()
                    raise
                dead_since = dead_since or self._asked_at
                self._abandon(fault)
            # Interrupted between request and reply: the next reply would answer the wrong request.
            except BaseException:
                self.close()
                raise

    def begin_episodes(self) -> None:
        """Begin new episodes with the next fragment."""
        self._now = None

    def follow(self, directive: Directive) -> None:
        """Play as the directive requests, in every arena from its next episode on."""
        self._requested_lesson = directive.lesson if self._plan.lessons else None
        if self._matches is not None:
            self._matches.follow(directive.opponents)

    def close(self) -> None:
        """End the game."""
        if self._tape is not None:
            self._tape.close()
        if self._game is not None:
            self._game.close()
        if self._reload:
            self._reload.end()
        self._game = self._memory = self._now = self._active_lesson = self._tape = None

    def _open(self, played: int) -> Game:
        seed = self._plan.game_seed(self._worker, self._index, self.restarts, played)
        if self._matches is not None:
            self._matches.seed(seed)
        place = f"runner{self._worker}-game{self._index}"
        # Where there are remote runners, they begin at 1, and the one with number 0 plays nothing.
        shown = self._plan.viz and self._worker <= 1 and self._index == 0
        self._game = self._plan.open(replace(self._plan.launch, seed=seed, name=place, viz=shown))
        recorder = self._plan.recorder
        self._tape = TrainingTape(recorder, self._plan.record_every, self._game, seed, place) if recorder else None
        self._memory = GameMemory(self._game.pid)
        self._errors_counted = 0
        if self._reload:
            self._reload.begin(self._game.log_path)
        self._opened(self._game)
        return self._game

    def _recycle(self) -> None:
        """End a game whose resident memory has grown beyond the limit, so that a new game replaces it."""
        limit_mb = self._plan.max_growth_mb
        if self._memory is None or limit_mb is None or self._memory.growth_mb <= limit_mb:
            return
        logger.warning(
            "a game holds %.0f MB, %.0f MB more than at first (game.max_growth_mb = %g), and is replaced: it leaks",
            self._memory.rss_mb,
            self._memory.growth_mb,
            limit_mb,
        )
        self.close()
        self.recycled += 1

    def _begin_lesson(self, game: Game) -> None:
        if self._requested_lesson is not None:
            game.configure(self._plan.lessons[self._requested_lesson].params)
            if self._tape:
                self._tape.begin_lesson(self._plan.lessons[self._requested_lesson], game)
        self._active_lesson = self._requested_lesson
        self._agents_from_previous_lesson = set(np.flatnonzero(self._now.active).tolist()) if self._now else set()

    def _begin_episodes(self, game: Game) -> StepResult:
        self._agents_from_previous_lesson.clear()
        if self._arenas:
            self._arenas.begin()
        for slot in self._slots:
            slot.begin_episodes()
        if self._matches is not None:
            self._matches.begin()
        self._now = game.reset()
        return self._now

    def _play(self, game: Game, now: StepResult, steps: int, decide: Decide) -> Play:
        game_s, wire_s, errors = game.timing.game_s, game.timing.wire_s, self._errors_counted
        recording = Recording(self._slots, self._plan.spec, steps, self._hook, self._matches, self._arenas)
        for step in range(steps):
            actions = recording.decide(now, decide)
            self._asked_at = time.perf_counter()
            game.send(actions)
            recording.add(step, now)
            if self._tape:
                self._tape.write_one()
            yield
            now = game.receive()
            recording.answer(step, now, time.perf_counter() - self._asked_at)
        self._now = now
        self.script_errors += game.script_errors - errors
        self._errors_counted = game.script_errors
        if self._memory is not None:
            self._memory.read()
        fragment = recording.finish(now, game.timing.game_s - game_s, game.timing.wire_s - wire_s)
        if self._reload:
            self._reload.note(sum(fragment.agent_steps))
        if self._tape:
            self._tape.take(game, recording.ended, fragment.matches)
        return (
            fragment
            if self._active_lesson is None
            else replace(fragment, lesson=self._lesson_outcome(fragment, self._active_lesson))
        )

    def _lesson_outcome(self, fragment: Fragment, lesson: int) -> LessonOutcome:
        """The lesson's results in a fragment, without scripted agents and episodes that began before the lesson."""
        episodes, successes = 0, 0.0
        for agent in fragment.ended:
            if agent.agent in self._agents_from_previous_lesson:
                self._agents_from_previous_lesson.remove(agent.agent)
            elif agent.agent not in self._scripted:
                episodes += 1
                successes += agent.metrics.get("success", 0.0)
        return LessonOutcome(lesson, sum(fragment.agent_steps), episodes, successes)

    def _abandon(self, fault: GameError) -> None:
        logger.warning("a game failed and is replaced: %s", fault)
        self.close()
        self._budget.spend(str(fault))
        self.restarts += 1
