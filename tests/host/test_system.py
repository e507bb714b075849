"""The cores that a process may use, by its control group."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from spacetime_rl.host import system


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "cgroup"


def limit(folder: Path, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cpu.max").write_text(text)


@pytest.mark.parametrize(
    ("limits", "quota"),
    [
        ({}, None),
        ({"": "max 100000\n"}, None),
        ({"": "250000 100000\n"}, 2.5),
        ({"a": "400000 100000\n", "a/b": "max 100000\n"}, 4.0),
        ({"a": "50000 100000\n", "a/b": "400000 100000\n"}, 0.5),
    ],
    ids=["no file", "no limit", "a container's root", "the parent's", "the smaller one"],
)
def test_the_quota_of_version_2_is_the_smallest_of_the_group_and_its_parents(
    limits: dict[str, str], quota: float | None, tmp_path: Path, own: Path
) -> None:
    own.write_text("0::/a/b\n")
    for group, text in limits.items():
        limit(tmp_path / "fs" / group, text)
    assert system._cpu_quota(tmp_path / "fs", own) == quota


@pytest.mark.parametrize(("quota", "cores"), [("-1", None), ("150000", 1.5)])
def test_the_quota_of_version_1_is_in_two_files(quota: str, cores: float | None, tmp_path: Path, own: Path) -> None:
    own.write_text("12:pids:/x\n4:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n")
    group = tmp_path / "fs" / "cpu"  # the root: a container does not see the host's path
    group.mkdir(parents=True)
    (group / "cpu.cfs_quota_us").write_text(quota)
    (group / "cpu.cfs_period_us").write_text("100000")
    assert system._cpu_quota(tmp_path / "fs", own) == cores


@pytest.mark.parametrize(("quota", "cores"), [(None, 6), (2.0, 2), (1.5, 2), (0.5, 1), (64.0, 6)])
def test_the_cores_are_those_of_affinity_and_quota(
    quota: float | None, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(system, "_cpu_quota", lambda: quota)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)))
    assert system.cores() == cores
