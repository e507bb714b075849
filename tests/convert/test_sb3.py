"""`spacetime-rl convert sb3`: models of Stable-Baselines3 become files that decide as the models do."""

from __future__ import annotations

import base64
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import onnx
import onnxruntime
import pytest
import stable_baselines3 as sb3
import torch
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from support.command import Done, run_command

from spacetime_rl.convert.pickles import HoldsCode
from spacetime_rl.convert.sb3_file import read_model
from spacetime_rl.evaluation.policies import OnnxActor
from spacetime_rl.export.schema import read_schema

Command = Callable[..., Done]
SEEN = gym.spaces.Box(-1.0, 1.0, (5,), np.float32)
CAMERA = gym.spaces.Box(0, 255, (36, 40, 3), np.uint8)


class Game(gym.Env[Any, Any]):
    """A game of any spaces."""

    def __init__(self, observation: gym.Space[Any], action: gym.Space[Any]) -> None:
        self.observation_space, self.action_space = observation, action


class OwnNetwork(BaseFeaturesExtractor):  # type: ignore[misc]
    def __init__(self, space: gym.Space[Any]) -> None:
        super().__init__(space, 7)
        self.layer = torch.nn.Linear(5, 7)

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        return self.layer(observations)  # type: ignore[no-any-return]


BOX = gym.spaces.Box(-2.0, 6.0, (3,), np.float32)


def small(**settings: Any) -> dict[str, Any]:
    """Settings of a small network: new ones for each model, which changes them."""
    return {"policy_kwargs": {"net_arch": [16]}, **settings}


KINDS: dict[str, Callable[[], Any]] = {
    "ppo": lambda: sb3.PPO("MlpPolicy", Game(SEEN, BOX), **small()),
    "ppo, gsde": lambda: sb3.PPO("MlpPolicy", Game(SEEN, BOX), use_sde=True, **small()),
    "ppo, bits": lambda: sb3.PPO("MlpPolicy", Game(SEEN, gym.spaces.MultiBinary(3)), **small()),
    "ppo, dict": lambda: sb3.PPO(
        "MultiInputPolicy",
        Game(gym.spaces.Dict({"seen": SEEN, "eye": CAMERA}), gym.spaces.MultiDiscrete([3, 2])),
        **small(),
    ),
    "a2c": lambda: sb3.A2C("MlpPolicy", Game(SEEN, gym.spaces.Discrete(4)), **small()),
    "sac": lambda: sb3.SAC("MlpPolicy", Game(SEEN, BOX), **small(buffer_size=10)),
    "sac, gsde": lambda: sb3.SAC("MlpPolicy", Game(SEEN, BOX), use_sde=True, **small(buffer_size=10)),
    "td3": lambda: sb3.TD3("MlpPolicy", Game(SEEN, BOX), **small(buffer_size=10)),
    "ddpg": lambda: sb3.DDPG("MlpPolicy", Game(SEEN, BOX), **small(buffer_size=10)),
    "dqn": lambda: sb3.DQN("MlpPolicy", Game(SEEN, gym.spaces.Discrete(4)), **small(buffer_size=10)),
}


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return partial(run_command, monkeypatch=monkeypatch, capsys=capsys)


def make_model(kind: str = "ppo") -> Any:
    torch.manual_seed(0)
    model = KINDS[kind]()
    for name, parameter in model.policy.named_parameters():
        if parameter.dim() == 1:
            parameter.data += 0.3 * torch.randn_like(parameter)
        if name == "action_net.weight":
            parameter.data *= 100.0  # of a small initial gain
    model.save("walker")
    return model


def change(name: str, value: object) -> None:
    """Give a value of walker.zip another pickle."""
    shutil.move("walker.zip", "before.zip")
    with zipfile.ZipFile("before.zip") as before, zipfile.ZipFile("walker.zip", "w") as after:
        for entry in before.namelist():
            content = before.read(entry)
            if entry == "data":
                data = json.loads(content)
                data[name] = {":serialized:": base64.b64encode(pickle.dumps(value)).decode()}
                content = json.dumps(data, allow_nan=True).encode()
            after.writestr(entry, content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_converted_policy_decides_as_the_model_does(kind: str, command: Command) -> None:
    model = make_model(kind)

    done = command("convert", "sb3", "walker.zip", "-o", "policies", "--opset", "13", "--json")

    assert done.code == 0, done.err
    document = json.loads(done.out)
    assert document["source"]["algorithm"] == kind.partition(",")[0]
    (converted,) = document["policies"]
    assert converted["difference"] <= 1e-5
    schema = read_schema(Path(converted["schema"]))
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(20, 5)).astype(np.float32)
    pixels = rng.integers(0, 256, (20, 36, 40, 3)).astype(np.uint8)
    flat = np.concatenate([seen, pixels.reshape(20, -1) / 255], -1, dtype=np.float32) if "dict" in kind else seen
    actions = OnnxActor(Path(converted["onnx"]), schema, 20).act(flat)
    expected, _ = model.predict({"seen": seen, "eye": pixels} if "dict" in kind else seen, deterministic=True)
    if isinstance(model.action_space, gym.spaces.Box):
        np.testing.assert_allclose(actions.clip(-1.0, 1.0), (expected - 2.0) / 4.0, atol=1e-5)  # -2 to 6
    else:
        assert actions.tolist() == expected.reshape(20, -1).tolist()


