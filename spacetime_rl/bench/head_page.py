"""The figures in a page about scaling, from a `head.json` of `spacetime-rl bench --head`.

`python -m spacetime_rl.bench.head_page docs/scaling.md results/bench/*/head.json` writes them between the page's marks.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spacetime_rl.formats.markdown import fill, table, wrapped

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
NODES = (1, 10, 100, 1000)
CORES = 16  # per node; one of them is left to Ray and the system
RUNNER_STEPS_PER_S = 5000.0  # agent steps per second of a runner whose game costs as much as most scenarios
TRIAL_RUNNERS = 8  # runners of a trial; its learner takes one more core
RESULT_EVERY_S = 5.0  # between two results of a trial

Document = Mapping[str, Any]


def figures(load: Document) -> str:
    """The measured costs, and their extrapolation to clusters, in Markdown."""
    learning = [_learning(load)] if load.get("learning") else []  # earlier versions did not measure it
    return "\n\n".join([_costs(load), _traffic(load), *learning, _on_gpu(load), _one_run(load), _sweep(load)])


def _costs(load: Document) -> str:
    rows = [
        ["a fragment, however short", f"{load['ms_per_fragment']:.2f} ms of the driver"],
        ["an agent step in it", f"{load['us_per_agent_step']:.2f} µs of the driver"],
        ["an agent step on the wire and in the object store", f"{load['bytes_per_agent_step']:.0f} bytes"],
        [f"learning from an agent step ({load['learner']})", f"{load['learner_us_per_agent_step']:.0f} µs"],
        ["a trial's result in Tune, with our records", f"{load['result_ms']:.1f} ms of the sweep's driver"],
        ["a trial's result in MLflow's embedded database", f"{load['record_ms']:.1f} ms"],
    ]
    return table(["what", "costs"], rows)


def _traffic(load: Document) -> str:
    rows = [
        [
            f"{t['runners']}",
            f"{t['fragment']:,}",
            f"{t['round_ms']:.1f}",
            f"{t['driver_ms']:.1f}",
            f"{t['weights_ms']:.1f}",
        ]
        for t in load["traffic"]
    ]
    heads = ["runners", "agent steps a fragment", "a round, ms", "of it the driver computes, ms", "weights to all, ms"]
    return "Measured: rounds in which every runner hands over one fragment:\n\n" + table(heads, rows)


def _learning(load: Document) -> str:
    rows = [
        [
            *_case(one),
            *(f"{ms:.0f}" for ms in (*one["cpu_ms"], *one["wall_ms"])),
            f"{one['faster']:.2f}",
            f"{one['faster_by_cpu']:.2f}",
        ]
        for one in load["learning"]
    ]
    heads = ["hidden layers", "minibatch", "one learner computes, ms", "each of two, ms", "one takes, ms"]
    heads += ["two take, ms", "faster", "by computing time"]
    text = (
        "Measured: an epoch over 8,192 agent steps by one learner and by two, one core each, in pairs. `computes` is "
        "processor time, `takes` is wall-clock time:"
    )
    return f"{wrapped(text)}\n\n{table(heads, rows)}"


def _on_gpu(load: Document) -> str:
    if not load.get("on_gpu"):
        return "Not measured: the learner on a GPU, because this machine has none."
    rows = [
        [*_case(one), f"{one['cpu_ms']:.0f}", f"{one['gpu_ms']:.0f}", f"{one['faster']:.2f}"] for one in load["on_gpu"]
    ]
    text = (
        "Measured: an epoch over 8,192 agent steps on half of the CPU cores, as a run's learner takes them, and on a "
        "GPU, in pairs, wall-clock time:"
    )
    heads = ["hidden layers", "minibatch", "CPU, ms", "GPU, ms", "faster"]
    return f"{wrapped(text)}\n\n{table(heads, rows)}"


def _case(one: Document) -> tuple[str, str]:
    """The hidden layers and the minibatch of a measurement."""
    hiddens = one["case"]["hiddens"]
    return f"{len(hiddens)} x {hiddens[0]}", f"{one['case']['minibatch']:,}"


def _one_run(load: Document) -> str:
    lengths = sorted({int(t["fragment"]) for t in load["traffic"]})
    rows = []
    for nodes in NODES:
        runners = nodes * (CORES - 1)
        steps = runners * RUNNER_STEPS_PER_S
        cores = [steps * _driver_us(load, length) / 1e6 for length in lengths]
        rows.append(
            [
                f"{nodes:,}",
                f"{runners:,}",
                f"{steps / 1e3:,.0f} k/s",
                f"{steps * load['bytes_per_agent_step'] / 1e6:,.0f} MB/s",
                *(f"{x:,.1f}" for x in cores),
                f"{steps * load['learner_us_per_agent_step'] / 1e6:,.0f}",
            ]
        )
    heads = ["nodes", "runners", "agent steps", "into the head"]
    heads += [f"driver cores, fragments of {length:,}" for length in lengths] + ["learners like this one"]
    speed = f"{RUNNER_STEPS_PER_S:,.0f} agent steps a second a runner"
    text = f"Computed: one run over a whole cluster, {CORES} cores a node, {speed}:"
    return f"{text}\n\n{table(heads, rows)}"


def _sweep(load: Document) -> str:
    rows = []
    for nodes in NODES:
        trials = max(1, nodes * (CORES - 1) // (TRIAL_RUNNERS + 1))
        results = trials / RESULT_EVERY_S
        rows.append(
            [
                f"{nodes:,}",
                f"{trials:,}",
                f"{results:,.1f}",
                f"{results * load['result_ms'] / 1e3:.0%}",
                f"{results * load['record_ms'] / 1e3:.0%}",
            ]
        )
    heads = ["nodes", "trials at a time", "results a second", "of the sweep's driver", "of the embedded MLflow"]
    text = f"Computed: a sweep over it, {TRIAL_RUNNERS} runners a trial, a result every {RESULT_EVERY_S:.0f} s:"
    return f"{text}\n\n{table(heads, rows)}"


def _driver_us(load: Document, fragment: int) -> float:
    return float(load["us_per_agent_step"]) + 1000.0 * float(load["ms_per_fragment"]) / fragment


def main() -> None:
    """Write the figures of a head.json, the second argument, into a page, the first argument."""
    page, document = (Path(name) for name in sys.argv[1:])
    text = figures(json.loads(document.read_text(encoding="utf-8")))
    page.write_text(fill(page.read_text(encoding="utf-8"), BEGIN, END, text), encoding="utf-8")


if __name__ == "__main__":
    main()
