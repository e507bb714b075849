"""The page about configuration says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from spacetime_rl.config import RunConfig, load
from spacetime_rl.config.overrides import setting_paths
from spacetime_rl.config.reference import reference, update

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


def test_the_tables_on_the_page_are_those_of_the_models() -> None:
    page = PAGE.read_text()

    assert update(page) == page, f"stale: python -m spacetime_rl.config.reference {PAGE.relative_to(PAGE.parents[1])}"


def test_every_setting_is_in_a_table_with_its_meaning() -> None:
    tables = reference()

    rows = dict(re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", tables, re.MULTILINE))
    leaves = {path[-1] for path in setting_paths(RunConfig)}
    assert leaves - set(rows) - set(RunConfig.model_fields) == set()


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_on_the_page_loads(example: str, tmp_path: Path) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(example)

    assert load(path)