def test_opset_and_ir_version_are_those_that_were_asked_for(command: Command) -> None:
    make_model()

    done = command("convert", "sb3", "walker.zip", "-o", "policies/npc.onnx", "--opset", "11", "--ir-version", "7")

    assert done.code == 0, done.err
    assert "from walker.zip (PPO, Stable-Baselines3 " in done.out
    assert "policies/npc.onnx  (greatest difference " in done.out
    model = onnx.load("policies/npc.onnx")
    assert (model.opset_import[0].version, model.ir_version) == (11, 7)
    assert model.graph.output[0].type.tensor_type.shape.dim[1].dim_value == 3


def test_a_dict_has_an_input_for_each_key_or_one_for_all(command: Command) -> None:
    torch.manual_seed(0)
    space = gym.spaces.Dict({"speed": gym.spaces.Box(-1.0, 1.0, (2,)), "obs": SEEN})
    sb3.PPO("MultiInputPolicy", Game(space, gym.spaces.Discrete(3)), **small()).save("walker")

    assert command("convert", "sb3", "walker.zip", "-o", "keys", "--opset", "13").code == 0
    assert command("convert", "sb3", "walker.zip", "-o", "array", "--opset", "13", "--use-obs-array").code == 0

    def inputs(folder: str) -> dict[str, Any]:
        session = onnxruntime.InferenceSession(f"{folder}/walker.onnx", providers=["CPUExecutionProvider"])
        return {tensor.name: tensor.shape for tensor in session.get_inputs()}

    assert inputs("keys") == {"obs": ["batch", 5], "speed": ["batch", 2], "state_ins": ["batch"]}
    assert inputs("array") == {"obs": ["batch", 7], "state_ins": ["batch"]}


def test_names_of_a_game_replace_those_of_the_spaces(command: Command) -> None:
    make_model()
    fields = [{"name": "pose", "size": 2}, {"name": "goal", "size": 3, "unit": "m"}]
    actions = [{"name": "move", "kind": "continuous", "size": 2}, {"name": "turn", "kind": "continuous", "size": 1}]
    layout = {"fields": fields, "images": [], "actions": actions}
    group = {"name": "npc", "agents": ["npc_0"], "layout": layout, "metrics": ["episode", "return", "length"]}
    spec = {"scenario": "touch", "arenas": 1, "physics_hz": 90, "action_repeat": 8, "groups": [group]}
    Path("spec.json").write_text(json.dumps(spec))
    fields[0]["size"] = 3
    Path("other.json").write_text(json.dumps(spec))

    asked = ["convert", "sb3", "walker.zip", "-o", "npc.onnx", "--opset", "13", "--layout"]
    done, refused = command(*asked, "spec.json"), command(*asked, "other.json")

    assert done.code == 0, done.err
    schema = read_schema(Path("npc.schema.json"))
    assert [action.name for action in schema.layout.actions] == ["move", "turn"]
    assert (schema.origin.physics_hz, schema.origin.action_repeat) == (90, 8)
    assert refused.code == 2
    assert "numbers observed: the game has 6, the policy 5" in refused.err


