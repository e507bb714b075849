"""The declaration that a game sends in its handshake: agents, policies, observation and action spaces, arenas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import isfinite, prod
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.game.declaration import (
    SpecError,
    distinct,
    keyed,
    listed,
    one_of,
    required,
    text,
    whole,
    wrong,
)

STOCK_WIRE = "stock/0.7"
MASK_PREFIX = "mask/"  # the name of an action's mask is this and the action's name
ALWAYS_MEASURED = ("episode", "return", "length")  # metrics that every agent of every game reports

PRESENT = "present"  # first column of every entity list: 1 in the row of an entity, 0 in an unused row
_Kind = Literal["continuous", "discrete"]
_KINDS: tuple[_Kind, ...] = ("continuous", "discrete")
_FieldKind = Literal["continuous", "discrete", "entities", "mask"]
_FIELD_KINDS: tuple[_FieldKind, ...] = (*_KINDS, "entities", "mask")
_ONLY_WHERE_SET = frozenset({"columns"})  # attributes that plain data leaves out where they are empty


@dataclass(frozen=True, slots=True)
class ObservationField:
    """A named slice of the observation vector of `size` floats: numbers, a one-hot choice, a list of entities, a mask.

    A list of entities has `rows` rows, one after the other, and in each row one number for each name in `columns`. The
    first column is `PRESENT`. A row without an entity is all zeros. A mask has a number for each choice of an action;
    `game.masks` reads them.
    """

    name: str
    size: int
    unit: str = ""
    kind: _FieldKind = "continuous"
    columns: tuple[str, ...] = ()  # empty, except in a list of entities

    @property
    def rows(self) -> int:
        """The most entities that the list holds; 0 for a field that is no list of entities."""
        return self.size // len(self.columns) if self.columns else 0

    def number(self, index: int) -> str:
        """The name of one of the field's numbers, by its index in the field: `rays[3]`, or `others[2].speed`."""
        if self.columns:
            row, column = divmod(index, len(self.columns))
            return f"{self.name}[{row}].{self.columns[column]}"
        return f"{self.name}[{index}]"

    @property
    def extent(self) -> str:
        """The size for a message: `16`, or `12 entities of 5` for 12 rows of 5 numbers."""
        return f"{self.rows} entities of {len(self.columns)}" if self.columns else f"{self.size}"


@dataclass(frozen=True, slots=True)
class ImageField:
    """A camera image, uint8 on the wire, of shape (height, width, channels)."""

    name: str
    shape: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ActionField:
    """A named part of the action: `size` numbers in [-1, 1], or one choice out of `size`."""

    name: str
    kind: _Kind
    size: int

    @property
    def width(self) -> int:
        """Floats that this field takes in the flat action vector."""
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

    @property
    def entity_lists(self) -> dict[int, ObservationField]:
        """The fields that are lists of entities, by the index of their first number in the observation vector."""
        begins = np.cumsum([0, *(f.size for f in self.fields)]).tolist()
        return {begin: f for begin, f in zip(begins, self.fields, strict=False) if f.kind == "entities"}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self, dict_factory=_plain)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PolicyLayout:
        """Read the output of `to_dict`. Raises SpecError, a ValueError, for spaces that no policy can have."""
        fields = tuple(_read_field(f) for f in listed("fields", required("layout", data, "fields")))
        images = tuple(_read_image(i) for i in listed("images", required("layout", data, "images")))
        actions = tuple(_read_action(a) for a in listed("actions", required("layout", data, "actions")))
        distinct("observations", [*(field.name for field in fields), *(image.name for image in images)])
        distinct("actions", [action.name for action in actions])
        _require_masked_actions(fields, actions)
        if not fields and not images:
            raise SpecError("fields: found none, expected at least one field or image to observe")
        if not actions:
            raise SpecError("actions: found none, expected at least one action to choose")
        return cls(fields, images, actions)


