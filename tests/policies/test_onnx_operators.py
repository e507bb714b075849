"""The ONNX operators of the game's own runtime, by the tests that the ONNX project ships for every runtime."""

from __future__ import annotations

import functools
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from numpy.typing import NDArray
from support.native_project import Runtime

from spacetime_rl.game.compute_onnx import Case, Computed, compute, known_operators

REPOSITORY = Path(__file__).parents[2]
OPERATORS = """
    Abs Add And ArgMax ArgMin AveragePool BatchNormalization Ceil Clip Concat Constant ConstantOfShape Conv Cos Div
    Dropout Elu Equal Exp Expand Flatten Floor Gather GatherElements Gemm GlobalAveragePool Greater GreaterOrEqual
    HardSigmoid HardSwish Identity If IsInf IsNaN LSTM LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax
    MatMul Max MaxPool Min Mul Neg Not OneHot Or PRelu Pow Range Reciprocal ReduceL1 ReduceL2 ReduceLogSumExp
    ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu Reshape Selu Shape Sigmoid Sign Sin
    Size Slice Softmax Softplus Softsign Split Sqrt Squeeze Sub Sum Tanh Tile Transpose Unsqueeze Where
""".split()  # noqa: SIM905  # a list of strings would be a line for each
# Their tests have other elements (Cast) or another form (GRU). The policies of test_policy_parity.py have the first,
# test_a_gru has the second.
ELSEWHERE = {"Cast", "GRU"}
# What is refused, by a part of the sentence that says so.
REFUSED = (
    "are not multiplied",  # a vector and a stack of matrices
    "only images [batch, channels, height, width]",
    "do not fit the image",  # padding that is worked out from the image's size
    "only plain pooling of images",
    "only the form without training",
    "only linear_before_reset=1",
    "only the direction forward",
    "peepholes",
    "the attribute",
    "axis 1 and depth",
    "axis -2 and depth",
    "truth values and empty lists",
    "is no tensor",
)
ELEMENTS = {1: "float32", 6: "int32", 7: "int64", 9: "bool"}


@dataclass(frozen=True)
class Answer:
    """What the engine made of a test of the ONNX project, and what is right."""

    name: str
    computed: Computed
    right: dict[str, NDArray[Any]]

    @property
    def is_refused(self) -> bool:
        return any(part in self.computed.problem for part in REFUSED)

    def check(self) -> None:
        assert self.computed.problem == "", self.name
        for name, array in self.right.items():
            found = self.computed.outputs[name]
            assert found.shape == array.shape, self.name
            assert found.dtype.kind == array.dtype.kind, self.name
            np.testing.assert_allclose(found, array, rtol=1e-3, atol=1e-6, err_msg=self.name)


Answers = dict[str, list[Answer]]


@pytest.fixture(scope="module")
def answer_by(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Runtime], Answers]:
    """By operator the answers to all tests whose elements are float32, whole numbers or truth values."""
    folder = tmp_path_factory.mktemp("onnx")
    tests = list(collect(folder))

    @functools.cache
    def answer(runtime: Runtime) -> Answers:
        by_operator = defaultdict(list)
        found = compute(folder, [case for _, case, _ in tests], runtime.project, runtime.godot, runtime.name)
        for (operator, case, right), computed in zip(tests, found, strict=True):
            by_operator[operator].append(Answer(case.model, computed, right))
        return by_operator

    return answer


def test_the_page_lists_the_operators_that_the_runtime_has(tmp_path: Path, gdscript: Runtime) -> None:
    compute(tmp_path, [], gdscript.project, gdscript.godot)
    page = (REPOSITORY / "docs" / "in-game.md").read_text()
    listed = re.search(r"(?:^`[A-Z]\w+`[ \n])(?:`\w+`\s)*", page, re.MULTILINE)

    assert listed is not None
    assert known_operators(tmp_path) == set(re.findall(r"\w+", listed[0])) == {*OPERATORS, *ELSEWHERE}


def test_a_gru(tmp_path: Path, runtime: Runtime) -> None:
    torch.manual_seed(0)
    gru = torch.nn.GRU(3, 5)
    inputs = (torch.randn(4, 2, 3), torch.randn(1, 2, 5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of itself
        torch.onnx.export(
            gru, inputs, str(tmp_path / "gru.onnx"), opset_version=17, input_names=["x", "h"], dynamo=False
        )
    names = [output.name for output in onnx.load(tmp_path / "gru.onnx").graph.output]
    with torch.no_grad():
        right = dict(zip(names, (output.numpy() for output in gru(*inputs)), strict=True))
    case = Case("gru.onnx", {"x": inputs[0].numpy(), "h": inputs[1].numpy()})

    (found,) = compute(tmp_path, [case], runtime.project, runtime.godot, runtime.name)

    assert found.problem == ""
    for name, array in right.items():
        np.testing.assert_allclose(found.outputs[name], array, atol=1e-6)


def collect(folder: Path) -> Iterator[tuple[str, Case, dict[str, NDArray[Any]]]]:
    from onnx.backend.test.case.node import collect_testcases

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of overflows that the tests make on purpose
        tests = collect_testcases(None)
    for test in tests:
        nodes = test.model.graph.node
        if len(nodes) != 1 or nodes[0].op_type not in OPERATORS or not _has_elements_of_games(test.model.graph):
            continue
        # The tests of some operators were never written anew. What they compute has not changed.
        test.model.opset_import[0].version = max(test.model.opset_import[0].version, 9)
        onnx.save(test.model, folder / f"{test.name}.onnx")
        inputs, outputs = test.data_sets[0]
        given = zip((value.name for value in test.model.graph.input), map(np.asarray, inputs), strict=True)
        right = zip((value.name for value in test.model.graph.output), map(np.asarray, outputs), strict=True)
        yield nodes[0].op_type, Case(f"{test.name}.onnx", dict(given)), dict(right)


def _has_elements_of_games(graph: onnx.GraphProto) -> bool:
    types = [value.type for value in (*graph.input, *graph.output)]
    return all(type_.HasField("tensor_type") and type_.tensor_type.elem_type in ELEMENTS for type_ in types)


@pytest.mark.parametrize("operator", OPERATORS)
def test_an_operator_computes_what_its_tests_say_or_says_what_it_does_not_support(
    operator: str, runtime: Runtime, answer_by: Callable[[Runtime], Answers]
) -> None:
    answers = answer_by(runtime)[operator]
    computed = [answer for answer in answers if not answer.is_refused]
    for answer in computed:
        answer.check()
    assert computed, [answer.computed.problem for answer in answers]


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_native_library_computes_what_gdscript_does(
    operator: str, gdscript: Runtime, native: Runtime, answer_by: Callable[[Runtime], Answers]
) -> None:
    for one, other in zip(answer_by(gdscript)[operator], answer_by(native)[operator], strict=True):
        assert (one.computed.problem, one.computed.outputs.keys()) == (
            other.computed.problem,
            other.computed.outputs.keys(),
        )
        for name, array in one.computed.outputs.items():
            np.testing.assert_allclose(other.computed.outputs[name], array, rtol=1e-6, atol=1e-6, err_msg=one.name)
