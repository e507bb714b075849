"""What passed between us and a game in the episodes that are recorded: observations, actions, rewards and endings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.api import EndedAgent, StepResult
from spacetime_rl.game.spec import GameSpec
from spacetime_rl.game.trace import NOTHING, Floats, Recording

ACTIVE = 4  # the flag of an agent that acts, as on the wire; the others are smaller
_LEAST_ROOM = 64  # states


@dataclass(frozen=True, slots=True, eq=False)
class Ended:
    """An agent's end: the number of the state in which it was reported, and whether the episode was truncated."""

    state: int
    agent: EndedAgent
    truncated: bool


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """An agent's part of an episode: a row where it begins, one after every decision, and one where it ended."""

    decisions: NDArray[np.int64]  # [rows], after which decision of the episode each row was
    observations: Floats  # [rows, floats], without images
    images: Mapping[str, NDArray[np.uint8]]  # by name, [rows, height, width, channels]; empty unless requested
    actions: Floats  # [rows - 1, floats], each decided at a row
    rewards: Floats  # [rows], of the decision before; 0 in the first row
    ended: Ended | None  # None if it goes on


@dataclass(frozen=True, slots=True)
class _Span:
    """An episode of an arena: its number, and the states in which it began and ended; None while it goes on."""

    arena: int
    number: int
    begin: int
    end: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Buffers:
    """Where a client has the numbers of the present state and of the last actions: to copy each at once is fastest.

    `state` is float32 with a number that is not kept, the observations without images group by group, the rewards and
    the flags of all agents. `actions` is float32 with those of all groups.
    """

    state: Floats
    actions: Floats


