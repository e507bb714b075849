"""From YAML and overrides to a RunConfig, and every mistake on the way in one list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spacetime_rl.config import RunConfig, diff, dump, load, packaged
from spacetime_rl.config.imitation import ImitationConfig
from spacetime_rl.config.packaged import CONFIGS, config_names
from spacetime_rl.errors import ConfigError

SCENARIOS = ("vr_interaction", "parking_3d")
Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a YAML file into the test's folder."""

    def _write(text: str, name: str = "run.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return _write


def problems_of(path: Path | None, *overrides: str) -> list[str]:
    """The mistakes, without the folder in front of each."""
    with pytest.raises(ConfigError) as caught:
        load(path, overrides, scenarios=SCENARIOS)
    folder = f"{path.parent}/" if path else ""
    return [problem.replace(folder, "") for problem in caught.value.problems]


def test_a_minimal_file_takes_defaults_for_the_rest(write: Write) -> None:
    config = load(write("scenario: {name: vr_interaction}"), scenarios=SCENARIOS)

    assert config.scenario.name == "vr_interaction"
    assert config.training.lr == 3e-4
    assert config.rollout.runners == "auto"


@pytest.mark.parametrize("name", config_names())
def test_every_packaged_configuration_loads_by_its_name_and_by_its_path(name: str) -> None:
    assert load(name) == load(f"rllib_configs/{name}.yaml") == load(CONFIGS / f"{name}.yaml")


def test_a_packaged_configuration_is_found_from_any_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)

    assert load("rllib_configs/vr_interaction.yaml").name == "vr_interaction"


def test_a_file_lies_over_those_it_extends(write: Write) -> None:
    write("scenario: {name: vr_interaction}\ntraining: {lr: 1.0e-3, gamma: 0.9}", "base.yaml")
    write("rollout: {runners: 5}", "fast.yaml")

    config = load(write("extends: [base.yaml, fast.yaml]\ntraining: {lr: 2.0e-3}"))

    assert (config.training.lr, config.training.gamma, config.rollout.runners) == (2e-3, 0.9, 5)


def test_a_file_of_the_user_may_extend_a_packaged_one(write: Write) -> None:
    config = load(write("extends: vr_interaction\nname: mine"))

    assert (config.name, config.scenario.name) == ("mine", "vr_interaction")


def test_a_preset_lies_over_a_file_and_overrides_over_both(write: Write) -> None:
    path = write("scenario: {name: vr_interaction, params: {players: 6}}\nstop: {agent_steps: 5}")
    preset = write("game: {episode_steps: 200}\nstop: {agent_steps: 10000, time_s: 60}", "short.yaml")

    config = load(path, ["stop.time_s=90"], preset=preset)

    assert (config.scenario.params, config.game.episode_steps) == ({"players": 6}, 200)
    assert (config.stop.agent_steps, config.stop.time_s) == (10_000, 90)


def test_a_packaged_preset_is_found_by_its_name(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "presets").mkdir()
    write("# ten thousand steps\nstop: {agent_steps: 10000}", "presets/quick_test.yaml")
    write("scenario: {name: parking_3d}", "parking_3d.yaml")
    path = write("extends: [parking_3d, presets/quick_test]")
    monkeypatch.setattr(packaged, "CONFIGS", tmp_path)

    assert load("parking_3d", preset="quick_test") == load(path)
    assert (packaged.config_names(), packaged.preset_names()) == (["parking_3d", "run"], ["quick_test"])
    assert packaged.title(packaged.find_preset("quick_test")) == "ten thousand steps"
    with pytest.raises(ConfigError, match="--preset quick_tset: no such preset; did you mean 'quick_test'"):
        load("parking_3d", preset="quick_tset")


@pytest.mark.parametrize("name", packaged.preset_names())
def test_every_packaged_preset_goes_with_a_scenario_and_says_what_it_is(name: str) -> None:
    load("vr_interaction", preset=name)
    assert packaged.title(packaged.find_preset(name))


def test_overrides_lie_over_files_and_read_yaml_values(write: Write) -> None:
    path = write("scenario: {name: vr_interaction}")

    config = load(path, ["training.lr=1e-4", "model.hiddens=[64, 32]", "scenario.params.players=6", "stop.time_s=null"])

    assert config.training.lr == 1e-4
    assert config.model.hiddens == (64, 32)
    assert config.scenario.params == {"players": 6}


def test_an_override_may_name_a_setting_by_its_last_word(write: Write) -> None:
    config = load(None, ["env_path=./my_game.x86_64", "lr=1e-4"])

    assert config.game.env_path == Path("my_game.x86_64")
    assert config.training.lr == 1e-4


