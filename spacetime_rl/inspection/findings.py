"""Problems in a game's observations, rewards, episodes and actions, a sentence each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import fsum, prod
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config import ModelConfig, RunConfig
from spacetime_rl.inspection.columns import Columns
from spacetime_rl.inspection.entities import EntityList
from spacetime_rl.inspection.sample import PolicySample, Sample

Severity = Literal["fault", "warning", "note"]

LARGE = 100.0  # absolute value of an observation or a reward that is reported as not scaled
_SATURATED = 0.9  # share of a column's values at its minimum or maximum
_DOMINANT = 0.95  # share of one term in the absolute sum of all reward terms
_ENOUGH = 50  # rows needed to report a column as constant
_LONG = 1000  # decisions without an ended episode that make a warning
_NAMED = 6  # columns listed in a sentence
_REWARD = "reward/"


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem. `where` is `<policy>.<part>`: an observation or action field, `reward` or `episodes`."""

    severity: Severity
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of one observation field or image. Those of a list of entities are examined by `EntityList`."""

    name: str
    begin: int
    size: int
    image: bool = False
    mask: bool = False
    entities: bool = False

    def column(self, index: int) -> str:
        """A column's name: `rays[3]`, or `height` if the field has only one number."""
        return self.name if self.size == 1 else f"{self.name}[{index - self.begin}]"


def parts_of(policy: PolicySample) -> list[Part]:
    """The fields and images of a policy's observation, in order."""
    layout = policy.plan.layout
    sizes = [(field.name, field.size, False, field.kind) for field in layout.fields]
    sizes += [(image.name, prod(image.shape), True, "continuous") for image in layout.images]
    parts, begin = [], 0
    for name, size, image, kind in sizes:
        parts.append(Part(name, begin, size, image, mask=kind == "mask", entities=kind == "entities"))
        begin += size
    return parts


def parts_of_entities(entities: EntityList) -> list[Part]:
    """The numbers of an entity, in order, as columns of `entities.numbers`."""
    return [Part(f"{entities.field.name}.{name}", at, 1) for at, name in enumerate(entities.field.columns[1:])]


def find(sample: Sample, config: RunConfig) -> list[Finding]:
    """All problems found in a sample: faults first, then warnings, then notes."""
    found = [Finding("fault", "game", sample.fault)] if sample.fault else []
    for policy in sample.policies:
        found += _observations(policy, config)
        found += _rewards(policy)
        found += _episodes(policy, sample)
        found += _actions(policy)
    order = {"fault": 0, "warning": 1, "note": 2}
    return sorted(found, key=lambda one: order[one.severity])


def _observations(policy: PolicySample, config: RunConfig) -> Iterator[Finding]:
    columns, name = policy.observations, policy.plan.name
    if columns.rows < _ENOUGH:
        return
    model = config.policy_model(name)
    parts = [part for part in parts_of(policy) if not part.entities]
    for part in parts:
        yield from _field(name, columns, part, model)
    for entities in policy.entities:
        yield from (Finding("warning", f"{name}.{entities.field.name}", text) for text in entities.problems())
        for part in parts_of_entities(entities) if entities.numbers.rows >= _ENOUGH else ():
            yield from _field(name, entities.numbers, part, model)
    vectors = [part for part in parts if not part.image and not part.mask]
    labels = {index: part.column(index) for part in vectors for index in range(part.begin, part.begin + part.size)}
    copies = [(a, b) for a, b in columns.copies() if a in labels and b in labels]
    if copies:
        pairs = [f"{labels[b]} = {labels[a]}" for a, b in copies]
        yield Finding("warning", name, f"the same number twice: {_listed(pairs)}")


