"""Processes that a test started and that still live, found by a mark in the environment they inherit."""

from __future__ import annotations

import psutil

MARK = "SPACETIME_TEST"


def marked_with(mark: str) -> list[psutil.Process]:
    """Every process whose environment has the variable MARK with this value."""
    return [process for process in psutil.process_iter() if _environment(process).get(MARK) == mark]


def is_godot(process: psutil.Process) -> bool:
    """Whether this is the engine of a game; False, too, for a process that has just ended."""
    try:
        return "godot" in process.name()
    except psutil.Error:
        return False


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:  # it has ended, or is not ours to look into
        return {}
