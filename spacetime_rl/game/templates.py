"""Godot's export template for Linux: the engine without its editor, which an exported game is made of."""

from __future__ import annotations

from pathlib import Path

import platformdirs

from spacetime_rl.errors import GodotNotFound
from spacetime_rl.game.engine import Godot, cache_dir
from spacetime_rl.game.program import machine_name

TEMPLATE = "godot-template-release"  # as Debian calls it

SYSTEM = Path("/usr/bin")  # where the archive's package puts it


def find_template(godot: Godot) -> Path:
    """The release template of an engine's version: the editor's own, the system's, or that of the private prefix.

    Raises GodotNotFound with what to do if there is none.
    """
    machine = machine_name()
    version = f"{godot.version_text.removesuffix('.0')}.stable"
    usual = f"export_templates/{version}/linux_release.{machine}"
    places = [
        godot.path.parent / "editor_data" / usual,
        platformdirs.user_data_path("godot") / usual,
        template_prefix() / godot.version_text / "bin" / TEMPLATE,
        SYSTEM / TEMPLATE,
    ]
    for place in places:
        if place.is_file():
            return place
    raise GodotNotFound(
        f"no export template of Godot {godot.version_text} for Linux, {machine}; run `spacetime-rl godot install "
        f"--template`, install the official ones in the editor, or export a pack, which needs none, with --pack"
    )


def template_prefix() -> Path:
    """The folder of privately installed templates, one `<version>/bin/godot-template-release` each."""
    return cache_dir() / "godot-templates"