def test_numbers_may_be_written_with_an_exponent_and_no_point(write: Write) -> None:
    assert load(write("scenario: {name: parking_3d}\ntraining: {lr: 3e-4}")).training.lr == 3e-4


def test_a_policy_takes_what_it_does_not_set_from_the_run(write: Write) -> None:
    config = load(
        write("""
scenario: {name: vr_interaction}
model: {hiddens: [32], lstm: {cell_size: 8, max_seq_len: 4}}
training: {gamma: 0.9}
policies:
  giver: {model: {lstm: {cell_size: 16}}, training: {lr: 1.0e-3}}
""")
    )

    giver = config.policy_model("giver")
    assert giver.hiddens == (32,)
    assert giver.lstm is not None
    assert (giver.lstm.cell_size, giver.lstm.max_seq_len) == (16, 4)
    assert (config.policy_training("giver").lr, config.policy_training("giver").gamma) == (1e-3, 0.9)
    assert config.policy_training("taker") == config.training


def test_a_dumped_configuration_loads_back_to_the_same_value(write: Write) -> None:
    config = load("vr_interaction", ["policies.giver.model.lstm.cell_size=8", "game.port_range=[20000, 20100]"])

    again = load(write(dump(config)))

    assert again == config
    assert again.digest() == config.digest()
    assert again.policy_model("giver") == config.policy_model("giver")
    assert RunConfig.model_validate(config.to_dict()) == config


def test_a_difference_names_the_setting_and_both_values() -> None:
    before = load("vr_interaction")
    after = load("vr_interaction", ["training.lr=0.1", "scenario.params.players=2"])

    assert diff(before, before) == []
    assert diff(before, after) == ["scenario.params.players: 4 -> 2", "training.lr: 0.0005 -> 0.1"]
    assert before.digest() != after.digest()


