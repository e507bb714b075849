"""Files that are no policies, or only nearly: the game's own runtime says what is wrong and never fails itself."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from support.native_project import Runtime

from spacetime_rl.game.compute_onnx import Case, Computed, compute

ROW = {"obs": np.zeros((1, 2), np.float32)}


def make_model(*nodes: onnx.NodeProto, opset: int = 18, **constants: np.ndarray) -> onnx.ModelProto:
    """A model from `obs` [batch, 2] to `output`; by default one layer."""
    layer = helper.make_node("Gemm", ["obs", "weights"], ["output"], name="layer")
    weights = constants or {"weights": np.ones((2, 3), np.float32)}
    graph = helper.make_graph(
        nodes or [layer],
        "graph",
        [helper.make_tensor_value_info("obs", TensorProto.FLOAT, ["batch", 2])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])


def external() -> onnx.ModelProto:
    model = make_model()
    constant = model.graph.initializer[0]
    constant.ClearField("raw_data")
    constant.data_location = TensorProto.EXTERNAL
    constant.external_data.add(key="location", value="../../secrets")
    return model


def too_short() -> onnx.ModelProto:
    model = make_model()
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]
    return model


def huge() -> onnx.ModelProto:
    shape = np.array([1 << 40, 1 << 40], np.int64)
    return make_model(helper.make_node("ConstantOfShape", ["shape"], ["output"]), shape=shape)


def custom() -> onnx.ModelProto:
    return make_model(helper.make_node("Whatever", ["obs"], ["output"], domain="com.example"))


def reads_nothing() -> onnx.ModelProto:
    return make_model(helper.make_node("Tanh", ["nowhere"], ["output"], name="act"))


WRONG = {
    "nothing": (b"", "is empty"),
    "text": (b"version https://example.org/spec/v1\noid sha256:0123\n", ""),
    "no graph": (onnx.ModelProto(ir_version=10).SerializeToString(), "it has no graph"),
    "cut short": (make_model().SerializeToString()[:-20], "longer than what is left"),
    "old": (make_model(opset=6).SerializeToString(), "it has opset 6; files of opset 9 and later are read"),
    "operators": (
        make_model(helper.make_node("Einsum", ["obs"], ["output"])).SerializeToString(),
        "it needs operators that are not supported: Einsum",
    ),
    "operators of others": (custom().SerializeToString(), "not supported: com.example.Whatever"),
    "constants in other files": (external().SerializeToString(), "lies in another file, which is not read"),
    "constants of another size": (too_short().SerializeToString(), "has shape [2, 3] and 5 elements"),
    "huge tensors": (huge().SerializeToString(), "ConstantOfShape: there is no shape"),
    "missing values": (reads_nothing().SerializeToString(), "Tanh 'act' reads 'nowhere', which nothing has made"),
    "matrices that do not fit": (
        make_model(weights=np.ones((5, 3), np.float32)).SerializeToString(),
        "Gemm 'layer': the shapes [1, 2] and [5, 3] do not fit",
    ),
}


@pytest.fixture(scope="module")
def computed(tmp_path_factory: pytest.TempPathFactory, runtime: Runtime) -> dict[str, Computed]:
    """What became of every wrong file, and of a good one cut at each length and with each byte changed."""
    folder = tmp_path_factory.mktemp("wrong")
    files = {name: bytes_ for name, (bytes_, _) in WRONG.items()}
    good = make_model().SerializeToString()
    files |= {f"cut {end}": good[:end] for end in range(1, len(good))}
    rng = np.random.default_rng(0)
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] = rng.integers(256)
        files[f"changed {at}"] = bytes(changed)
    for name, bytes_ in files.items():
        (folder / f"{name}.onnx").write_bytes(bytes_)
    found = compute(folder, [Case(f"{name}.onnx", ROW) for name in files], runtime.project, runtime.godot, runtime.name)
    return dict(zip(files, found, strict=True))


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_refused_with_the_reason(name: str, computed: dict[str, Computed]) -> None:
    assert computed[name].problem != ""
    assert WRONG[name][1] in computed[name].problem
    assert computed[name].outputs == {}


def test_a_damaged_file_is_refused_or_computed(computed: dict[str, Computed]) -> None:
    damaged = {name: result for name, result in computed.items() if name.startswith(("cut", "changed"))}
    assert len(damaged) > 250
    for name, result in damaged.items():
        assert (result.problem == "") == bool(result.outputs), name


def test_a_cut_file_is_never_computed(computed: dict[str, Computed]) -> None:
    assert [name for name, result in computed.items() if name.startswith("cut ") and result.outputs] == []
