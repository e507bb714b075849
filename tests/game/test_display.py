"""A game whose agents see through cameras gets a renderer, and one that draws nothing gets none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from spacetime_rl.errors import MissingImage, RendererMissing
from spacetime_rl.game import client
from spacetime_rl.game.client import open_game
from spacetime_rl.game.display import XServer, choose_renderer, render_arguments
from spacetime_rl.game.launch import GameLaunch
from spacetime_rl.game.spec import ImageField

Make = Callable[..., GameLaunch]

XVFB = """#!/usr/bin/env python3
import os, sys, time
os.write(int(sys.argv[sys.argv.index("-displayfd") + 1]), b"4321\\n")
time.sleep(600)
"""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make this a machine with or without Xvfb and a screen."""
    monkeypatch.setattr(client, "_RENDERERS", {})
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    xvfb = tmp_path / "bin" / "Xvfb"
    xvfb.parent.mkdir()
    xvfb.write_text(XVFB)
    xvfb.chmod(0o755)

    def make(xvfb_there: bool = False, screen: str = "", script: str = XVFB) -> None:
        xvfb.write_text(script)
        monkeypatch.setattr(shutil, "which", lambda _: str(xvfb) if xvfb_there else None)
        if screen:
            monkeypatch.setenv("DISPLAY", screen)

    return make


def _environment(pid: int) -> dict[str, str]:
    return psutil.Process(pid).environ()


def test_a_camera_that_sees_nothing_headless_is_given_a_screen_of_its_own(
    machine: Callable[..., None], fake_stock: Make, survivors: Callable[[], list[psutil.Process]]
) -> None:
    machine(xvfb_there=True)
    with open_game(fake_stock(camera=True)) as game:
        assert _environment(game.pid)["DISPLAY"] == ":4321"
        assert len(survivors()) == 2  # the game and its screen
        assert game.spec.groups[0].layout.images == (ImageField("camera_2d", (36, 48, 3)),)
        p, q = game.reset().observations
        image = p[0].reshape(36, 48, 3)
        np.testing.assert_allclose(image[5, 7] * 255, [7, 5, 0], atol=1e-4)
        np.testing.assert_allclose(q[0].reshape(36, 48, 3)[35, 47] * 255, [47, 35, 1], atol=1e-4)
    assert survivors() == []


def test_it_is_found_out_once_in_a_process(machine: Callable[..., None], fake_stock: Make, tmp_path: Path) -> None:
    machine(xvfb_there=True)
    for _ in range(2):
        with open_game(fake_stock(camera=True, log_dir=tmp_path / "logs")) as game:
            game.reset()
    assert len(list((tmp_path / "logs").glob("game*.godot.log"))) == 3 + 2  # the two others are of Xvfb


def test_images_that_a_game_paints_without_a_renderer_stay_headless(
    machine: Callable[..., None], fake_stock: Make
) -> None:
    machine(xvfb_there=True)
    pixels = bytes(36 * 48 * 3).hex()
    painted = [{"camera_2d": pixels}] * 3
    with open_game(fake_stock(camera=True, reset={"obs": painted})) as game:
        assert "DISPLAY" not in _environment(game.pid)
        assert "--headless" in psutil.Process(game.pid).cmdline()
        game.reset()


def test_without_xvfb_a_window_on_the_screen_is_taken(machine: Callable[..., None]) -> None:
    machine(screen=":0")
    assert choose_renderer() == "window"


@pytest.mark.parametrize(
    ("render", "message"),
    [
        ("auto", r"has neither Xvfb nor a screen; install Xvfb \(on Debian and Ubuntu: apt-get install xvfb libgl1 "),
        ("xvfb", r"game.render is xvfb, and Xvfb is not on PATH; install it \(on Debian and Ubuntu: apt-get install"),
        ("window", "game.render is window, but there is no screen: neither DISPLAY nor WAYLAND_DISPLAY is set"),
    ],
)
def test_a_machine_without_any_is_told_what_to_install(
    machine: Callable[..., None], fake_stock: Make, render: str, message: str
) -> None:
    machine()
    with pytest.raises(RendererMissing, match=message):
        open_game(fake_stock(camera=True, render=render))


def test_an_image_that_is_missing_is_told_with_the_setting(machine: Callable[..., None], fake_stock: Make) -> None:
    machine()
    game = open_game(fake_stock(camera=True, render="none"))
    with pytest.raises(
        MissingImage, match=r"camera_2d of agent p_0 is null: a camera needs a renderer; let game.render be auto"
    ):
        game.reset()


def test_a_server_that_does_not_start_is_told_in_its_own_words(machine: Callable[..., None]) -> None:
    machine(xvfb_there=True, script="#!/bin/sh\necho no fonts >&2\nexit 1\n")
    with pytest.raises(RendererMissing, match=r"Xvfb did not start \(exit code 1\); its log ends:\n  \| no fonts"):
        XServer(None, "game")


def test_the_window_is_small_unless_a_script_asks_for_its_size(tmp_path: Path) -> None:
    (tmp_path / "player.gd").write_text("func _ready(): pass\n")
    assert "64x64" in render_arguments("xvfb", tmp_path)
    (tmp_path / "player.gd").write_text("var edge := get_viewport_rect().size.x\n")
    assert "--resolution" not in render_arguments("xvfb", tmp_path)
    assert "--resolution" not in render_arguments("xvfb", None)
    assert render_arguments("window", tmp_path) == []
