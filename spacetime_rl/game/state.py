"""Read STATE frames. Their layout follows from the game's spec and from the flags in each frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.errors import ObservationError, ProtocolError
from spacetime_rl.game.api import TASK, EndedAgent, StepResult
from spacetime_rl.game.checks import require_metrics, require_rewards, require_success, require_vector
from spacetime_rl.game.spec import AgentGroup, GameSpec

_ENDED = 1 | 2
# Every combination of the bits terminated (1), truncated (2) and active (4), decoded by table look-up.
_FLAGS = np.arange(8)
_TERMINATED, _TRUNCATED, _ACTIVE = ((_FLAGS & bit).astype(np.bool_) for bit in (1, 2, 4))


def state_bytes(spec: GameSpec) -> int:
    """The length in bytes of the longest possible body: every agent's episode has just ended."""
    return sum(spec.group_size(g) * _GroupLayout(group).bytes_at_end for g, group in enumerate(spec.groups)) + 4


class StateReader:
    """Turns the STATE body in one fixed buffer into a StepResult of views, and checks every number once."""

    def __init__(self, spec: GameSpec, body: NDArray[np.uint8]) -> None:
        self._spec = spec
        self._body = body
        self._layouts = tuple(_GroupLayout(group) for group in spec.groups)
        self._group_of = np.repeat(np.arange(len(spec.groups)), [spec.group_size(g) for g in range(len(spec.groups))])
        vector_floats = sum(spec.group_size(g) * layout.vector for g, layout in enumerate(self._layouts))
        agents = spec.num_agents
        self._base = body[: 4 * (1 + vector_floats + 2 * agents)].view(np.float32)
        self._rewards = self._base[1 + vector_floats : 1 + vector_floats + agents]
        self._flags = self._base[1 + vector_floats + agents :]
        self._image_bytes = sum(spec.group_size(g) * layout.pixels for g, layout in enumerate(self._layouts))
        self._vectors = self._split_vectors()
        self._marks = self._read_marks()
        # Without images, an observation is a view of the buffer; with images, it has to be assembled.
        self._observations = tuple(
            np.zeros((len(vector), layout.vector + layout.pixels), np.float32) if layout.pixels else vector
            for vector, layout in zip(self._vectors, self._layouts, strict=True)
        )

    @property
    def numbers(self) -> NDArray[np.float32]:
        """The buffer up to the flags, float32: what `step_log.Buffers` keeps of a state."""
        return self._base

    @property
    def busy_s(self) -> float:
        """Seconds that the game worked for the last frame."""
        return float(self._base[0])

    def read(self, length: int) -> StepResult:
        """The frame of `length` bytes in the buffer. Raises ProtocolError or ObservationError."""
        self._require(length, self._base.nbytes + self._image_bytes, exactly=False)
        if not np.isfinite(self._base).all():
            raise self._not_finite()
        # They mostly equal the flags of the previous frame, whose arrays are then reused.
        if self._flags.tobytes() != self._marks.flags:
            self._marks = self._read_marks()
        marks = self._marks
        images_at = self._base.nbytes + 4 * self._tail_floats(marks.ended)
        self._require(length, images_at + self._image_bytes + self._final_image_bytes(marks.ended), exactly=True)
        if self._image_bytes:
            self._put_images(images_at)
        return StepResult(
            observations=self._observations,
            rewards=self._rewards,
            terminated=marks.terminated,
            truncated=marks.truncated,
            active=marks.active,
            ended=self._read_ended(marks.ended, images_at) if marks.ended else (),
        )

    def _read_marks(self) -> _Marks:
        bits = self._flags.astype(np.uint8)
        if (bits != self._flags).any() or bits.max(initial=0) >= len(_FLAGS):
            raise self._bad_flags()
        ended = np.flatnonzero(bits & _ENDED).tolist()
        return _Marks(self._flags.tobytes(), _TERMINATED[bits], _TRUNCATED[bits], _ACTIVE[bits], ended)

    def _split_vectors(self) -> tuple[NDArray[np.float32], ...]:
        vectors, at = [], 1
        for g, layout in enumerate(self._layouts):
            size = self._spec.group_size(g)
            vectors.append(self._base[at : at + size * layout.vector].reshape(size, layout.vector))
            at += size * layout.vector
        return tuple(vectors)

    def _tail_floats(self, ended: list[int]) -> int:
        return sum(self._layouts[self._group_of[agent]].tail for agent in ended)

    def _final_image_bytes(self, ended: list[int]) -> int:
        return sum(self._layouts[self._group_of[agent]].pixels for agent in ended)

    def _require(self, found: int, expected: int, *, exactly: bool) -> None:
        if found == expected or (found > expected and not exactly):
            return
        amount = "exactly" if exactly else "at least"
        raise ProtocolError(
            f"a STATE frame has {found} bytes; {amount} {expected} are expected of {self._spec.num_agents} agents"
        )

    def _put_images(self, at: int) -> None:
        for g, layout in enumerate(self._layouts):
            if not layout.pixels:
                continue
            observation = self._observations[g]
            pixels = self._body[at : at + len(observation) * layout.pixels].reshape(len(observation), layout.pixels)
            observation[:, : layout.vector] = self._vectors[g]
            np.multiply(pixels, np.float32(1 / 255), out=observation[:, layout.vector :])
            at += pixels.size

    def _read_ended(self, ended: list[int], images_at: int) -> tuple[EndedAgent, ...]:
        tail = self._body[self._base.nbytes : images_at].view(np.float32)
        pixels = self._body[images_at + self._image_bytes :]
        records = []
        for agent in ended:
            layout = self._layouts[self._group_of[agent]]
            observation = np.concatenate(
                [tail[: layout.vector], pixels[: layout.pixels] * np.float32(1 / 255)], dtype=np.float32
            )
            values = tail[layout.vector : layout.tail]
            if not np.isfinite(tail[: layout.tail]).all():
                agent_id, group = self._spec.agent_ids[agent], self._spec.groups[self._group_of[agent]]
                require_vector(tail[: layout.vector], group.layout, agent_id, "final observation")
                require_metrics(values, layout.metrics, agent_id)
            metrics = dict(zip(layout.metrics, values.tolist(), strict=True))
            require_success(metrics, self._spec.agent_ids[agent])
            records.append(EndedAgent(agent, observation, self._of_its_task(agent, metrics)))
            tail, pixels = tail[layout.tail :], pixels[layout.pixels :]
        return tuple(records)

    def _of_its_task(self, agent: int, metrics: dict[str, float]) -> dict[str, float]:
        """The metrics that the episode's own task measures, without those of other tasks."""
        tasks = self._spec.tasks
        if not tasks:
            return metrics
        task = int(metrics[TASK])
        if task != metrics[TASK] or not 0 <= task < len(tasks):
            raise ProtocolError(f"agent {self._spec.agent_ids[agent]} reports task {metrics[TASK]:g} of {len(tasks)}")
        measured = tasks[task].metrics[self._group_of[agent]]
        return {name: metrics[name] for name in (*measured, TASK)}

    def _bad_flags(self) -> ProtocolError:
        agent, value = next((a, v) for a, v in enumerate(self._flags.tolist()) if v not in _FLAGS)
        return ProtocolError(
            f"the flags of agent {self._spec.agent_ids[agent]} are {value:g}, not a number from 0 to 7"
        )

    def _not_finite(self) -> ObservationError | ProtocolError:
        if not np.isfinite(self._flags).all():
            return self._bad_flags()
        require_rewards(self._rewards, self._spec.agent_ids)
        for g, vector in enumerate(self._vectors):
            for row in np.flatnonzero(~np.isfinite(vector).all(axis=1))[:1].tolist():
                agent_id = self._spec.agent_ids[self._spec.group_slice(g).start + row]
                require_vector(vector[row], self._spec.groups[g].layout, agent_id)
        return ProtocolError(f"the game's working time is {self._base[0]} s")


@dataclass(frozen=True, slots=True)
class _Marks:
    """The decoded flags of a frame: one bool per agent each, and the indices of agents whose episode ended."""

    flags: bytes
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]
    active: NDArray[np.bool_]
    ended: list[int]


class _GroupLayout:
    """Sizes of one agent's part of a frame."""

    def __init__(self, group: AgentGroup) -> None:
        layout = group.layout
        self.metrics = group.metrics
        self.vector = layout.vector_dim
        self.pixels = layout.obs_dim - layout.vector_dim
        self.tail = self.vector + len(group.metrics)  # floats per agent at the end of its episode
        self.bytes_at_end = 4 * (self.vector + 2 + self.tail) + 2 * self.pixels
