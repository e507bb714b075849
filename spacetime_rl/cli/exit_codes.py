"""The exit codes of all commands and their meanings."""

from __future__ import annotations

MEANINGS = {
    0: "done",
    1: "a check failed",
    2: "wrong command or configuration",
    3: "a fault at run time",
    4: "not decided",
    130: "Ctrl-C",
    143: "SIGTERM",
    129: "SIGHUP",
}
EXIT_CODES = f"Exit codes: {', '.join(f'{code} {meaning}' for code, meaning in MEANINGS.items())}."

# The meanings of a command's exit codes that are more specific than MEANINGS.
PARTICULAR = {
    "train": {
        3: "the game, Ray or the disk failed; the trained policies are kept",
        130: "stopped and saved; --resume continues",
    },
    "sweep": {3: "every trial failed, or Ray did", 130: "stopped and saved; --resume continues"},
    "submit": {1: "with --follow: the job failed", 3: "the cluster does not answer"},
    "jobs logs": {1: "with --follow: the job failed", 3: "the cluster does not answer"},
    "jobs results": {1: "the job has not ended, or was stopped", 3: "the job failed, or the cluster does not answer"},
    "eval": {3: "the game failed"},
    "league": {2: "no such run, or one without results", 3: "the game failed"},
    "playtest": {
        1: "an error was found that is new or was fixed",
        3: "the game does not start, or an oracle of one's own failed",
    },
    "gate builds": {1: "regression: the build is worse", 3: "the base failed", 4: "inconclusive"},
    "gate metrics": {1: "a bound does not hold"},
    "gate reports": {1: "the first report is worse"},
    "nightly": {
        1: "something got worse, or an error was found that is new",
        3: "a stage failed; the others were done",
        130: "stopped; --resume does what is missing",
    },
    "replay": {1: "with --check: the replay differs", 3: "the game failed"},
    "inspect": {1: "the game sends values that no training can use", 3: "the game failed"},
    "export": {2: "no such run, policy, checkpoint or opset", 3: "the file's outputs differ from the network's"},
    "convert sb3": {2: "no such model, or one that holds code", 3: "the file decides otherwise than the model"},
    "convert rllib": {
        2: "no such checkpoint, one of the old API stack, or one that holds code",
        3: "the file decides otherwise than RLlib",
    },
    "doctor": {1: "a check failed: the machine is not ready"},
    "runs remove": {
        1: "--mlflow: MLflow does not answer, so nothing is removed",
        2: "no such run, or it is still running",
    },
    "serve": {2: "no such policies, or the address cannot be listened at", 130: "its usual end"},
    "ui": {3: "MLflow's server did not start", 130: "its usual end"},
    "godot path": {3: "no usable Godot"},
}