class StepLog:
    """Keeps all states and actions from the beginning of a recorded episode until it has been taken.

    `arena_of` is the arena of every agent, in the global order. Kept states are numbered one after the other. With
    `buffers`, these are kept instead of the arrays of a state and of the actions, which are views of them.
    """

    def __init__(self, spec: GameSpec, arena_of: NDArray[np.int64], buffers: Buffers | None = None) -> None:
        self._arena_of = arena_of
        self._agents_in = np.bincount(arena_of)
        self._recording = NOTHING
        # A game that is reset without a seed begins with the number of each arena, and goes on by that of all.
        self._stride = len(self._agents_in)
        self._numbers = np.arange(self._stride) - self._stride  # of each arena's episode
        self._playing = self._agents_in.copy()  # agents of each arena whose episode goes on
        self._running: dict[int, _Span] = {}  # by arena
        self._over: list[_Span] = []
        self._seats = [(g, row) for g in range(len(spec.groups)) for row in range(spec.group_size(g))]
        self._spec = spec
        self._buffers = buffers
        self._sees_images = any(group.layout.images for group in spec.groups)
        self._kept = _Kept(spec, _LEAST_ROOM, images=False)
        self._images_from = 0  # the number of the first state whose images are kept, if they are
        self._kept_from = 0  # the number of the first state there
        self._next = 0  # the number of the next state that is kept
        self._ended: list[Ended] = []

    @property
    def is_recording(self) -> bool:
        """Whether an episode is being recorded."""
        return bool(self._running)

    def request(self, recording: Recording) -> None:
        """Record these of the episodes that begin from now on. Those that are over have been taken."""
        self._recording = recording
        self._over.clear()
        first = self._first_needed()
        self._ended = [ended for ended in self._ended if ended.state > first]
        if self._sees_images and recording.observations != self._kept.has_images:
            self._images_from = self._next
            self._make_room()

    def renumber(self, first: NDArray[np.int64], stride: int) -> None:
        """The next episode of each arena has its number in `first`, and those after it follow in steps of `stride`.

        A stride of 0 is the number of arenas, as it is for the game.
        """
        self._stride = stride or len(self._agents_in)
        self._numbers = first - self._stride

    def begin(self, state: StepResult) -> None:
        """Every arena begins its next episode."""
        self._numbers += self._stride
        self._running.clear()
        self._playing[:] = self._agents_in
        self._start(range(len(self._numbers)))
        if self._running:
            self._keep(state)

    def note(self, actions: Sequence[Floats], state: StepResult) -> None:
        """A step: the actions of all groups, and the state that they led to."""
        kept = bool(self._running)
        if kept:
            self._kept.put_actions(self._next - 1 - self._kept_from, actions, self._buffers)
        if state.ended:
            self._end(state)
        if kept or self._running:
            self._keep(state)

    def recorded(self, unfinished: bool = False) -> list[tuple[int, list[int]]]:
        """The number and the agents of every recorded episode that is over, or, if wanted, goes on."""
        spans = [*self._over, *(self._running.values() if unfinished else ())]
        return [(span.number, np.flatnonzero(self._arena_of == span.arena).tolist()) for span in spans]

    def steps_of(self, number: int, agent: int) -> Steps | None:
        """An agent's part of a recorded episode, which is over or goes on; None if the episode was not recorded."""
        spans = [*self._over, *self._running.values()]
        arena = self._arena_of[agent]
        span = next((span for span in spans if span.number == number and span.arena == arena), None)
        return None if span is None else self._steps(span, agent)

    def _steps(self, span: _Span, agent: int) -> Steps:
        stop = self._next if span.end is None else span.end + 1
        states = slice(span.begin - self._kept_from, stop - self._kept_from)
        acting = self._kept.flags[states, agent] >= ACTIVE
        if span.end is not None:
            acting[-1] = False  # that is about the next episode
        present = acting.copy()
        ended = next((one for one in self._ended if one.agent.agent == agent and span.begin < one.state < stop), None)
        if ended is not None:
            present[ended.state - span.begin] = True
        rows = np.flatnonzero(present)
        group, seat = self._seats[agent]
        observations = self._kept.observations[group][states][rows, seat]
        rewards = self._kept.rewards[states, agent][rows]
        rewards[rows == 0] = 0.0  # what the state has there is of the episode before
        pixels = self._kept.pixels[group][states][rows, seat]
        if ended is not None:
            final, size = ended.agent.final_observation, observations.shape[1]
            observations[-1] = final[:size]
            pixels[-1] = _as_bytes(final[size:])[: pixels.shape[1]]
        images = self._images(group, pixels) if span.begin >= self._images_from else {}
        actions = self._kept.actions[group][states][np.flatnonzero(acting[:-1]), seat]
        return Steps(rows, observations, images, actions, rewards, ended)

    def _images(self, group: int, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.uint8]]:
        """Images by their names; none if `pixels`, [rows, pixels], has none."""
        shapes = {image.name: image.shape for image in self._spec.groups[group].layout.images} if pixels.size else {}
        ends = np.cumsum([prod(shape) for shape in shapes.values()])
        parts = np.split(pixels, ends[:-1], axis=1) if shapes else []
        return {name: part.reshape(-1, *shape) for part, (name, shape) in zip(parts, shapes.items(), strict=True)}

    def _end(self, state: StepResult) -> None:
        arenas = self._arena_of[[ended.agent for ended in state.ended]]
        np.subtract.at(self._playing, arenas, 1)
        if self._running:
            self._ended += [Ended(self._next, ended, bool(state.truncated[ended.agent])) for ended in state.ended]
        over = [arena for arena in dict.fromkeys(arenas.tolist()) if self._playing[arena] <= 0]
        for arena in over:
            self._numbers[arena] += self._stride
            self._playing[arena] = self._agents_in[arena]
            if arena in self._running:
                self._over.append(replace(self._running.pop(arena), end=self._next))
        self._start(over)

    def _start(self, arenas: Iterable[int]) -> None:
        """Episodes of these arenas begin with the next state."""
        for arena in arenas:
            number = int(self._numbers[arena])
            if number < self._recording.below and number % self._recording.every == 0:
                self._running[arena] = _Span(arena, number, self._next)

    def _keep(self, state: StepResult) -> None:
        row = self._next - self._kept_from
        if row == self._kept.room:
            row = self._make_room()
        self._kept.put_state(row, state, self._buffers)
        self._next += 1

    def _make_room(self) -> int:
        """Forget states that nobody needs any more, or take more memory; returns the row of the next state."""
        first = self._first_needed()
        kept = slice(first - self._kept_from, self._next - self._kept_from)
        count = kept.stop - kept.start
        room = _Kept(self._spec, max(_LEAST_ROOM, 2 * count), self._recording.observations)
        room.states[:count], room.acted[:count] = self._kept.states[kept], self._kept.acted[kept]
        for pixels, old_pixels in zip(room.pixels, self._kept.pixels, strict=True):
            if pixels.shape == (len(pixels), *old_pixels.shape[1:]):
                pixels[:count] = old_pixels[kept]
        self._kept, self._kept_from = room, first
        return count

    def _first_needed(self) -> int:
        return min((span.begin for span in (*self._running.values(), *self._over)), default=self._next)