def _field(policy: str, columns: Columns, part: Part, model: ModelConfig) -> Iterator[Finding]:
    where = f"{policy}.{part.name}"
    own = slice(part.begin, part.begin + part.size)
    constant, low, high = columns.constant[own], columns.low[own], columns.high[own]
    if part.image:
        if constant.all() and np.ptp(low) == 0.0:
            yield Finding("warning", where, f"the image never changes: every pixel is {low[0]:g}")
        return
    zero = constant & (low == 0.0)
    if part.mask:
        if zero.any():
            yield Finding("note", where, f"never allowed in random play{_which(part, zero)}")
        return
    if zero.any():
        yield Finding("warning", where, f"always 0 in random play{_which(part, zero)}: it carries nothing")
    fixed = constant & ~zero
    if fixed.any():
        value = f" ({low[fixed][0]:g})" if np.ptp(low[fixed]) == 0.0 else ""
        yield Finding("warning", where, f"constant{value}{_which(part, fixed)}: it carries nothing")
    size = np.maximum(np.abs(low), np.abs(high))
    large = size > LARGE
    if large.any():
        scaled = model.normalize_observations or model.symlog is not None
        remedy = "bring it to about [-1, 1] in the game, or leave it to model.normalize_observations"
        text = f"up to {size.max():.4g}{_which(part, large)}: not scaled; {remedy}"
        yield Finding("note" if scaled else "warning", where, text)
    saturated = (columns.saturation[own] > _SATURATED) & ~constant
    if saturated.any():
        share = columns.saturation[own][saturated].max()
        yield Finding("note", where, f"at its limit for {share:.0%} of the time{_which(part, saturated)}")


def _rewards(policy: PolicySample) -> Iterator[Finding]:
    rewards, where = policy.rewards, f"{policy.plan.name}.reward"
    if rewards.rows < _ENOUGH:
        return
    low, high = float(rewards.low[0]), float(rewards.high[0])
    if low == high == 0.0:
        yield Finding(
            "warning", where, "never anything but 0 in random play: nothing to learn from until chance finds a reward"
        )
    elif low == high:
        yield Finding("warning", where, f"constant ({low:g}): no action is better than another")
    if max(abs(low), abs(high)) > LARGE:
        text = f"between {low:.4g} and {high:.4g} a decision: large; returns of about 1 to 100 learn best"
        yield Finding("warning", where, text)
    yield from _terms(policy)


def _terms(policy: PolicySample) -> Iterator[Finding]:
    sizes = {name: fsum(map(abs, values)) for name, values in policy.ended.items() if name.startswith(_REWARD)}
    total = fsum(sizes.values())
    if len(sizes) < 2 or not total:
        return
    name, largest = max(sizes.items(), key=lambda item: item[1])
    if largest > _DOMINANT * total:
        text = f"{largest / total:.0%} of its size is {name}: the rest hardly counts"
        yield Finding("warning", f"{policy.plan.name}.reward", text)
    never = [name for name, size in sizes.items() if size == 0.0]
    if never:
        yield Finding("note", f"{policy.plan.name}.reward", f"never anything but 0 in random play: {_listed(never)}")


def _episodes(policy: PolicySample, sample: Sample) -> Iterator[Finding]:
    where = f"{policy.plan.name}.episodes"
    if not policy.episodes:
        if sample.fault is None:
            yield Finding(*_endless(where, sample.decisions))
        return
    lengths = policy.ended["length"]
    if max(lengths) <= 1.0:
        text = "every one ends after one decision: an error in the game's scripts, or a condition that always holds"
        yield Finding("warning", where, text)


def _endless(where: str, decisions: int) -> tuple[Severity, str, str]:
    none = f"none ended within {decisions:,} decisions"
    if decisions < _LONG:
        return "note", where, f"{none}, which is short: play longer (--time)"
    return "warning", where, f"{none}: set game.episode_steps, or end them in the game"


def _actions(policy: PolicySample) -> Iterator[Finding]:
    for name in policy.idle_actions:
        yield Finding("note", f"{policy.plan.name}.{name}", "this action changed nothing in the episode that was tried")


def _which(part: Part, columns: NDArray[np.bool_]) -> str:
    """The columns of a field in words; empty if all columns are meant."""
    if columns.all():
        return ""
    return f" in {part.name}[{_listed([str(i) for i in np.flatnonzero(columns).tolist()])}]"


def _listed(words: Sequence[str]) -> str:
    rest = len(words) - _NAMED
    return ", ".join(words[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")