@dataclass(frozen=True, slots=True)
class AgentGroup:
    """The agents of one policy name, which share their spaces. `agents` are their names inside an arena."""

    name: str
    agents: tuple[str, ...]
    layout: PolicyLayout
    metrics: tuple[str, ...] = ("episode", "return", "length", "success")


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """One of several tasks that the arenas play in turn. `metrics` has the names that it measures, for each group."""

    name: str
    scenario: str
    weight: float
    params: Mapping[str, Any]
    metrics: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class TeamSpec:
    """Agents of an arena that share rewards. `agents` are their names inside an arena."""

    name: str
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GameSpec:
    """Everything Python has to know about a running game before the first step.

    Agents are numbered group by group, and inside a group arena by arena: group g is one contiguous range. For a stock
    game, `physics_hz` is None (unknown), and so is `action_repeat` unless the launch sets it. Its groups declare only
    the metrics that every agent reports.
    """

    scenario: str
    arenas: int
    physics_hz: int | None
    action_repeat: int | None
    groups: tuple[AgentGroup, ...]
    params: Mapping[str, Any] = field(default_factory=dict)
    wire: str = "spacetime/1"
    tasks: tuple[TaskSpec, ...] = ()  # empty if the game plays a single task
    teams: tuple[TeamSpec, ...] = ()  # empty if no agents share rewards

    @property
    def is_stock(self) -> bool:
        """Whether the game uses the JSON protocol of Godot RL Agents, with that protocol's limits."""
        return self.wire == STOCK_WIRE

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

    @property
    def arena_of_agents(self) -> NDArray[np.int64]:
        """The arena of every agent in the global order, int64 [num_agents]."""
        return np.concatenate([np.repeat(np.arange(self.arenas), len(group.agents)) for group in self.groups])

    def group_size(self, group: int) -> int:
        """Number of agents of one group over all arenas."""
        return self.arenas * len(self.groups[group].agents)

    def group_slice(self, group: int) -> slice:
        """The range of a group's agents in the global order."""
        start = sum(self.group_size(g) for g in range(group))
        return slice(start, start + self.group_size(group))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as it travels in the handshake and lies in `spec.json`."""
        return asdict(self, dict_factory=_plain)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GameSpec:
        """Read the output of `to_dict`. Raises SpecError, a ValueError, with the location of the first mistake."""
        keyed("spec", data)
        declared = listed("groups", required("spec", data, "groups"))
        groups = tuple(_read_group(group) for group in declared)
        distinct("groups: names", [group.name for group in groups])
        distinct("groups: agents", [agent for group in groups for agent in group.agents])
        if not groups:
            raise SpecError("groups: found none, expected at least one policy with agents")
        wire = text("wire", data.get("wire", "spacetime/1"))
        return cls(
            scenario=text("scenario", required("spec", data, "scenario")),
            arenas=whole("arenas", required("spec", data, "arenas")),
            physics_hz=_read_ticks(data, "physics_hz", wire),
            action_repeat=_read_ticks(data, "action_repeat", wire),
            groups=groups,
            params=dict(keyed("params", data.get("params", {}))),
            wire=wire,
            tasks=tuple(_read_task(task, groups) for task in listed("tasks", data.get("tasks", ()))),
            teams=_read_teams(data, groups),
        )


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What a dataclass becomes in plain data; a game that does not use an attribute has the data it always had."""
    return {key: value for key, value in pairs if value or key not in _ONLY_WHERE_SET}


def _read_ticks(data: Mapping[str, Any], key: str, wire: str) -> int | None:
    value = required("spec", data, key)
    return None if value is None and wire == STOCK_WIRE else whole(key, value)


def _read_field(data: Any) -> ObservationField:
    name = text("fields: name", required("fields", keyed("fields", data), "name"))
    where = f"field {name!r}"
    kind = one_of(f"{where}: kind", data.get("kind", "continuous"), _FIELD_KINDS)
    size = whole(f"{where}: size", required(where, data, "size"), least=_least(kind))
    columns = _read_columns(where, data, size) if kind == "entities" else ()
    return ObservationField(name, size, str(data.get("unit", "")), kind, columns)  # type: ignore[arg-type]


def _read_columns(where: str, data: Any, size: int) -> tuple[str, ...]:
    """The names of an entity's numbers, in a list of `size` numbers."""
    listing = listed(f"{where}: columns", required(where, data, "columns"))
    columns = distinct(f"{where}: columns", [text(f"{where}: columns", name) for name in listing])
    if len(columns) < 2 or columns[0] != PRESENT:  # presence, and one number at least
        raise wrong(f"{where}: columns", list(columns), f"{PRESENT!r}, and then the name of each number of an entity")
    if size % len(columns):
        raise wrong(f"{where}: size", size, f"a multiple of {len(columns)}, the number of its columns")
    return columns


def _read_image(data: Any) -> ImageField:
    name = text("images: name", required("images", keyed("images", data), "name"))
    where = f"image {name!r}: shape"
    shape = listed(where, required(f"image {name!r}", data, "shape"), 3, "numbers")
    height, width, channels = (whole(where, n) for n in shape)
    return ImageField(name, (height, width, channels))