class _Kept:
    """Tables with a row for each kept state, laid out as in `Buffers`, and views of their parts."""

    def __init__(self, spec: GameSpec, room: int, images: bool) -> None:
        self.room = room
        self.has_images = images
        groups = [(spec.group_size(g), group.layout) for g, group in enumerate(spec.groups)]
        seen = [(agents, layout.vector_dim) for agents, layout in groups]
        widths = [1, *(agents * size for agents, size in seen), spec.num_agents, spec.num_agents]
        ends = np.cumsum(widths).tolist()
        self.states = np.empty((room, ends[-1]), np.float32)
        parts = [self.states[:, end - width : end] for end, width in zip(ends, widths, strict=True)]
        self.observations = [part.reshape(room, *shape) for part, shape in zip(parts[1:-2], seen, strict=True)]
        self.rewards, self.flags = parts[-2:]
        done = [(agents, layout.action_size) for agents, layout in groups]
        ends = np.cumsum([0, *(agents * size for agents, size in done)]).tolist()
        self.acted = np.empty((room, ends[-1]), np.float32)
        self.actions = [
            self.acted[:, begin:end].reshape(room, *shape)
            for begin, end, shape in zip(ends[:-1], ends[1:], done, strict=True)
        ]
        self.pixels = [
            np.empty((room, agents, layout.obs_dim - layout.vector_dim if images else 0), np.uint8)
            for agents, layout in groups
        ]
        self._no_pixels = not any(pixels.size for pixels in self.pixels)

    def put_state(self, row: int, state: StepResult, buffers: Buffers | None) -> None:
        """Keep a state, which is also in the buffers if there are any."""
        if buffers is not None:
            self.states[row] = buffers.state
        else:
            for column, observation in zip(self.observations, state.observations, strict=True):
                column[row] = observation[:, : column.shape[2]]
            self.rewards[row] = state.rewards
            np.multiply(state.active, ACTIVE, out=self.flags[row])
        if self._no_pixels:
            return
        for pixels, observation in zip(self.pixels, state.observations, strict=True):
            if pixels.shape[2]:
                pixels[row] = _as_bytes(observation[:, -pixels.shape[2] :])

    def put_actions(self, row: int, actions: Sequence[Floats], buffers: Buffers | None) -> None:
        """Keep the actions of all groups, which are also in the buffers if there are any."""
        if buffers is not None:
            self.acted[row] = buffers.actions
            return
        for column, action in zip(self.actions, actions, strict=True):
            column[row] = action


def _as_bytes(pixels: Floats) -> NDArray[np.uint8]:
    """Pixels from 0 to 1, as they are in an observation, as the game sent them."""
    return np.rint(pixels * 255).astype(np.uint8)
