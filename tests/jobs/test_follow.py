"""What `--follow` tells of jobs that Ray could not even begin; those that began are in test_submit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from spacetime_rl.cli.jobs import show_logs
from spacetime_rl.errors import GateError, JobFailed


def failed_job(*said: str) -> Any:
    return SimpleNamespace(
        id="first",
        follow=lambda: iter(said),
        status=lambda: "failed",
        exception=lambda: JobFailed("first failed: runtime_env setup failed: no such package"),
    )


@pytest.mark.parametrize(
    "said", [(), ("2026-11-25 16:09:38,085\tINFO job_manager.py:581 -- Runtime env is setting up.\n",)]
)
def test_a_job_that_never_began_tells_why(said: tuple[str, ...]) -> None:
    with pytest.raises(GateError, match="no such package"):
        show_logs(failed_job(*said), follow=True)


def test_a_job_that_began_has_told_why(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(GateError, match=r"^first failed$"):
        show_logs(
            failed_job("Running entrypoint for job first: case\niteration=1\nspacetime-rl: the game ended\n"),
            follow=True,
        )

    assert capsys.readouterr().out == "iteration=1\nspacetime-rl: the game ended\n"
