"""The players of an evaluation: random policy, scripted policy, a folder of exported policies, or a mix of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from spacetime_rl.contract import PolicyPlan
from spacetime_rl.errors import ContractError, UsageError
from spacetime_rl.evaluation.agents import places_of
from spacetime_rl.evaluation.policies import Actor, AgentGenerators, IdleActor, OnnxActor, RandomActor
from spacetime_rl.export.schema import PolicySchema, read_schema
from spacetime_rl.game.spec import GameSpec, PolicyLayout
from spacetime_rl.runs.layout import onnx_file, schemas_in


class Source(Protocol):
    """A player: it makes the actors of a game."""

    @property
    def name(self) -> str:
        """The player's name in reports."""

    @property
    def control(self) -> Literal["policy", "heuristic"]:
        """Whether actions come from Python (`policy`) or from the game's own scripts (`heuristic`)."""

    @property
    def scripted(self) -> tuple[str, ...]:
        """Policies whose agents the game's scripts move although `control` is `policy`."""

    @property
    def in_game(self) -> Mapping[str, Path]:
        """By policy the ONNX file that the game itself computes."""

    def make_actors(self, spec: GameSpec, plans: Sequence[PolicyPlan], seed: int, stochastic: bool) -> list[Actor]:
        """One actor per plan; `stochastic` actors sample actions. Raises ContractError for plans it cannot play."""


@dataclass(frozen=True, slots=True)
class RandomSource:
    """The random policy."""

    name: str = "random"
    control: Literal["policy", "heuristic"] = "policy"
    scripted: tuple[str, ...] = ()
    in_game: Mapping[str, Path] = field(default_factory=dict)

    def make_actors(self, spec: GameSpec, plans: Sequence[PolicyPlan], seed: int, stochastic: bool) -> list[Actor]:
        """One random actor per plan."""
        del stochastic
        return [RandomActor(plan.layout, _generators(spec, plan, seed)) for plan in plans]


@dataclass(frozen=True, slots=True)
class HeuristicSource:
    """The game's scripted policies."""

    name: str = "heuristic"
    control: Literal["policy", "heuristic"] = "heuristic"
    scripted: tuple[str, ...] = ()
    in_game: Mapping[str, Path] = field(default_factory=dict)

    def make_actors(self, spec: GameSpec, plans: Sequence[PolicyPlan], seed: int, stochastic: bool) -> list[Actor]:
        """One idle actor per plan: the game's scripts act. Raises ContractError for a stock game, which has none."""
        del seed, stochastic
        if spec.is_stock:
            raise ContractError([f"{spec.scenario}: a stock game has no heuristic that could be asked to play"])
        return [IdleActor(plan.layout) for plan in plans]


@dataclass(frozen=True, slots=True)
class OnnxSource:
    """The policies in a folder of exported files; the game's scripts play those that are `scripted`."""

    folder: Path
    name: str = "policy"
    control: Literal["policy", "heuristic"] = "policy"
    scripted: tuple[str, ...] = ()
    in_game: Mapping[str, Path] = field(default_factory=dict)
    every: int = 1  # an action is computed on every n-th decision, and held between

    def make_actors(self, spec: GameSpec, plans: Sequence[PolicyPlan], seed: int, stochastic: bool) -> list[Actor]:
        """One actor per plan. Raises ContractError if a policy is missing or has other spaces than the game."""
        schemas = read_schemas(self.folder)
        problems = [problem for plan in plans for problem in self._disagreements(plan, schemas)]
        if problems:
            raise ContractError(problems)
        return [
            IdleActor(plan.layout)
            if plan.name in self.scripted
            else OnnxActor(
                self.folder / f"{plan.name}.onnx",
                schemas[plan.name],
                len(plan.agents),
                _generators(spec, plan, seed) if stochastic else None,
                self.every,
            )
            for plan in plans
        ]

    def _disagreements(self, plan: PolicyPlan, schemas: dict[str, PolicySchema]) -> Iterator[str]:
        if plan.name in self.scripted:
            return
        if plan.name not in schemas:
            yield f"{self.folder}: no policy {plan.name!r}, which the game needs; there are {', '.join(schemas)}"
            return
        for problem in compare_layouts(schemas[plan.name].layout, plan.layout):
            yield f"{self.folder / plan.name}.onnx: {problem}"


