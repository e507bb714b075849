"""Demonstrations are read from recorded episodes and Minari datasets, or refused by the name of what does not fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.demonstrators import make_agent, make_recording, record_good_play
from support.fake_runs import make_config
from support.toy_game import FakeGameOpener, make_group, make_layout

from spacetime_rl.config import RunConfig
from spacetime_rl.contract import assign_policies
from spacetime_rl.demonstrations.arrays import Demonstrations
from spacetime_rl.demonstrations.keep import has_demonstrations, keep_demonstrations, kept_demonstrations
from spacetime_rl.demonstrations.read import read_demonstrations
from spacetime_rl.envs.datasets import export_minari
from spacetime_rl.episodes.episode import Episode
from spacetime_rl.episodes.files import episode_files, write_episode
from spacetime_rl.errors import ConfigError
from spacetime_rl.game.spec import ActionField, ImageField, ObservationField, PolicyLayout

GROUPS = (make_group("giver", 2, make_layout(3, 2)), make_group("taker", 1, make_layout(4, 1, 3)))
GIVER = GROUPS[0]


def read(config: RunConfig, groups: Any = GROUPS) -> dict[str, Demonstrations]:
    spec = FakeGameOpener(groups).spec
    return read_demonstrations(config, spec, assign_policies(spec, config), config.imitation.sources)


def imitating(*sources: Path | str, **settings: Any) -> RunConfig:
    return make_config(imitation={"from": [str(source) for source in sources], **settings})


def write(folder: Path, *episodes: Episode) -> Path:
    for number, episode in enumerate(episodes):
        write_episode(episode, folder / f"ep_{number}.parquet")
    return folder


def make_giver(steps: int = 4, **changes: Any) -> Any:
    return make_agent("giver_0", GIVER, steps, np.random.default_rng(1), **changes)


def test_every_agents_part_is_an_episode_of_its_policy(tmp_path: Path) -> None:
    found = read(imitating(record_good_play(tmp_path, GROUPS, episodes=3, steps=5)))

    assert found["giver"].lengths.tolist() == [5] * 6
    assert found["taker"].lengths.tolist() == [5] * 3
    assert found["giver"].vectors.shape == (36, 3)
    assert found["giver"].actions.shape == (30, 2)
    assert found["giver"].rewards.tolist() == [1.0] * 30
    assert found["giver"].terminated.all()


def test_agents_belong_to_the_policy_that_plays_them_in_this_run(tmp_path: Path) -> None:
    record_good_play(tmp_path, GROUPS[:1], episodes=1, steps=5)
    rules = [{"agents": "giver_0", "policy": "one"}, {"agents": "*", "policy": "other"}]
    config = make_config(imitation={"from": str(tmp_path)}, policy_mapping=rules)

    found = read(config, GROUPS[:1])

    assert {name: len(shown.lengths) for name, shown in found.items()} == {"one": 1, "other": 1}


def test_actions_are_those_that_the_game_took(tmp_path: Path) -> None:
    """Scripts and persons may ask for more than an action can be; the game takes the nearest possible one."""
    asked = np.array([[1.4, -3.0], [0.2, 0.0], [-1.0, 1.0], [0.5, 0.5]], np.float32)
    chosen = np.array([[2.6, 0.5], [-1.0, 2.0], [1.0, 0.0], [1.4, -9.0]], np.float32)
    taker = make_agent("taker_0", GROUPS[1], 4, np.random.default_rng(2), actions=chosen)
    write(tmp_path, make_recording(GROUPS, [make_giver(actions=asked), taker]))

    found = read(imitating(tmp_path))

    taken = np.array([[1.0, -1.0], [0.2, 0.0], [-1.0, 1.0], [0.5, 0.5]], np.float32)
    assert np.array_equal(found["giver"].actions, taken)
    assert found["taker"].actions.tolist() == [[2.0, 0.5], [0.0, 1.0], [1.0, 0.0], [1.0, -1.0]]


def test_only_the_agents_that_are_named_are_imitated(tmp_path: Path) -> None:
    record_good_play(tmp_path, GROUPS, episodes=2, steps=5)

    found = read(imitating(tmp_path, agents=["*_0"]))
    assert {name: len(shown.lengths) for name, shown in found.items()} == {"giver": 2, "taker": 2}
    assert set(read(imitating(tmp_path, agents=["giver_1"]))) == {"giver"}


def test_only_successes_are_used_where_only_these_are_wanted(tmp_path: Path) -> None:
    parts = [make_giver(), make_giver(6, ending="terminated"), make_giver(3, ending="truncated")]
    write(tmp_path, *(make_recording(GROUPS, [part]) for part in parts))

    assert read(imitating(tmp_path))["giver"].lengths.tolist() == [4, 6, 3]
    assert read(imitating(tmp_path))["giver"].terminated.tolist() == [True, True, False]
    assert read(imitating(tmp_path, successes_only=True))["giver"].lengths.tolist() == [4]


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        (
            make_layout(3, 1),
            r"giver_0, for the policy 'giver': it acts by move continuous\(2\), the game move con.*\(1\)",
        ),
        (
            PolicyLayout((ObservationField("seen", 3), ObservationField("speed", 1, "m/s")), (), GIVER.layout.actions),
            r"the game observes speed\(1 m/s\), it does not",
        ),
        (
            PolicyLayout((ObservationField("saw", 3),), (), GIVER.layout.actions),
            r"it observes seen\(3\), the game has no such field; the game observes saw\(3\), it does not",
        ),
        (
            PolicyLayout(GIVER.layout.fields, (ImageField("eye", (8, 8, 1)),), GIVER.layout.actions),
            "the game sees the image eye 8x8x1, it does not",
        ),
        (
            PolicyLayout(GIVER.layout.fields, (), (ActionField("jump", "discrete", 2), *GIVER.layout.actions)),
            r"the game acts by jump discrete\(2\), it does not",
        ),
    ],
)
def test_spaces_that_differ_are_named_field_by_field(tmp_path: Path, layout: PolicyLayout, message: str) -> None:
    write(tmp_path, make_recording(GROUPS, [make_giver()]))

    with pytest.raises(ConfigError, match=message) as refused:
        read(imitating(tmp_path), (make_group("giver", 2, layout),))
    assert "imitation.from: " in str(refused.value)
    assert "ep_0.parquet" in str(refused.value)


def test_what_cannot_be_learned_from_is_refused_with_the_reason(tmp_path: Path) -> None:
    slow = replace(make_recording(GROUPS, [make_giver()]), action_repeat=8)
    blind = make_recording(GROUPS, [make_giver(observations=None)])
    broken = make_recording(GROUPS, [make_giver(actions=np.full((4, 2), np.nan, np.float32))])
    short = make_recording(GROUPS, [make_giver(ending="terminated")])
    cases = {"slow": slow, "blind": blind, "broken": broken, "short": short}
    for name, episode in cases.items():
        write(tmp_path / name, episode)
    (tmp_path / "empty").mkdir()

    for name, settings, message in (
        ("slow", {}, "a decision every 8 ticks, this run has one every 1 "),
        ("blind", {}, "no observations, actions or rewards of giver_0"),
        ("broken", {}, "of giver_0 is not a finite number"),
        ("short", {"successes_only": True}, "no successful episode of giver, taker in"),
        ("empty", {}, "no recorded episode .* in this folder"),
        ("nowhere.parquet", {}, "no such file"),
    ):
        with pytest.raises(Exception, match=message):
            read(imitating(tmp_path / name, **settings))


def test_a_minari_dataset_gives_what_its_episodes_would(tmp_path: Path) -> None:
    recorded = record_good_play(tmp_path / "recorded", GROUPS, episodes=4, steps=6)
    names = list(export_minari(episode_files(recorded), tmp_path / "minari"))
    assert names == ["fake/giver-v0", "fake/taker-v0"]

    plain = read(imitating(recorded))
    found = read(imitating(*(tmp_path / "minari" / name for name in names)))

    for policy, shown in plain.items():
        for name in ("vectors", "actions", "rewards", "lengths", "terminated"):
            assert np.array_equal(getattr(found[policy], name), getattr(shown, name)), (policy, name)


def test_a_minari_dataset_of_other_spaces_is_refused(tmp_path: Path) -> None:
    recorded = record_good_play(tmp_path / "recorded", GROUPS[:1], episodes=1, steps=6)
    (name,) = export_minari(episode_files(recorded), tmp_path / "minari")

    with pytest.raises(ConfigError, match=r"has observations obs \[3\] .*, the game observations obs \[5\]"):
        read(imitating(tmp_path / "minari" / name), (make_group("giver", 2, make_layout(5, 2)),))
    with pytest.raises(ConfigError, match=r"knows neither agents nor successes; leave it out, or imitation\.agents"):
        read(imitating(tmp_path / "minari" / name, agents=["giver_0"]))


def test_a_run_keeps_its_demonstrations_so_that_the_episodes_may_be_gone(tmp_path: Path) -> None:
    config = imitating(record_good_play(tmp_path / "recorded", GROUPS[:1], episodes=2, steps=5))
    spec = FakeGameOpener(GROUPS).spec
    policies = assign_policies(spec, config)

    told = keep_demonstrations(config, spec, policies, tmp_path / "kept")
    for file in episode_files(tmp_path / "recorded"):
        file.unlink()

    assert told == "demonstrations: giver: 4 episodes, 20 decisions; none of taker"
    assert has_demonstrations(tmp_path / "kept")
    layouts = {policy.name: policy.layout for policy in policies}
    kept = kept_demonstrations(tmp_path / "kept", layouts)
    assert set(kept) == {"giver"}
    assert kept["giver"].actions.shape == (20, 2)
    with pytest.raises(ConfigError, match="'giver' of this trial: it observes seen"):
        kept_demonstrations(tmp_path / "kept", layouts | {"giver": make_layout(4, 2)})
