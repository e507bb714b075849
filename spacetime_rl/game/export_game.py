"""Export a Godot project as a game for Linux without a screen: a program, or a pack that the engine runs."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from spacetime_rl.errors import GameError, UsageError
from spacetime_rl.game.engine import Godot
from spacetime_rl.game.files import overlook
from spacetime_rl.game.native import FOLDER, native_beside, remove_native
from spacetime_rl.game.program import PACK, machine_name
from spacetime_rl.game.project import OWN_PROJECT, check_scene, import_project, kept
from spacetime_rl.game.run_program import quote_errors, run_program
from spacetime_rl.game.templates import find_template
from spacetime_rl.host.scratch import scratch_folder

PRESET = "linux-headless"  # the one that is made where a project has none
PRESETS = "export_presets.cfg"
_TIMEOUT_S = 1800.0
# As the editor writes it. Files that are no resources, such as a scenario.json, are named by `include_filter`.
_TEXT = """[preset.{number}]

name="{name}"
platform="Linux"
runnable={runnable}
dedicated_server=false
custom_features=""
export_filter="all_resources"
include_filter="*.json"
exclude_filter=""
export_path="build/{program}.{machine}"
script_export_mode=2

[preset.{number}.options]

custom_template/debug=""
custom_template/release=""
debug/export_console_wrapper=0
binary_format/embed_pck=true
binary_format/architecture="{machine}"
texture_format/s3tc_bptc=true
texture_format/etc2_astc=false
"""


class ExportFailed(GameError):
    """Godot did not export a project."""

    can_pass = False


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported game. `preset_made` is the file in the project that a preset was added to, if none was there.

    `native` is the native library beside the program, which needs it to compute policies fast.
    """

    path: Path
    preset_made: Path | None
    native: Path | None = None


def export_game(project: Path, out: Path, godot: Godot, preset: str = PRESET, scene: str | None = None) -> Exported:
    """Export a project into the file `out`: a pack if its name ends with `.pck`, which needs no export template.

    The preset `linux-headless` is added to the project's `export_presets.cfg` if it is not there, but never to the
    package's own project. `scene` (`res://…`) becomes the main scene of the exported game. Raises UsageError for a
    preset or a main scene that is missing, ImportFailed and ExportFailed.
    """
    imported = import_project(project, godot)
    if scene is None and not re.search(r"^run/main_scene=", (project / "project.godot").read_text(), re.MULTILINE):
        raise UsageError(f"{project}: has no main scene; name the scene that the game begins with by --scene")
    if scene is not None:
        check_scene(project, scene)
    made = add_preset(project, preset)
    out = out.absolute()
    with scratch_folder("export") as folder:
        copy = folder / project.resolve().name
        with kept(imported):
            shutil.copytree(imported, copy)
        # The machine's own library is not the project's, and a pack has no place beside it for a library.
        has_native = (project / FOLDER).is_dir() and out.suffix != PACK
        if not has_native:
            remove_native(copy)
        presets = copy / PRESETS
        if (project / PRESETS).is_file():  # the preset may be newer than the import
            shutil.copyfile(project / PRESETS, presets)
        else:
            presets.write_text(_preset(0, preset, project), encoding="utf-8")
        if scene is not None:
            _set_main_scene(copy / "project.godot", scene)
        if out.suffix != PACK:
            _set_template(presets, preset, find_template(godot))
        out.parent.mkdir(parents=True, exist_ok=True)
        overlook(out.parent)
        out.unlink(missing_ok=True)
        kind = "--export-pack" if out.suffix == PACK else "--export-release"
        output = _run([str(godot.path), "--headless", "--path", str(copy), kind, preset, str(out)], project)
    if not out.is_file():  # Godot ends with exit code 0 after many a failed export
        raise ExportFailed(f"{project}: Godot exported nothing to {out}; it says:\n{quote_errors(output)}")
    return Exported(out, made, native_beside(out) if has_native else None)


def presets_in(project: Path) -> list[str]:
    """The names of a project's export presets."""
    file = project / PRESETS
    if not file.is_file():
        return []
    return re.findall(
        r'^\[preset\.\d+\]\s*\nname="(.*)"$', file.read_text(encoding="utf-8").replace("\n\n", "\n"), re.M
    )


def add_preset(project: Path, preset: str) -> Path | None:
    """Make sure that the project has the preset. Returns the file if it was changed. Raises UsageError."""
    found = presets_in(project)
    if preset in found:
        return None
    if preset != PRESET:
        raise UsageError(f"{project}: has no export preset {preset!r}; there are {', '.join(found) or 'none'}")
    if project.resolve() == OWN_PROJECT.resolve():
        return None
    file = project / PRESETS
    before = file.read_text(encoding="utf-8").rstrip() + "\n\n" if found else ""
    file.write_text(before + _preset(len(found), preset, project), encoding="utf-8")
    return file


def _preset(number: int, name: str, project: Path) -> str:
    return _TEXT.format(
        number=number,
        name=name,
        runnable="false" if number else "true",
        program=project.resolve().name,
        machine=machine_name(),
    )


def _set_main_scene(file: Path, scene: str) -> None:
    text = re.sub(r"^run/main_scene=.*\n", "", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    line = f'run/main_scene="{scene}"\n'
    head = "[application]\n"
    file.write_text(text.replace(head, f"{head}\n{line}", 1) if head in text else f"{text}\n{head}\n{line}")


def _set_template(file: Path, preset: str, template: Path) -> None:
    """Name the template in the copy's preset, unless the project names one itself."""
    number = presets_in(file.parent).index(preset)
    before, head, options = file.read_text(encoding="utf-8").partition(f"[preset.{number}.options]")
    own, following, rest = options.partition("[preset.")
    if not re.search(r'^custom_template/release="."', own, re.MULTILINE):
        own = re.sub(r"^custom_template/release=.*\n", "", own, flags=re.MULTILINE)
        own = f'\n\ncustom_template/release="{template}"{own}'
    file.write_text(before + head + own + following + rest, encoding="utf-8")


def _run(command: Sequence[str], project: Path) -> str:
    try:
        done = run_program(command, _TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        raise ExportFailed(f"{project}: Godot did not export it within {_TIMEOUT_S:g} s") from error
    if done.returncode != 0:
        raise ExportFailed(
            f"{project}: Godot ended with exit code {done.returncode}; it says:\n{quote_errors(done.stdout)}"
        )
    return done.stdout