@dataclass(frozen=True, slots=True)
class InGameSource:
    """The policies in a folder of exported files, computed by the game itself, without Python; but for `scripted`."""

    folder: Path
    name: str = "policy, in the game"
    control: Literal["policy", "heuristic"] = "policy"
    scripted: tuple[str, ...] = ()

    @property
    def in_game(self) -> Mapping[str, Path]:
        """All policies of the folder."""
        return {name: onnx_file(self.folder, name) for name in read_schemas(self.folder)}

    def make_actors(self, spec: GameSpec, plans: Sequence[PolicyPlan], seed: int, stochastic: bool) -> list[Actor]:
        """One idle actor per plan. Raises ContractError for plans that the policies do not fit."""
        if spec.is_stock:
            raise ContractError([f"{spec.scenario}: a stock game cannot compute policies itself; leave out --in-game"])
        if stochastic:
            raise ContractError(["--in-game plays the most probable actions; leave out --stochastic"])
        OnnxSource(self.folder, scripted=self.scripted).make_actors(spec, plans, seed, stochastic)
        return [IdleActor(plan.layout) for plan in plans]


@dataclass(frozen=True, slots=True)
class MixedSource:
    """Different players for different policies: `own` by policy, and `rest`, not the heuristic, for all others."""

    rest: Source
    own: Mapping[str, Source]

    @property
    def name(self) -> str:
        """All players' names, such as `trained, runner=heuristic`."""
        return ", ".join([self.rest.name, *(f"{policy}={source.name}" for policy, source in self.own.items())])

    @property
    def control(self) -> Literal["policy", "heuristic"]:
        """Always `policy`; agents of scripted policies are named by `scripted`."""
        return "policy"

    @property
    def scripted(self) -> tuple[str, ...]:
        """Policies that the heuristic plays."""
        own = [policy for policy, source in self.own.items() if source.control == "heuristic"]
        return (*own, *(policy for policy in self.rest.scripted if policy not in self.own))

    @property
    def in_game(self) -> Mapping[str, Path]:
        """None: players are mixed in Python."""
        return {}

    def make_actors(self, spec: GameSpec, plans: Sequence[PolicyPlan], seed: int, stochastic: bool) -> list[Actor]:
        """The actor of each plan's own player. Raises ContractError for an unknown policy in `own`."""
        unknown = [policy for policy in self.own if policy not in {plan.name for plan in plans}]
        if unknown:
            known = ", ".join(plan.name for plan in plans)
            raise ContractError([f"--with {policy}=…: no such policy; there are {known}" for policy in unknown])
        return [self.own.get(plan.name, self.rest).make_actors(spec, [plan], seed, stochastic)[0] for plan in plans]


def is_onnx_folder(path: Path) -> bool:
    """Whether a folder holds exported policies."""
    return path.is_dir() and bool(schemas_in(path))


def read_schemas(folder: Path) -> dict[str, PolicySchema]:
    """The exported policies of a folder by name. Raises UsageError if there are none, ExportError for a broken one."""
    schemas = [read_schema(path) for path in schemas_in(folder)]
    if not schemas:
        raise UsageError(f"{folder}: holds no exported policy (<policy>.onnx with <policy>.schema.json)")
    return {schema.policy: schema for schema in schemas}


def compare_layouts(policy: PolicyLayout, game: PolicyLayout) -> Iterator[str]:
    """All differences between a policy's observation and action spaces and a game's, a sentence each."""
    for kind in ("fields", "images", "actions"):
        made_for, found = getattr(policy, kind), getattr(game, kind)
        what = {"fields": "observation", "images": "image", "actions": "action"}[kind]
        theirs = {part.name: part for part in found}
        ours = {part.name: part for part in made_for}
        yield from (f"{what} {name!r}: the game does not have it" for name in ours if name not in theirs)
        yield from (f"{what} {name!r}: the policy does not know it" for name in theirs if name not in ours)
        both = [name for name in ours if name in theirs]
        differing = [name for name in both if ours[name] != theirs[name]]
        yield from (f"{what} {name!r}: the policy has {ours[name]}, the game {theirs[name]}" for name in differing)
        if not differing and set(ours) == set(theirs) and made_for != found:
            yield f"{what}s: the policy has the order {', '.join(ours)}, the game {', '.join(theirs)}"


def _generators(spec: GameSpec, plan: PolicyPlan, seed: int) -> AgentGenerators:
    return AgentGenerators(seed, places_of(spec)[plan.agents])
