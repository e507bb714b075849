"""Each algorithm has settings and defaults of its own, and says so where a file has others."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacetime_rl.config import RunConfig, dump, load
from spacetime_rl.config.packaged import config_names
from spacetime_rl.errors import ConfigError

SCENARIO = "scenario: {name: room}\n"


def write(folder: Path, text: str, name: str = "run.yaml") -> Path:
    path = folder / name
    path.write_text(SCENARIO + text)
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(path)
    return [problem.removeprefix(f"{path.parent}/") for problem in caught.value.problems]


def test_what_is_not_set_takes_the_algorithms_own_default(tmp_path: Path) -> None:
    config = load(write(tmp_path, "algorithm: DQN\ntraining: {n_step: 5}"))

    assert (config.training.train_batch_size, config.training.minibatch_size, config.training.n_step) == (2048, 256, 5)
    assert load(write(tmp_path, "algorithm: DQN")).training.n_step == 3
    assert load(write(tmp_path, "algorithm: SAC")).training.n_step == 1
    assert load(write(tmp_path, "")).training.train_batch_size == "auto"
    assert load(write(tmp_path, "algorithm: IMPALA\ntraining: {num_epochs: auto}")).training.num_epochs == 2


def test_an_open_minibatch_and_epochs_go_with_a_batch_that_is_given(tmp_path: Path) -> None:
    def sized(text: str) -> tuple[object, ...]:
        training = load(write(tmp_path, text)).sized().training
        return training.train_batch_size, training.minibatch_size, training.num_epochs

    assert sized("training: {train_batch_size: 300}") == (300, 300, 6)
    assert sized("training: {train_batch_size: 4096, num_epochs: 2}") == (4096, 512, 2)
    assert sized("") == (8192, 512, 6)
    assert load(write(tmp_path, "algorithm: SAC")).sized() == load(write(tmp_path, "algorithm: SAC"))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "algorithm: SAC\ntraining: {clip_param: 0.1}",
            "run.yaml:3: training.clip_param: is read by PPO and APPO, not by SAC; leave it out, or write null where "
            "an extended file sets it",
        ),
        (
            "training: {tau: 0.1}",
            "run.yaml:2: training.tau: is read by SAC and DQN, not by PPO; leave it out, or write null where an "
            "extended file sets it",
        ),
        (
            "algorithm: DQN\npolicies: {walker: {training: {initial_alpha: 1.0}}}",
            "run.yaml:3: policies.walker.training.initial_alpha: is read by SAC, not by DQN; leave it out, or write "
            "null where an extended file sets it",
        ),
        (
            "training: {final_lr: 1.0e-5}\nstop: {agent_steps: null, iterations: 5}",
            "run.yaml:2: training.final_lr: is reached at stop.agent_steps, which is null",
        ),
        (
            "algorithm: DQN\nmodel: {lstm: {cell_size: 8}}",
            "run.yaml:3: model.lstm: DQN has no recurrent state; PPO, APPO and IMPALA can have one",
        ),
        (
            "algorithm: SAC\npolicies: {walker: {model: {share_trunk: true}}}",
            "run.yaml:3: policies.walker.model.share_trunk: SAC has no value function to share with",
        ),
        (
            "algorithm: APPO\ntraining: {critic: arena}",
            "run.yaml:3: training.critic: is read by PPO, not by APPO; leave it out, or write null where an extended "
            "file sets it",
        ),
        (
            "training: {critic: arena}\npolicies: {walker: {model: {share_trunk: true}}}",
            "run.yaml:2: training.critic: arena needs hidden layers of its own: set policies.walker.model.share_trunk "
            "to false",
        ),
        (
            "resources: {learners: 2, gpus: 3}",
            "run.yaml:2: resources.gpus: 2 learners cannot share 3 GPUs out; set 2, or 0 to learn on CPU cores",
        ),
        (
            "algorithm: SAC\ntraining: {replay_capacity: 1000}",
            "run.yaml:3: training.warmup_steps: 2000 is more than training.replay_capacity, 1000",
        ),
    ],
)
def test_what_the_algorithm_cannot_use_is_told(tmp_path: Path, text: str, problem: str) -> None:
    assert problems_of(write(tmp_path, text)) == [problem]


def test_null_takes_back_what_an_extended_file_sets(tmp_path: Path) -> None:
    write(tmp_path, "training: {num_epochs: 9, lr: 1.0e-3}", "base.yaml")

    config = load(write(tmp_path, "extends: base.yaml\nalgorithm: SAC\ntraining: {num_epochs: null, grad_clip: null}"))

    assert config.training.lr == 1e-3
    assert config.training.grad_clip is None
    again = load(write(tmp_path, "extends: base.yaml\ntraining: {num_epochs: null, grad_clip: null}"))
    assert (again.training.num_epochs, again.training.grad_clip) == ("auto", None)


def test_null_takes_back_a_setting_of_another_algorithm_that_may_be_null_there(tmp_path: Path) -> None:
    write(tmp_path, "training: {entropy_coeff: 0.01, final_entropy_coeff: 0.0}", "base.yaml")
    text = "extends: base.yaml\nalgorithm: SAC\ntraining: {entropy_coeff: null, final_entropy_coeff: null}"

    config = load(write(tmp_path, text))

    assert "final_entropy_coeff" not in config.to_dict()["training"]
    assert RunConfig.model_validate(config.to_dict()) == config


@pytest.mark.parametrize("algorithm", ["PPO", "APPO", "IMPALA", "SAC", "DQN"])
def test_a_run_can_be_begun_again_from_what_it_has_written_down(tmp_path: Path, algorithm: str) -> None:
    config = load(write(tmp_path, f"algorithm: {algorithm}\npolicies: {{walker: {{training: {{gamma: 0.9}}}}}}"))
    path = tmp_path / "dumped.yaml"
    path.write_text(dump(config))

    assert load(path) == config
    assert RunConfig.model_validate(config.to_dict()) == config
    assert ("clip_param" in config.to_dict()["training"]) == (algorithm in ("PPO", "APPO"))


@pytest.mark.parametrize("algorithm", ["APPO", "IMPALA"])
@pytest.mark.parametrize("name", config_names())
def test_a_packaged_configuration_trains_with_the_kin_of_ppo_as_it_is(name: str, algorithm: str) -> None:
    assert load(name, [f"algorithm={algorithm}"]).algorithm == algorithm


@pytest.mark.parametrize("algorithm", ["PPO", "APPO", "IMPALA", "SAC", "DQN"])
@pytest.mark.parametrize("name", config_names())
def test_any_algorithm_may_be_chosen_for_a_packaged_configuration(name: str, algorithm: str) -> None:
    said: list[str] = []
    own = load(name).algorithm

    config = load(name, [f"algorithm={algorithm}"], say=said.append)

    assert config.algorithm == algorithm
    if algorithm == own:
        assert said == []
    elif own != "PPO":
        begin = f"algorithm={algorithm}: left out of the file's settings, which {own} reads or made: training."
        assert all(note.startswith(begin) for note in said)
    elif algorithm in ("SAC", "DQN"):
        (note,) = said
        assert note.startswith(f"algorithm={algorithm}: left out of the file's settings, which PPO reads or made: ")
        assert "training.num_epochs" in note
        assert "training.lr" not in note.replace(",", "").split()
    else:
        assert said == [] or "initialize_from" in said[0]


def test_what_the_user_sets_for_an_algorithm_that_does_not_read_it_stays_a_mistake(tmp_path: Path) -> None:
    path = write(tmp_path, "training: {num_epochs: 9}\nrollout: {overlap: true}")

    assert load(path, ["algorithm=SAC"]).training.n_step == 1
    with pytest.raises(ConfigError, match=r"--set: training\.num_epochs: is read by PPO, APPO and IMPALA, not by SAC"):
        load(path, ["algorithm=SAC", "training.num_epochs=3"])
    with pytest.raises(ConfigError, match=r"run\.yaml:3: training\.num_epochs: is read by"):  # the file itself says SAC
        load(write(tmp_path, "algorithm: SAC\ntraining: {num_epochs: 9}"))


@pytest.mark.parametrize("algorithm", ["SAC", "DQN"])
def test_memory_and_a_shared_trunk_are_left_out_where_an_algorithm_has_none(tmp_path: Path, algorithm: str) -> None:
    models = "model: {lstm: {}, hiddens: [32]}\npolicies: {walker: {model: {share_trunk: true, lstm: {cell_size: 8}}}}"
    said: list[str] = []

    config = load(write(tmp_path, models), [f"algorithm={algorithm}"], say=said.append)

    assert (config.model.lstm, config.model.hiddens) == (None, (32,))
    assert said[0].endswith("made: model.lstm, policies.walker.model.share_trunk, policies.walker.model.lstm")
    with pytest.raises(ConfigError, match=f"model.lstm: {algorithm} has no recurrent state"):
        load(write(tmp_path, models), [f"algorithm={algorithm}", "model.lstm.cell_size=16"])


def test_settings_of_single_policies_and_weights_of_another_network_are_left_out_and_listed(tmp_path: Path) -> None:
    policies = "policies: {walker: {training: {clip_param: 0.1, gamma: 0.9}}}"
    path = write(tmp_path, f"{policies}\ninitialize_from: baseline:vr_ui\nreset_exploration: true")
    said: list[str] = []

    config = load(path, ["algorithm=SAC"], say=said.append)

    assert config.policy_training("walker").gamma == 0.9
    assert (config.initialize_from, config.reset_exploration) == (None, False)
    assert said == [
        "algorithm=SAC: left out of the file's settings, which PPO reads or made: policies.walker.training.clip_param, "
        "initialize_from, reset_exploration"
    ]
