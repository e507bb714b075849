"""What a node of a cluster says when it is not like the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.doctor.nodes import NodeReport, examine_node
from spacetime_rl.runs.versions import collect_versions


@pytest.fixture
def probe(tmp_path: Path) -> Path:
    probe = tmp_path / ".probe"
    probe.write_text(probe.name)
    return probe


@pytest.mark.usefixtures("godot_bin")
def test_a_node_like_the_head_is_ready(probe: Path) -> None:
    checks = examine_node(str(probe), collect_versions(None))
    assert [check["name"] for check in checks] == ["versions", "results", "disk", "godot", "import", "handshake"]
    assert NodeReport("a", 2.0, 0.0, checks).ok


def test_other_versions_other_storage_and_a_missing_engine_are_told(
    probe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GODOT_BIN", str(tmp_path / "godot"))
    elsewhere = tmp_path / "other" / probe.name
    elsewhere.parent.mkdir()

    checks = examine_node(str(elsewhere), {**collect_versions(None), "ray": "1.0", "godot": "4.6"})

    found = {check["name"]: check for check in checks}
    assert not NodeReport("a", 2.0, 0.0, checks).ok
    assert "the head has 1.0; godot is missing, the head has 4.6" in found["versions"]["detail"]
    assert f"{elsewhere.parent} is another folder here than on the head" in found["results"]["detail"]
    assert "choose storage that every node mounts" in found["results"]["detail"]
    assert "What to do: install it" in found["godot"]["detail"]
    assert found["handshake"]["detail"] == "not tried, because `import` failed"