def test_a_policy_that_knows_no_masks_is_masked_for_a_game_that_has_some(command: Command) -> None:
    make_model("a2c")
    fields = [{"name": "seen", "size": 1}, {"name": "mask/tool", "size": 4, "kind": "mask"}]
    layout = {"fields": fields, "images": [], "actions": [{"name": "tool", "kind": "discrete", "size": 4}]}
    group = {"name": "npc", "agents": ["npc_0"], "layout": layout, "metrics": ["episode", "return", "length"]}
    spec = {"scenario": "tools", "arenas": 1, "physics_hz": 90, "action_repeat": 8, "groups": [group]}
    Path("spec.json").write_text(json.dumps(spec))

    done = command("convert", "sb3", "walker.zip", "-o", "npc.onnx", "--layout", "spec.json")

    assert done.code == 0, done.err
    allowed = np.eye(4, dtype=np.float32)[[0, 1, 2, 3, 3]]
    seen = np.concatenate([np.linspace(-1, 1, 5, dtype=np.float32)[:, None], allowed], 1)
    actor = OnnxActor(Path("npc.onnx"), read_schema(Path("npc.schema.json")), 5)
    assert actor.act(seen)[:, 0].tolist() == [0.0, 1.0, 2.0, 3.0, 3.0]


class Harm:
    """Writes a file when it is loaded."""

    def __reduce__(self) -> Any:
        return os.system, ("touch harmed",)


def test_no_code_in_a_model_is_run_unless_it_is_trusted(command: Command) -> None:
    make_model()
    change("policy_kwargs", {"net_arch": [16], "harm": Harm()})

    done = command("convert", "sb3", "walker.zip", "-o", "policies")

    assert done.code == 2
    assert "walker.zip: policy_kwargs: holds posix.system, which loading it would run; add --trust-code" in done.err
    assert not Path("harmed").exists()
    with pytest.raises(HoldsCode):
        read_model(Path("walker.zip"))
    read_model(Path("walker.zip"), trusted=True)
    assert Path("harmed").exists()


def test_a_network_of_ones_own_needs_trust(command: Command) -> None:
    arguments = {"features_extractor_class": OwnNetwork}
    sb3.PPO("MlpPolicy", Game(SEEN, BOX), policy_kwargs=arguments).save("walker")

    refused = command("convert", "sb3", "walker.zip", "-o", "policies", "--opset", "13")
    done = command("convert", "sb3", "walker.zip", "-o", "policies", "--opset", "13", "--trust-code")

    assert refused.code == 2
    assert "policy_kwargs: holds " in refused.err
    assert done.code == 0, done.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.zip"], "nothing.zip: there is no such file"),
        (["text.zip"], "text.zip: is no model of Stable-Baselines3, or damaged"),
        (["empty.zip"], "empty.zip: is no model of Stable-Baselines3: it has no `data`"),
        (["walker.zip", "--algo", "sac"], "--algo sac: its settings are those of PPO; leave out --algo"),
        (["walker.zip", "--opset", "99"], "opset 99: expected 9 to "),
        (["walker.zip", "--opset", "13", "--ir-version", "5"], "IR version 5: expected 7 to "),
        (["walker.zip", "--layout", "text.zip"], "--layout text.zip: expected POLICY.schema.json"),
        (["tuple.zip"], "tuple.zip: its network cannot be built; it was written by Stable-Baselines3 "),
    ],
)
def test_a_mistake_is_one_message_and_exit_code_2(arguments: list[str], message: str, command: Command) -> None:
    make_model()
    change("action_space", gym.spaces.Tuple([BOX]))
    shutil.move("walker.zip", "tuple.zip")
    make_model()
    Path("text.zip").write_text("no zip")
    with zipfile.ZipFile("empty.zip", "w"):
        pass

    done = command("convert", "sb3", *arguments, "-o", "policies")

    assert done.code == 2
    assert message in done.err
    assert not Path("policies").exists()


def test_a_file_that_decides_otherwise_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    save = onnx.save

    def save_with_a_wrong_weight(model: onnx.ModelProto, path: Path) -> None:
        weight = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
        weight.raw_data = (onnx.numpy_helper.to_array(weight) * np.float32(1.01)).tobytes()
        save(model, path)

    make_model()
    monkeypatch.setattr("spacetime_rl.convert.write.onnx.save", save_with_a_wrong_weight)

    done = command("convert", "sb3", "walker.zip", "-o", "policies", "--opset", "13")
    unseen = command("convert", "sb3", "walker.zip", "-o", "policies", "--opset", "13", "--no-verify")

    assert done.code == 3
    assert "differs from the policy that it was made from by" in done.err
    assert unseen.code == 0
    assert "(not compared;" in unseen.out
    assert read_schema(Path("policies/walker.schema.json")).parity is None


def test_without_stable_baselines_the_message_says_how_to_install_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spacetime_rl.convert.sb3.find_spec", lambda _: None)

    done = command("convert", "sb3", "walker.zip", "-o", "policies")

    assert done.code == 2
    assert "Stable-Baselines3 is not installed: pip install 'spacetime-rl[sb3]'" in done.err