def _read_action(data: Any) -> ActionField:
    name = text("actions: name", required("actions", keyed("actions", data), "name"))
    where = f"action {name!r}"
    kind = one_of(f"{where}: kind", required(where, data, "kind"), _KINDS)
    return ActionField(name, kind, whole(f"{where}: size", required(where, data, "size"), least=_least(kind)))  # type: ignore[arg-type]


def _require_masked_actions(fields: Sequence[ObservationField], actions: Sequence[ActionField]) -> None:
    """Raises SpecError for a mask that is not the mask of one of these actions."""
    sizes = {MASK_PREFIX + action.name: action.size for action in actions if action.kind == "discrete"}
    for seen in fields:
        if seen.kind == "mask" and seen.name not in sizes:
            masks = " or ".join(map(repr, sizes)) or "none, because no action is discrete"
            raise wrong("fields: name of a mask", seen.name, masks)
        if seen.kind == "mask" and seen.size != sizes[seen.name]:
            raise wrong(f"field {seen.name!r}: size", seen.size, f"{sizes[seen.name]}, one for each choice")


def _least(kind: str) -> int:
    """The smallest valid size: a discrete action with one possibility would leave nothing to choose."""
    return 2 if kind == "discrete" else 1


def _read_group(data: Any) -> AgentGroup:
    name = text("groups: name", required("groups", keyed("groups", data), "name"))
    where = f"policy {name!r}"
    agents = [text(f"{where}: agents", agent) for agent in listed(f"{where}: agents", required(where, data, "agents"))]
    if not agents:
        raise SpecError(f"{where}: agents: found none, expected at least one")
    metrics = [text(f"{where}: metrics", m) for m in listed(f"{where}: metrics", required(where, data, "metrics"))]
    missing = [metric for metric in ALWAYS_MEASURED if metric not in metrics]
    if missing:
        raise wrong(f"{where}: metrics", metrics, f"{missing[0]!r} among them")
    try:
        layout = PolicyLayout.from_dict(keyed("layout", required("", data, "layout")))
    except SpecError as error:
        raise SpecError(f"{where}: {error}") from None
    return AgentGroup(name, tuple(agents), layout, distinct(f"{where}: metrics", metrics))


def _read_task(data: Any, groups: Sequence[AgentGroup]) -> TaskSpec:
    """Read a task. The game lists metrics by policy name, `GameSpec.to_dict` in the order of the groups."""
    name = text("tasks: name", required("tasks", keyed("tasks", data), "name"))
    where = f"task {name!r}"
    metrics = required(where, data, "metrics")
    by_group = (
        [metrics.get(group.name, ()) for group in groups]
        if isinstance(metrics, Mapping)
        else listed(f"{where}: metrics", metrics, len(groups), "lists")
    )
    for group, names in zip(groups, by_group, strict=True):
        unknown = [m for m in listed(f"{where}: metrics", names) if m not in group.metrics]
        if unknown:
            raise wrong(f"{where}: metrics of policy {group.name!r}", unknown[0], "one that the policy declares")
    weight = required(where, data, "weight")
    if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not isfinite(weight) or weight < 0:
        raise wrong(f"{where}: weight", weight, "a number of at least 0")
    return TaskSpec(
        name=name,
        scenario=text(f"{where}: scenario", required(where, data, "scenario")),
        weight=float(weight),
        params=dict(keyed(f"{where}: params", required(where, data, "params"))),
        metrics=tuple(tuple(names) for names in by_group),
    )


def _read_teams(data: Any, groups: Sequence[AgentGroup]) -> tuple[TeamSpec, ...]:
    declared = [keyed("teams", team) for team in listed("teams", data.get("teams", ()))]
    teams = tuple(TeamSpec(text("teams: name", required("teams", team, "name")), _members(team)) for team in declared)
    distinct("teams: names", [team.name for team in teams])
    distinct("teams: agents", [agent for team in teams for agent in team.agents])
    known = [agent for group in groups for agent in group.agents]
    for team in teams:
        for agent in team.agents:
            if agent not in known:
                raise wrong(f"team {team.name!r}: agents", agent, "the name of an agent of the arena")
    return teams


def _members(team: Mapping[str, Any]) -> tuple[str, ...]:
    where = f"team {team['name']!r}: agents"
    return tuple(text(where, agent) for agent in listed(where, required(where, team, "agents")))
