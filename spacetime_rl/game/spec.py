"""What a game declares in its handshake: agents, policies, observation and action spaces, arenas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import prod
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class ObservationField:
    """A named slice of the observation vector, `size` floats long."""

    name: str
    size: int
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ImageField:
    """A camera image, uint8 on the wire, of shape (height, width, channels)."""

    name: str
    shape: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ActionField:
    """A named part of the action: `size` numbers in [-1, 1], or one choice out of `size`."""

    name: str
    kind: Literal["continuous", "discrete"]
    size: int

    @property
    def width(self) -> int:
        """Floats this field takes in the flat action vector."""
        return self.size if self.kind == "continuous" else 1


@dataclass(frozen=True, slots=True)
class PolicyLayout:
    """The spaces of one policy, as named fields of one flat float32 observation and one flat float32 action."""

    fields: tuple[ObservationField, ...]
    images: tuple[ImageField, ...]
    actions: tuple[ActionField, ...]

    @property
    def vector_dim(self) -> int:
        """Floats of the observation without its images."""
        return sum(f.size for f in self.fields)

    @property
    def obs_dim(self) -> int:
        """Floats of the whole observation: the vector, then every image in row-major order."""
        return self.vector_dim + sum(prod(image.shape) for image in self.images)

    @property
    def action_size(self) -> int:
        """Floats of the action."""
        return sum(action.width for action in self.actions)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PolicyLayout:
        """Read what `to_dict` wrote. Raises KeyError or TypeError on a malformed document."""
        return cls(
            fields=tuple(ObservationField(**f) for f in data["fields"]),
            images=tuple(ImageField(i["name"], tuple(int(n) for n in i["shape"])) for i in data["images"]),  # type: ignore[arg-type]
            actions=tuple(ActionField(**a) for a in data["actions"]),
        )


@dataclass(frozen=True, slots=True)
class AgentGroup:
    """The agents of one declared policy name: they share their spaces. `agents` are their names inside an arena."""

    name: str
    agents: tuple[str, ...]
    layout: PolicyLayout
    metrics: tuple[str, ...] = ("episode", "return", "length", "success")


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A task that the game's arenas play in turn with others. `metrics` are, for each group, those that it measures."""

    name: str
    scenario: str
    weight: float
    params: Mapping[str, Any]
    metrics: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class GameSpec:
    """Everything Python has to know about a running game before the first step.

    Agents are numbered group by group, inside a group arena by arena: group g is one contiguous range.
    """

    scenario: str
    arenas: int
    physics_hz: int
    action_repeat: int
    groups: tuple[AgentGroup, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    wire: str = "spacetime/1"
    tasks: tuple[TaskSpec, ...] = ()  # empty where there is one only

    @property
    def num_agents(self) -> int:
        """All agents over all arenas."""
        return sum(self.group_size(g) for g in range(len(self.groups)))

    @property
    def agent_ids(self) -> tuple[str, ...]:
        """Names over all arenas in global order: `giver_0`, or `a3/giver_0` where there are several arenas."""
        return tuple(
            name if self.arenas == 1 else f"a{arena}/{name}"
            for group in self.groups
            for arena in range(self.arenas)
            for name in group.agents
        )

    def group_size(self, group: int) -> int:
        """Agents of one group over all arenas."""
        return self.arenas * len(self.groups[group].agents)

    def group_slice(self, group: int) -> slice:
        """Where a group's agents are in the global order."""
        start = sum(self.group_size(g) for g in range(group))
        return slice(start, start + self.group_size(group))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as it travels in the handshake and lies in `spec.json`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GameSpec:
        """Read what `to_dict` wrote. Raises KeyError or TypeError on a malformed document."""
        return cls(
            scenario=str(data["scenario"]),
            arenas=int(data["arenas"]),
            physics_hz=int(data["physics_hz"]),
            action_repeat=int(data["action_repeat"]),
            groups=tuple(
                AgentGroup(
                    name=g["name"],
                    agents=tuple(g["agents"]),
                    layout=PolicyLayout.from_dict(g["layout"]),
                    metrics=tuple(g["metrics"]),
                )
                for g in data["groups"]
            ),
            params=dict(data.get("params", {})),
            wire=str(data.get("wire", "spacetime/1")),
            tasks=tuple(_read_task(task, data["groups"]) for task in data.get("tasks", ())),
        )


def _read_task(data: Mapping[str, Any], groups: Sequence[Mapping[str, Any]]) -> TaskSpec:
    """The game names metrics by policy, `GameSpec.to_dict` lists them in the groups' order."""
    metrics = data["metrics"]
    by_group = [metrics.get(group["name"], ()) for group in groups] if isinstance(metrics, Mapping) else metrics
    return TaskSpec(
        name=str(data["name"]),
        scenario=str(data["scenario"]),
        weight=float(data["weight"]),
        params=dict(data["params"]),
        metrics=tuple(tuple(names) for names in by_group),
    )
