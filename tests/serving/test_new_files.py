"""`serve` reads policies again whose files are written anew, while a plain JSON client stays connected."""

from __future__ import annotations

import asyncio
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from support.command import PROGRAM
from support.made_policies import make_layout, make_policy

from spacetime_rl.evaluation.policy import load_policy
from spacetime_rl.export.onnx import export_module
from spacetime_rl.export.schema import Origin
from spacetime_rl.game.spec import ActionField, ObservationField

MOVE = ActionField("move", "continuous", 2)
SEEN = [0.1, -0.2, 0.3]
DEADLINE_S = 60.0


def export(folder: Path, sign: float, sees: int = 3) -> None:
    module = make_policy(make_layout(MOVE, fields=(ObservationField("seen", sees),)), hiddens=(8,))
    module.action_head.weight.data *= sign
    export_module(module, "walker", folder, Origin("made", 90, 8, {}))


def decided(folder: Path) -> list[float]:
    return [float(number) for number in load_policy(folder).act(np.array([SEEN], np.float32))[0]]


def test_a_connected_client_is_decided_for_by_new_files_and_by_the_old_ones_where_these_are_bad(tmp_path: Path) -> None:
    export(tmp_path, 1.0)
    before = decided(tmp_path)

    async def play(port: int, told: Callable[[str], None]) -> None:
        async with aiohttp.ClientSession() as session, session.ws_connect(f"ws://127.0.0.1:{port}") as game:

            async def act() -> dict[str, Any]:
                await game.send_str('{"type": "act", "obs": [0.1, -0.2, 0.3]}')  # as a program of any maker would
                return dict(await game.receive_json(timeout=DEADLINE_S))

            async def until(version: int) -> list[float]:
                async with asyncio.timeout(DEADLINE_S):
                    while (answer := await act())["version"] < version:
                        await asyncio.sleep(0.02)
                return list(answer["action"])

            np.testing.assert_allclose(await until(0), before, atol=1e-6)
            export(tmp_path, -1.0)
            np.testing.assert_allclose(await until(1), after := decided(tmp_path), atol=1e-6)
            assert not np.allclose(before, after, atol=1e-3)
            for spoil, why in (
                (lambda: (tmp_path / "walker.onnx").write_bytes(b"none"), "no policy that can be computed"),
                (lambda: export(tmp_path, 1.0, sees=4), "it is for another game"),
            ):
                spoil()
                told(why)
                np.testing.assert_allclose((await act())["action"], after, atol=1e-6)
            export(tmp_path, 1.0)
            np.testing.assert_allclose(await until(2), before, atol=1e-6)

    with subprocess.Popen(
        [*PROGRAM, "serve", str(tmp_path), "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None

        def told(why: str) -> None:
            for line in server.stdout:  # type: ignore[union-attr]
                if why in line:
                    assert line.startswith("walker: stays as it is: ")
                    return

        try:
            port = int(re.findall(r"ws://127\.0\.0\.1:(\d+)", server.stdout.readline())[0])
            asyncio.run(play(port, told))
        finally:
            server.terminate()
