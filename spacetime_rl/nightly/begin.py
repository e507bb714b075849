"""Begin a night in a new folder, or go on with one that was interrupted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from spacetime_rl import api
from spacetime_rl.contract import make_launch
from spacetime_rl.episodes.build import describe_build
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.sources import is_onnx_folder
from spacetime_rl.evaluation.target import build_overrides
from spacetime_rl.nightly.plan import NightlyPlan
from spacetime_rl.nightly.record import POLICIES, RECORD, Night, nights_in, of_the_run, read_night, write_night
from spacetime_rl.nightly.story import missing
from spacetime_rl.runs.layout import NIGHTS


def begin_night(
    config: str,
    overrides: Sequence[str],
    plan: NightlyPlan,
    results: Path,
    folder: Path | None = None,
    base: str | None = None,
    last: Path | None = None,
) -> tuple[Night, Path]:
    """The record of a new night, and its folder.

    It is compared with `last`, or else with the newest night here that has policies. A `last` that does not exist is
    none: the first night of a CI has no artifact. Raises ConfigError, UsageError for a folder that holds a night
    already or a `base` that is no build, and GodotNotFound.
    """
    loaded = api.load_config(config, of_the_run(overrides))
    if base is not None:
        build_overrides("base", base)
    begun = datetime.now().astimezone()
    stamp = f"{begun:%Y-%m-%d_%H-%M-%S}"
    nights = results / NIGHTS / loaded.name
    place = folder or nights / stamp
    if (place / RECORD).exists():
        raise UsageError(f"{place}: holds a night already; --resume goes on with it, another --output begins another")
    if last is None:
        earlier = [place for place in nights_in(nights) if is_onnx_folder(place / POLICIES)]
        last = earlier[-1] if earlier else None
    elif (last / RECORD).exists():
        read_night(last)  # raises for a night of another version
    elif last.exists() and any(last.iterdir()):
        raise UsageError(f"--last {last}: is not the folder of a night: it has no {RECORD}")
    else:
        last = None
    night = Night(
        name=loaded.name,
        config=config,
        overrides=tuple(overrides),
        run_id=f"nightly-{loaded.name}-{stamp}",
        begun=begun.isoformat(timespec="seconds"),
        plan=plan,
        build=describe_build(make_launch(loaded)).content,
        base=base,
        last=str(last) if last else "",
    )
    write_night(night, place)
    return night, place


def resume_night(config: str, results: Path, folder: Path | None = None) -> tuple[Night, Path]:
    """The night in a folder, or else the newest night of a configuration, if something of it is still to do.

    Raises ConfigError, and UsageError if there is none, if nothing is to do, or if the build is another one by now.
    """
    if folder is None:
        nights = nights_in(results / NIGHTS / api.load_config(config).name)
        if not nights:
            raise UsageError(f"nightly --resume: there is no night of {config} in {results / NIGHTS}")
        folder = nights[-1]
    night = read_night(folder)
    if night.config != config:
        raise UsageError(f"nightly --resume: the night in {folder} is of {night.config}, not of {config}")
    if not missing(night):
        raise UsageError(f"nightly --resume: every stage of the night in {folder} is done; begin another one")
    build = describe_build(make_launch(api.load_config(config, night.of_the_run))).content
    if build != night.build:
        raise UsageError(
            f"nightly --resume: the night in {folder} began with the build {night.build}, and this is {build}; begin "
            "another night"
        )
    return night, folder