def test_all_mistakes_of_all_files_and_overrides_come_at_once(write: Write) -> None:
    write("scenario: {name: vr_interactoin}", "base.yaml")
    path = write("""extends: base.yaml
game:
  action_repeta: 3
  arenas: eight
gane: {}
training: {lr: -1, minibatch_size: 512, minibatch_size: 99999}
policies: {giver: {model: {hidens: [1]}, training: {num_epochs: 3}}}
""")

    assert problems_of(path, "stop.iteration=5", "rubbish") == [
        "run.yaml:6: minibatch_size: written twice; first in line 6",
        "--set rubbish: expected key=value, for example training.lr=1e-4",
        "run.yaml:4: game.arenas: expected 'auto' or a whole number, found 'eight'",
        "run.yaml:3: game.action_repeta: unknown key; did you mean 'action_repeat'?",
        "run.yaml:6: training.lr: should be greater than 0, found -1",
        "run.yaml:7: policies.giver.model.hidens: unknown key; did you mean 'hiddens'?",
        "run.yaml:7: policies.giver.training.num_epochs: unknown key; did you mean 'training.num_epochs'?",
        "--set: stop.iteration: unknown key; did you mean 'iterations'?",
        "run.yaml:5: gane: unknown key; did you mean 'game'?",
        "run.yaml:6: training.minibatch_size: 99999 is more than training.train_batch_size, 8192",
        "base.yaml:1: scenario.name: unknown scenario 'vr_interactoin'; did you mean 'vr_interaction'?; "
        "scenarios: parking_3d, vr_interaction",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("game: {arenas: true}", "game.arenas: expected 'auto' or a whole number, found True"),
        (
            'game: {arenas: "8"}',
            "game.arenas: expected 'auto' or a whole number, found '8'; without quotes it is a number",
        ),
        ("game: {arenas: 1.5}", "game.arenas: expected 'auto' or a whole number, found 1.5"),
        ("game: 3", "game: expected keys and values, found 3"),
        ("model: {hiddens: 64}", "model.hiddens: expected a list, found 64"),
        (
            "model: {activation: tanhh}",
            "model.activation: expected 'tanh', 'relu', 'elu' or 'silu', found 'tanhh'; did you mean 'tanh'?",
        ),
        ("model: {cnn: {filters: [[16, 4]]}}", "model.cnn.filters.0.2: is missing"),
        ("training: {lr: .nan}", "training.lr: expected a finite number, found nan"),
        (
            "resources: {gpus: autp}",
            "resources.gpus: expected 'auto' or a whole number, found 'autp'; did you mean 'auto'?",
        ),
        (
            "algorithm: DDQN",
            "algorithm: expected 'PPO', 'APPO', 'IMPALA', 'SAC' or 'DQN', found 'DDQN'; did you mean 'DQN'?",
        ),
        ("policy_mapping: [{agent: x, policy: y}]", "policy_mapping.0.agents: is missing"),
        ("name: a/b", "name: expected a name of letters, digits, '_', '.' and '-', found 'a/b'"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_expected_and_found(write: Write, text: str, problem: str) -> None:
    found = problems_of(write(f"scenario: {{name: parking_3d}}\n{text}"))

    assert f"run.yaml:2: {problem}" in found


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("seed: 1", "run.yaml: scenario.name: no game to play: set scenario.name, game.env_path or game.project"),
        (
            "scenario: {name: parking_3d}\ngame: {env_path: g.x86_64}",
            "run.yaml:2: game.env_path: contradicts scenario.name ('parking_3d'): set one of them, the other null",
        ),
        (
            "scenario: {name: parking_3d}\ngame: {scene: main.tscn}",
            "run.yaml:2: game.scene: is a scene of game.project, which is not set",
        ),
        (
            "scenario: {name: parking_3d}\ngame: {port_range: [30000, 20000]}",
            "run.yaml:2: game.port_range: the first port, 30000, is above the last, 20000",
        ),
        (
            "scenario: {name: parking_3d}\npolicies: {giver: {}}\npolicy_mapping: [{agents: '*', policy: givr}]",
            "run.yaml:3: policy_mapping.0.policy: unknown policy 'givr'; did you mean 'giver'?",
        ),
        (
            "scenario: {name: parking_3d}\npolicies_to_train: [givr]\npolicy_mapping: [{agents: '*', policy: giver}]",
            "run.yaml:2: policies_to_train.0: unknown policy 'givr'; did you mean 'giver'?",
        ),
        (
            "scenario: {name: parking_3d}\nstop: {agent_steps: null}",
            "run.yaml:2: stop: training may never end: set agent_steps, iterations or time_s",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_told(write: Write, text: str, problem: str) -> None:
    assert problems_of(write(text)) == [problem]


@pytest.mark.parametrize("text", ["", "# nothing\n", "{}\n"])
def test_an_empty_file_says_what_it_needs(write: Write, text: str) -> None:
    (problem,) = problems_of(write(text))

    assert problem == "run.yaml: the file is empty; it needs at least `scenario: {name: …}`"


def test_broken_yaml_names_the_line(write: Write) -> None:
    (problem,) = problems_of(write("scenario: {name: x}\ngame: [1, 2\n"))

    assert problem.startswith("run.yaml:3: not valid YAML: ")


@pytest.mark.parametrize(
    "content",
    [
        b"scenario: !python/object:os.system x",
        b"scenario: &a {name: *a}",
        b"scenario: {? [1, 2] : 3}",
        b"seed: !!set {a, b}",
        b"seed: 2026-01-01",
        b"seed: 99999999999999999999999999999",
        b"name: \xff\xfe",
        b"name: \x01",
        b"a: 1\n---\nb: 2",
        b"3",
        b"extends: [3]",
        b"extends: .",
        b"? {a: b}\n: c",
    ],
)
def test_whatever_a_file_holds_the_answer_is_a_message(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.yaml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        load(path)

    assert all("odd.yaml" in problem for problem in caught.value.problems)


def test_a_list_instead_of_keys_is_told(write: Write) -> None:
    assert problems_of(write("- a\n- b\n")) == ["run.yaml: expected keys and values, found a list"]


def test_an_unknown_file_suggests_a_packaged_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"vr_interacton: no such configuration.*; did you mean 'vr_interaction'"):
        load("vr_interacton")


def test_a_folder_is_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is a folder; expected a YAML file"):
        load(tmp_path)


def test_a_missing_base_is_told_where_it_is_named(write: Write) -> None:
    (problem,) = problems_of(write("scenario: {name: parking_3d}\nextends: bse.yaml"))

    assert problem == "run.yaml:2: extends: no such file, nor a packaged one: bse.yaml"


def test_files_that_extend_each_other_are_a_cycle(write: Write) -> None:
    write("extends: run.yaml", "other.yaml")

    (problem,) = problems_of(write("extends: other.yaml"))

    assert problem == "run.yaml: extends: a cycle: run.yaml -> other.yaml -> run.yaml"


def test_a_configuration_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load("vr_interaction").seed = 3


def test_other_demonstrations_come_without_the_number_of_recorded_episodes(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text("extends: tag\nimitation: {from: shown}\n")

    for config in (load("tag", ["imitation.from=shown"]), load(own)):
        assert config.imitation.sources == ("shown",)
        assert config.imitation.episodes == ImitationConfig().episodes
    assert load("tag", ["imitation.from=[shown, heuristic]"]).imitation.episodes == load("tag").imitation.episodes
    with pytest.raises(ConfigError, match=r"imitation\.episodes: is read where"):
        load("tag", ["imitation.from=shown", "imitation.episodes=9"])
