"""`python -m spacetime_rl.doctor.nodes RESULTS`: run the checks on every node of the present cluster.

It prints one line: `jobs.names.RESULT` and JSON with a list `nodes` of one `NodeReport` per node.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from spacetime_rl.doctor import games, machine
from spacetime_rl.doctor.check import Check, Outcome
from spacetime_rl.doctor.checks import CHECKS
from spacetime_rl.doctor.examine import examine
from spacetime_rl.errors import SpacetimeError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.ensure import ensure_godot
from spacetime_rl.jobs.names import RESULT
from spacetime_rl.runs.versions import collect_versions

NODE_TIMEOUT_S = 300.0  # for all nodes together: a node may have to install Godot first


@dataclass(frozen=True, slots=True)
class NodeReport:
    """A node of a cluster and the outcomes of its checks."""

    node: str
    cpus: float
    gpus: float
    checks: Sequence[Mapping[str, Any]]

    @property
    def ok(self) -> bool:
        """Whether all checks passed."""
        return all(check["ok"] for check in self.checks)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {**asdict(self), "ok": self.ok}


def examine_nodes(results: Path) -> list[NodeReport]:
    """Examine all nodes that are alive, at the same time. Ray must be initialised."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    results.mkdir(parents=True, exist_ok=True)
    probe = results / f".probe-{secrets.token_hex(8)}"
    probe.write_text(probe.name, encoding="utf-8")
    examine_here = ray.remote(num_cpus=0, max_retries=0)(examine_node)
    nodes = sorted((node for node in ray.nodes() if node["Alive"]), key=lambda node: str(node["NodeManagerAddress"]))
    try:
        pending = [
            examine_here.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)).remote(
                str(probe), collect_versions(None)
            )
            for node in nodes
        ]
        ready, _ = ray.wait(pending, num_returns=len(pending), timeout=NODE_TIMEOUT_S)
        return [_report(node, task, task in ready) for node, task in zip(nodes, pending, strict=True)]
    finally:
        probe.unlink(missing_ok=True)


def examine_node(probe: str, versions: Mapping[str, str]) -> list[dict[str, Any]]:
    """Examine the node that this runs on. Returns each outcome as `Outcome.to_dict`."""
    folder = Path(probe).parent
    own = (
        Check(
            "versions", partial(_same_versions, versions), "give every node the same image, or submit with --install"
        ),
        Check(
            "results",
            partial(_same_storage, Path(probe)),
            f"choose storage that every node mounts at the same place, by --results; {folder} is not",
        ),
        Check("disk", machine.disk, _remedy("disk")),
        Check("godot", _godot, _remedy("godot")),
        Check("import", games.imported, _remedy("import"), needs="godot"),
        Check("handshake", games.handshake, _remedy("handshake"), needs="import"),
    )
    said: list[Outcome] = []
    return [outcome.to_dict() for outcome in examine(own, said.append)]


def _report(node: Mapping[str, Any], task: Any, ready: bool) -> NodeReport:
    import ray

    try:
        if not ready:
            raise TimeoutError(f"it did not answer within {NODE_TIMEOUT_S:g} s")
        checks = ray.get(task)
    except Exception as error:  # node, Python or package may be broken; other nodes are still reported
        reason = (str(error).splitlines() or [type(error).__name__])[-1]
        checks = [Outcome("examine", False, f"{type(error).__name__}: {reason}", 0.0).to_dict()]
    resources = node["Resources"]
    return NodeReport(
        f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})",
        float(resources.get("CPU", 0.0)),
        float(resources.get("GPU", 0.0)),
        checks,
    )


def _same_versions(wanted: Mapping[str, str]) -> str:
    here = collect_versions(None)
    other = [
        f"{name} {here.get(name, 'is missing')}, the head has {version}"
        for name, version in wanted.items()
        if here.get(name) != version
    ]
    if other:
        raise SpacetimeError("; ".join(other))
    return ", ".join(f"{name} {here[name]}" for name in ("spacetime-rl", "python", "ray", "torch"))


def _same_storage(probe: Path) -> str:
    if not probe.is_file() or probe.read_text(encoding="utf-8") != probe.name:
        raise SpacetimeError(f"{probe.parent} is another folder here than on the head")
    if not os.access(probe.parent, os.W_OK):
        raise SpacetimeError(f"nothing can be written to {probe.parent} here")
    return f"{probe.parent} is shared with the head"


def _godot() -> str:
    found = ensure_godot()
    return f"{found.version_text} at {found.path}"


def _remedy(name: str) -> str:
    return next(check.remedy for check in CHECKS if check.name == name)


def main() -> None:
    """Examine the nodes of the cluster and print the result line."""
    import ray

    ray.init(log_to_driver=False)
    reports = examine_nodes(Path(sys.argv[1]).expanduser())
    print(RESULT + to_json({"nodes": [report.to_dict() for report in reports]}), flush=True)


if __name__ == "__main__":
    main()
