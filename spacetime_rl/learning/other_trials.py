"""The snapshots of a sweep's other trials, found in the run's folder while all of them train."""

from __future__ import annotations

import errno
import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile
from zlib import crc32

import numpy as np

from spacetime_rl.errors import ResumeError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.league.lineage import Lineage, read_lineage
from spacetime_rl.league.player import Player
from spacetime_rl.modules.network_plan import NetworkPlan
from spacetime_rl.notices import ONCE
from spacetime_rl.rollout.opponents import OtherNetwork, Weights
from spacetime_rl.runs.layout import RunPaths, networks_file, others_of, run_of_trial, snapshots_of

FORMAT = 1
_ATTEMPTS = 3  # snapshots of a trial that are tried, the newest first, when files cannot be read
_GONE = (errno.ENOENT, errno.ESTALE)  # the latter on network storage
Keep = Callable[[Any], Any]  # puts a network where runners find it, such as Ray's object store

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OtherPlayer:
    """A snapshot of another trial, and what `keep` returned for its network."""

    player: Player
    network: Any


class OtherTrials:
    """For each policy the newest snapshot of each other trial, of the `most` trials that have trained for longest.

    Describes the networks of the own `trial` in its folder, so that others can play against it, too. Files of other
    trials may be missing, incomplete, or gone when they are read; such a snapshot is left out.
    """

    def __init__(self, trial: Path, plans: Mapping[str, NetworkPlan], most: int, keep: Keep) -> None:
        self._trial = trial
        self._plans = plans
        self._most = most
        self._keep = keep
        self._met: dict[str, OtherPlayer] = {}  # by the id of the player
        # Of the arrays that a network acts with, by its policy and its plan's key.
        self._shapes: dict[tuple[str, str], Mapping[str, tuple[int, ...]]] = {}
        self._alone = why_alone(trial)
        if self._alone:
            logger.warning("league.across_trials: %s", self._alone, extra=ONCE)
        else:
            write_plans(trial, plans)

    def players(self, policy: str) -> list[Player]:
        """The players of a policy that the latest `look` found."""
        return [one.player for one in self._met.values() if one.player.policy == policy]

    def find(self, player: str) -> OtherPlayer | None:
        """The player with this id, if the latest `look` found it."""
        return self._met.get(player)

    def look(self, kept: Collection[str] = ()) -> None:
        """Find the newest snapshots, and read those that are new. Players whose ids are in `kept` stay in any case."""
        if self._alone:
            return
        met = {name: self._met[name] for name in kept if name in self._met}
        for policy in self._plans:
            found = 0
            for folder in self._by_age(policy):
                one = self._newest(policy, folder) if found < self._most else None
                if one is not None:
                    met[one.player.id] = one
                    found += 1
        self._met = met

    def _by_age(self, policy: str) -> list[Path]:
        """The other trials with snapshots of a policy, those that have trained for longest first."""
        others = others_of(self._trial)
        steps = {trial: max(_snapshots(folder, policy), default=None) for trial, folder in others.items()}
        own = self._trial.name  # of trials that are equally old, not all meet the same ones
        ranked = sorted(
            (-newest, crc32(f"{own} {trial}".encode()), trial) for trial, newest in steps.items() if newest is not None
        )
        return [others[trial] for _, _, trial in ranked]

    def _newest(self, policy: str, folder: Path) -> OtherPlayer | None:
        """The newest snapshot of another trial that can be read; None if there is none that this trial can meet."""
        plan, own = read_plan(folder, policy), self._plans[policy]
        lineage = _lineage(folder)
        if plan is None or lineage is None:
            return None
        if plan.layout != own.layout:
            logger.warning(
                "league.across_trials: policy %s has other observations or actions in other trials, and does not meet "
                "them",
                policy,
                extra=ONCE,
            )
            return None
        for steps, file in sorted(_snapshots(folder, policy).items(), reverse=True)[:_ATTEMPTS]:
            if not lineage.has_taken(steps):
                return None  # a copy of another trial's, which is met there
            player = Player.snapshot(policy, steps).of_trial(lineage.owner_of(steps))
            if player.id in self._met:
                return self._met[player.id]
            weights = self._weights(file, policy, plan)
            if _lineage(folder) != lineage:
                return None  # it has gone on from another trial's copy in the meantime
            if weights is not None:
                return OtherPlayer(player, self._keep(weights if plan == own else OtherNetwork(weights, plan)))
        return None

    def _weights(self, file: Path, policy: str, plan: NetworkPlan) -> Weights | None:
        """The arrays in a snapshot's file that acting needs; None for a file that is gone or is no such snapshot."""
        key = (policy, plan.key)
        if key not in self._shapes:
            state = plan.build().get_state(inference_only=True)
            self._shapes[key] = {name: np.shape(value) for name, value in state.items()}
        shapes = self._shapes[key]
        try:
            with np.load(file, allow_pickle=False) as arrays:
                weights = {name: arrays[name] for name in shapes}
            wrong = [name for name, shape in shapes.items() if weights[name].shape != shape]
            if wrong:
                raise ValueError(f"{wrong[0]} has the shape {weights[wrong[0]].shape}, expected {shapes[wrong[0]]}")
        except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
            if getattr(error, "errno", None) not in _GONE:  # trials drop snapshots beyond a limit, and when they resume
                logger.warning("league.across_trials: %s is not met: %s", file, error)
            return None
        return weights


def _snapshots(trial: Path, policy: str) -> Mapping[int, Path]:
    """A trial's snapshots by their agent steps; empty if its folder goes while it is listed."""
    try:
        return snapshots_of(trial, policy)
    except OSError:
        return {}


def _lineage(trial: Path) -> Lineage | None:
    """A trial's lineage; None if it cannot be read at this moment."""
    try:
        return read_lineage(trial)
    except (OSError, ResumeError):
        return None


def why_alone(trial: Path) -> str:
    """Why a trial cannot meet others; empty if it can."""
    run = RunPaths(run_of_trial(trial))
    if not run.config.is_file():
        return (
            f"this machine does not see the run's folder {run.path}, so its trials meet no others; put the results on "
            "storage that all machines share"
        )
    if not run.sweep.is_file():
        return "a run by itself has no other trials to meet; `spacetime-rl sweep` trains several"
    return ""


def write_plans(trial: Path, plans: Mapping[str, NetworkPlan]) -> None:
    """Describe the networks of a trial's policies in its folder."""
    file = networks_file(trial)
    file.parent.mkdir(parents=True, exist_ok=True)
    unfinished = file.with_name(f".{file.name}")
    document = {"format": FORMAT, "policies": {policy: plan.to_dict() for policy, plan in plans.items()}}
    unfinished.write_text(to_json(document), encoding="utf-8")
    unfinished.replace(file)


def read_plan(trial: Path, policy: str) -> NetworkPlan | None:
    """What another trial's policy is built from; None if that trial does not take part, or not yet."""
    try:
        document = json.loads(networks_file(trial).read_text(encoding="utf-8"))
        return NetworkPlan.from_dict(document["policies"][policy]) if document["format"] == FORMAT else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
