"""The record of a night in its folder, from which a report is written and an interrupted night goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from spacetime_rl.config.loader import OWN_SECTIONS
from spacetime_rl.config.overrides import split_section
from spacetime_rl.errors import UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.nightly.plan import NightlyPlan

FORMAT = 1
RECORD = "night.json"
POLICIES = "policies"
Status = Literal["done", "worse", "failed", "skipped", "stopped"]


@dataclass(frozen=True, slots=True)
class Stage:
    """How one stage of a night ended.

    `worse` is the verdict of a check: something got worse, or is broken. `failed` is a fault of the machine, the game
    or the command; `stopped` is the user's. `files` are paths in the night's folder, and `figures` are plain JSON data.
    """

    name: str
    status: Status
    message: str
    seconds: float = 0.0
    figures: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether a night that goes on need not do it again; what was skipped may have something to do by then."""
        return self.status in ("done", "worse")


def of_the_run(overrides: Sequence[str]) -> list[str]:
    """The overrides of a configuration itself, without those of its sections for playtest and gate."""
    rest = list(overrides)
    for section in OWN_SECTIONS:
        _, rest = split_section(rest, section)
    return rest


@dataclass(frozen=True, slots=True)
class Night:
    """What a night is, and what it has done so far.

    `config` and `overrides` are as the user gave them. `build` is a hash of the game's content, `base` the build that
    it is compared with, if any, and `last` the folder of the night whose policies tonight's are compared with.
    """

    name: str
    config: str
    overrides: tuple[str, ...]
    run_id: str
    begun: str
    plan: NightlyPlan
    build: str
    base: str | None = None
    last: str = ""
    stages: tuple[Stage, ...] = ()

    @property
    def of_the_run(self) -> list[str]:
        """The overrides of the configuration itself, without those of its sections for playtest and gate."""
        return of_the_run(self.overrides)

    def stage(self, name: str) -> Stage | None:
        """The result of a stage; None if it has not ended."""
        return next((stage for stage in self.stages if stage.name == name), None)

    def with_stage(self, stage: Stage) -> Night:
        """The night with this result, in place of an earlier one of the same stage."""
        others = tuple(other for other in self.stages if other.name != stage.name)
        return replace(self, stages=(*others, stage))

    @property
    def exit_code(self) -> int:
        """3 if a stage failed, 1 if something got worse or is broken, otherwise 0."""
        found = {stage.status for stage in self.stages}
        return 3 if "failed" in found else int("worse" in found)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data; docs/ci.md has the keys."""
        return {"format": FORMAT, "exit_code": self.exit_code, **asdict(self)}


def write_night(night: Night, folder: Path) -> None:
    """Write the record, so that it is whole at every moment."""
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{RECORD}"
    partial.write_text(to_json(night.to_dict(), indent=2) + "\n", encoding="utf-8")
    partial.replace(folder / RECORD)


def read_night(folder: Path) -> Night:
    """Read the record of a night. Raises UsageError if the folder has none, or none that this version reads."""
    file = folder / RECORD
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] != FORMAT:
            raise ValueError(f"format {data['format']}; this version reads {FORMAT}")
        stages = tuple(Stage(**{**stage, "files": tuple(stage["files"])}) for stage in data["stages"])
        wrong = {stage.status for stage in stages} - set(get_args(Status))
        if wrong:
            raise ValueError(f"the status {', '.join(map(repr, wrong))}")
        known = {key: data[key] for key in ("name", "config", "run_id", "begun", "build", "base", "last")}
        plan = NightlyPlan(**data["plan"])
        return Night(**known, overrides=tuple(data["overrides"]), plan=plan, stages=stages)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{file}: is no record of a night: {error}") from error


def nights_in(folder: Path) -> list[Path]:
    """The folders of all nights directly below a folder, the oldest first."""
    found = [(read_night(record.parent), record.parent) for record in folder.glob(f"*/{RECORD}")]
    return [place for night, place in sorted(found, key=lambda one: datetime.fromisoformat(one[0].begun))]
