"""The curriculum's state: which lesson is active, computed from results alone, without I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from spacetime_rl import metrics
from spacetime_rl.errors import ResumeError
from spacetime_rl.rollout.lesson import Lesson, LessonOutcome


@dataclass(frozen=True, slots=True)
class Curriculum:
    """Lessons in order, the active one, and its results.

    `window` holds the episodes and successes of the latest outcomes that together cover the lesson's window of
    episodes. `rates` holds the last success rate of every lesson so far, by name.
    """

    lessons: Sequence[Lesson]
    lesson: int = 0
    agent_steps: int = 0  # in the active lesson
    window: tuple[tuple[int, float], ...] = ()
    rates: Mapping[str, float] = field(default_factory=dict)

    @property
    def present(self) -> Lesson:
        """The active lesson."""
        return self.lessons[self.lesson]

    @property
    def is_last(self) -> bool:
        """Whether no lesson follows."""
        return self.lesson + 1 == len(self.lessons)

    @property
    def success_rate(self) -> float | None:
        """Success rate over the window; None before the first episode."""
        episodes = sum(count for count, _ in self.window)
        return sum(successes for _, successes in self.window) / episodes if episodes else None

    def after(self, outcome: LessonOutcome) -> Curriculum:
        """The curriculum after an outcome. Late outcomes, of lessons that are already over, change nothing."""
        if outcome.lesson != self.lesson:
            return self
        now = replace(
            self,
            agent_steps=self.agent_steps + outcome.agent_steps,
            window=_latest([*self.window, (outcome.episodes, outcome.successes)], self.present.window),
        )
        if now.success_rate is not None:
            now = replace(now, rates={**now.rates, now.present.name: now.success_rate})
        return replace(now, lesson=now.lesson + 1, agent_steps=0, window=()) if now._is_over() else now

    def metrics(self) -> dict[str, Any]:
        """Metrics for a result: the lesson's number and name, lessons left, and each lesson's success rate so far."""
        rates = {metrics.of_lesson(name): rate for name, rate in self.rates.items()}
        left = len(self.lessons) - self.lesson - 1
        return {
            metrics.LESSON_NUMBER: self.lesson,
            **rates,
            metrics.LESSON: self.present.name,
            metrics.LESSONS_LEFT: left,
        }

    def to_dict(self) -> dict[str, Any]:
        """The state as plain JSON data, without the lessons themselves."""
        return {
            "lesson": self.present.name,
            "agent_steps": self.agent_steps,
            "window": [list(entry) for entry in self.window],
            "rates": dict(self.rates),
        }

    def resumed(self, state: Mapping[str, Any]) -> Curriculum:
        """The same lessons in the state that `to_dict` wrote. Raises ResumeError if the active lesson was removed."""
        names = [lesson.name for lesson in self.lessons]
        if state["lesson"] not in names:
            raise ResumeError(
                f"the checkpoint is at the lesson {state['lesson']!r}, which the curriculum no longer has; "
                f"its lessons: {', '.join(names)}"
            )
        return replace(
            self,
            lesson=names.index(state["lesson"]),
            agent_steps=int(state["agent_steps"]),
            window=tuple((int(episodes), float(successes)) for episodes, successes in state["window"]),
            rates=dict(state["rates"]),
        )

    def _is_over(self) -> bool:
        lesson = self.present
        if self.is_last:
            return False
        if lesson.agent_steps is not None and self.agent_steps >= lesson.agent_steps:
            return True
        enough = sum(episodes for episodes, _ in self.window) >= lesson.window
        rate = self.success_rate
        return enough and lesson.success_rate is not None and rate is not None and rate >= lesson.success_rate


def _latest(entries: Sequence[tuple[int, float]], episodes: int) -> tuple[tuple[int, float], ...]:
    """The last entries that together have at least `episodes` episodes, or all entries."""
    kept = [entry for entry in entries if entry[0]]
    while kept and sum(count for count, _ in kept[1:]) >= episodes:
        kept.pop(0)
    return tuple(kept)
