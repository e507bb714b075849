"""`spacetime-rl godot addon`: the addon in a user's project."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.command import run_command

from spacetime_rl.errors import UsageError
from spacetime_rl.game.addon import add_addon
from spacetime_rl.game.files import ADDON
from spacetime_rl.game.project import OWN_PROJECT
from spacetime_rl.game.project_settings import get_setting

SETTINGS = """config_version=5

[application]

config/name="Mine"

[editor_plugins]

enabled=PackedStringArray("res://addons/dialogue/plugin.cfg")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project.godot").write_text(SETTINGS)
    return tmp_path


def test_the_addon_is_copied_and_enabled_beside_other_plugins(project: Path) -> None:
    added = add_addon(project)

    text = (project / "project.godot").read_text()
    assert added.before == ""
    assert added.enabled
    assert (added.folder / "core/rl_bridge.gd").read_bytes() == (OWN_PROJECT / ADDON / "core/rl_bridge.gd").read_bytes()
    assert get_setting(text, "editor_plugins", "enabled") == (
        'PackedStringArray("res://addons/dialogue/plugin.cfg", "res://addons/spacetime_rl/plugin.cfg")'
    )
    assert get_setting(text, "autoload", "RLBoot") == '"*res://addons/spacetime_rl/core/rl_boot.gd"'
    assert get_setting(text, "application", "config/name") == '"Mine"'


def test_another_version_is_replaced_as_a_whole(project: Path) -> None:
    add_addon(project)
    settings = (project / "project.godot").read_text()
    plugin = project / ADDON / "plugin.cfg"
    plugin.write_text(plugin.read_text().replace('version="', 'version="0.0.1-'))
    (project / ADDON / "left_over.gd").write_text("extends Node\n")
    for script in ("left_over.gd", "core/rl_bridge.gd"):
        (project / ADDON / f"{script}.uid").write_text("uid://given_by_godot\n")

    added = add_addon(project)

    assert added.before == f"0.0.1-{added.now}"
    assert not added.enabled
    assert (project / "project.godot").read_text() == settings
    assert not list((project / ADDON).glob("left_over*"))
    assert (project / ADDON / "core/rl_bridge.gd.uid").read_text() == "uid://given_by_godot\n"
    assert [path.name for path in (project / "addons").iterdir()] == ["spacetime_rl"]


def test_a_folder_that_is_no_project_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"expected the folder of a Godot project, with its project\.godot"):
        add_addon(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_it_did(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = run_command("godot", "addon", str(project), monkeypatch=monkeypatch, capsys=capsys)
    second = run_command("godot", "addon", str(project), monkeypatch=monkeypatch, capsys=capsys)

    assert f"enabled the plugin in {project / 'project.godot'}" in first.out
    assert second.out.startswith(f"{project / ADDON}: version ")
    assert "enabled" not in second.out
