"""`git:REF` is the project of a commit; the user's files, index and branches stay as they are."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from spacetime_rl.config import load
from spacetime_rl.errors import UsageError
from spacetime_rl.evaluation.target import build_overrides
from spacetime_rl.game.git_project import check_out

Git = Callable[..., str]


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache and the repositories of a test are."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "Somebody")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "somebody@example.org")
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def git(repository: Path) -> Git:
    def run(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=repository, check=True, capture_output=True, text=True).stdout

    run("init", "--quiet", "--initial-branch=main")
    return run


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_godot", ".godot").replace("_gd", ".gd")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(git: Git) -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message=change")


def test_a_build_is_the_project_at_a_commit_and_nothing_of_the_users_changes(repository: Path, git: Git) -> None:
    (repository / ".gitattributes").write_text("* export-ignore\n")  # as add-ons of the asset library have it
    write(repository, project_godot="[application]", main_gd="old")
    commit(git)
    git("tag", "v1")
    write(repository, main_gd="committed")
    commit(git)
    write(repository, main_gd="not committed", extra_gd="staged")
    git("add", "extra.gd")
    before = git("status", "--porcelain"), git("stash", "list"), git("worktree", "list")

    old, new = check_out("git:v1"), check_out("git:main")

    assert [(folder / "main.gd").read_text() for folder in (old, new)] == ["old", "committed"]
    assert not (new / "extra.gd").exists()
    assert (git("status", "--porcelain"), git("stash", "list"), git("worktree", "list")) == before
    assert (repository / "main.gd").read_text() == "not committed"
    assert check_out("git:v1") == old
    assert build_overrides("base", "git:v1")[0] == f"game.project={old.resolve()}"


def test_a_configuration_of_a_scenario_plays_its_scene_in_another_project(repository: Path, git: Git) -> None:
    write(repository, project_godot="[application]")
    commit(git)
    config = load("vr_ui", build_overrides("base", "git:HEAD", "vr_ui"))
    assert (config.scenario.name, config.game.scene) == (None, "res://scenarios/vr_ui/vr_ui.tscn")
    assert config.game.project == check_out("git:HEAD").resolve()


def test_the_project_is_the_nearest_one_above_or_the_one_that_is_named(
    repository: Path, git: Git, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(repository, game__project_godot="game", game__levels__one_gd="", tool__project_godot="tool", notes_gd="")
    commit(git)
    assert (check_out("git:HEAD:tool") / "project.godot").read_text() == "tool"
    with pytest.raises(UsageError, match="name one of its projects as git:HEAD:PATH; it has 'game', 'tool'"):
        check_out("git:HEAD")
    monkeypatch.chdir(repository / "game" / "levels")
    found = check_out("git:HEAD")
    assert (found / "project.godot").read_text() == "game"
    assert not (found.parent / "tool").exists()  # no more than the project is written


@pytest.mark.parametrize(
    ("build", "message"),
    [
        ("git:", "expected git:REF or git:REF:PATH"),
        ("git:v9", "has no branch, tag or commit 'v9'"),
        ("git:--all", "has no branch, tag or commit '--all'"),
        ("git:HEAD", r"git:HEAD: this commit has no project\.godot"),
        ("git:HEAD:game", r"there is no game/project\.godot in this commit"),
    ],
)
def test_a_mistake_is_named(build: str, message: str, repository: Path, git: Git) -> None:
    write(repository, notes_gd="no game")
    commit(git)
    with pytest.raises(UsageError, match=message):
        check_out(build)


def test_a_folder_without_a_repository_and_a_machine_without_git_are_named(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=f"git:HEAD: {repository} is in no git repository"):
        check_out("git:HEAD")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(UsageError, match="needs the program git, which is not installed"):
        check_out("git:HEAD")


def test_a_submodule_is_left_out_with_a_warning(repository: Path, git: Git, caplog: pytest.LogCaptureFixture) -> None:
    write(repository, project_godot="[application]")
    commit(git)
    git("update-index", "--add", "--cacheinfo", f"160000,{git('rev-parse', 'HEAD').strip()},addons/tool")
    git("commit", "--quiet", "--message=submodule")
    assert (check_out("git:HEAD") / "project.godot").is_file()
    assert "the submodule addons/tool is left out" in caplog.text
