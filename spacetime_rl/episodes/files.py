"""Episode files: Parquet with a row per agent and decision, and a description of the episode beside the table.

docs/episodes.md describes the format. Files are only read as data: nothing in them is executed.
"""

from __future__ import annotations

import functools
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from spacetime_rl.config import RunConfig
from spacetime_rl.episodes.episode import Build, Episode
from spacetime_rl.errors import EpisodeError, RecordingError, SpacetimeError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.files import overlook
from spacetime_rl.game.sighting import Sighting
from spacetime_rl.game.spec import PolicyLayout
from spacetime_rl.game.trace import ENDINGS, AgentTrace, Floats, Trace, read_surroundings, write_surroundings

if TYPE_CHECKING:
    import pyarrow as pa

FORMAT = 1
SUFFIX = ".parquet"
# Keys of the file's metadata: the description as JSON; and, compressed by zlib, what stands around the agents as JSON,
# and the hash of every part after every decision, uint32.
_EPISODE, _SURROUNDINGS, _PARTS = b"spacetime_rl.episode", b"spacetime_rl.surroundings", b"spacetime_rl.parts"
# Measured: a dictionary and least and greatest values of floats take more time than all else, and help no reader.
_PARQUET: Mapping[str, Any] = {
    "compression": "zstd",
    "use_dictionary": ["agent", "policy"],
    "write_statistics": False,
    "store_schema": False,
}
_IMAGE = "image_"  # before the name of an image, in the name of its column
_MOST_BYTES = 1 << 28  # that a compressed part of a file may have: a foreign file must not fill the memory


def episode_files(folder: Path) -> list[Path]:
    """The episode files in a folder and below it, in the order of their names."""
    return sorted(folder.rglob(f"ep_*{SUFFIX}"))


def file_name(episode: int) -> str:
    """The name of an episode's file."""
    return f"ep_{episode:06}{SUFFIX}"


def write_episode(episode: Episode, path: Path) -> None:
    """Write an episode; the file has its name only when complete. Raises RecordingError, as on a full disk."""
    partial = path.with_name(f".{path.name}.partial")
    content = _content_of(episode)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        overlook(path.parent)
        partial.write_bytes(content)
        partial.replace(path)
    except OSError as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise RecordingError(f"{path}: the episode could not be written: {error.strerror or error}") from error


def read_episode(path: Path) -> Episode:
    """Read an episode. Raises EpisodeError if the file is missing, damaged, foreign or of a later format."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        raise EpisodeError(f"{path}: no such file; `spacetime-rl episodes list` shows the recorded episodes")
    try:
        with pq.ParquetFile(path) as file:
            description = _description(path, file.schema_arrow.metadata or {})
            return _read(description, file.schema_arrow.metadata, file)
    except EpisodeError:
        raise
    except (
        pa.ArrowException,
        SpacetimeError,
        OSError,
        KeyError,
        TypeError,
        ValueError,
        IndexError,
        zlib.error,
    ) as error:
        what = str(error).partition("\n")[0] or type(error).__name__
        raise EpisodeError(f"{path}: a damaged episode file, or one of another program: {what}") from error


def read_description(path: Path) -> Mapping[str, Any]:
    """What a file says of its episode, without the tables; `docs/episodes.md` has the keys. Raises EpisodeError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return _description(path, pq.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError, ValueError) as error:
        raise EpisodeError(f"{path}: a damaged episode file, or one of another program: {error}") from error


def _description(path: Path, metadata: Mapping[bytes, bytes]) -> Mapping[str, Any]:
    if _EPISODE not in metadata:
        raise EpisodeError(f"{path}: a Parquet file, but not a recorded episode")
    description: Mapping[str, Any] = json.loads(metadata[_EPISODE])
    found = description.get("format")
    if found != FORMAT:
        raise EpisodeError(f"{path}: written in format {found}, by a later version; this version reads {FORMAT}")
    return description


def _content_of(episode: Episode) -> memoryview:
    """The bytes of the file. They are written at once: Parquet's own many small writes take a third more time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    table = _table_of(episode)
    with pq.ParquetWriter(sink, table.schema, **_PARQUET) as file:
        file.write_table(table)
        file.add_key_value_metadata(_metadata_of(episode))
    return memoryview(sink.getvalue())


def _table_of(episode: Episode) -> pa.Table:
    import pyarrow as pa

    agents = _agents_of(episode)
    decisions = [_decisions(agent, episode) for agent in agents]
    columns: dict[str, pa.Array] = {
        "agent": _names([agent.name for agent in agents], agents),
        "policy": _names([agent.policy for agent in agents], agents),
        "decision": _joined(decisions, np.int32),
        "tick": _joined([agent.ticks for agent in agents], np.int32),
        "position": _lists([agent.positions for agent in agents], agents),
        "velocity": _lists([agent.velocities for agent in agents], agents),
        "action": _lists([agent.actions for agent in agents], agents),
        "reward": _joined([_rewards(agent) for agent in agents], np.float32),
        "reward_sums": _lists([_sums(agent) for agent in agents], agents),
        "observation": _lists([agent.observations for agent in agents], agents),
    }
    for name in dict.fromkeys(name for agent in agents for name in agent.images):
        columns[_IMAGE + name] = _pixels([agent.images.get(name) for agent in agents], agents)
    if episode.trace.hashes is not None:
        hashes = episode.trace.hashes
        columns["state_hash"] = _joined([hashes[rows] for rows in decisions], np.uint64)
    return pa.table(columns)


def _metadata_of(episode: Episode) -> dict[bytes, bytes]:
    metadata = {
        _EPISODE: to_json(_describe(episode)).encode(),
        _SURROUNDINGS: zlib.compress(to_json(write_surroundings(episode.trace)).encode(), 1),
    }
    if episode.trace.part_hashes is not None:
        metadata[_PARTS] = zlib.compress(episode.trace.part_hashes.astype("<u4").tobytes(), 1)
    return metadata


def _agents_of(episode: Episode) -> list[AgentTrace]:
    """Those whose part has begun."""
    return [agent for agent in episode.trace.agents if len(agent.ticks)]


def _describe(episode: Episode) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "episode": episode.trace.episode,
        "seed": episode.seed,
        "player": episode.player,
        "recorded_at": episode.recorded_at,
        "pace": episode.pace,
        "control": episode.control,
        "fault": episode.fault,
        "build": asdict(episode.build),
        "decisions": episode.decisions,
        "action_repeat": episode.action_repeat,
        "physics_hz": episode.trace.physics_hz,
        "agents": [
            {
                "name": agent.name,
                "policy": agent.policy,
                "ending": agent.ending,
                "rows": len(agent.ticks),
                "rewards": list(agent.rewards),
                "metrics": dict(episode.metrics.get(agent.name, {})),
            }
            for agent in _agents_of(episode)
        ],
        "policies": {name: _layout_to_dict(layout) for name, layout in episode.layouts.items()},
        "params": dict(episode.params),
        "states": 0 if episode.trace.hashes is None else len(episode.trace.hashes),
        "parts": list(episode.trace.parts),
        "sightings": [sighting.to_dict() for sighting in episode.trace.sightings],
        "config": episode.config.to_dict(),
    }


@functools.lru_cache(maxsize=64)  # the same for every episode of a game
def _layout_to_dict(layout: PolicyLayout) -> Mapping[str, Any]:
    return layout.to_dict()


def _decisions(agent: AgentTrace, episode: Episode) -> NDArray[np.int64]:
    """The decision after which each row was written; of two rows in one decision, the last one is the agent's end."""
    return -(-agent.ticks // episode.action_repeat)


def _rewards(agent: AgentTrace) -> Floats:
    return np.full(len(agent.ticks), np.nan, np.float32) if agent.decision_rewards is None else agent.decision_rewards


def _sums(agent: AgentTrace) -> Floats:
    sums = list(agent.rewards.values())
    return np.stack(sums, axis=1) if sums else np.zeros((len(agent.ticks), 0), np.float32)


def _names(names: Sequence[str], agents: Sequence[AgentTrace]) -> pa.Array:
    import pyarrow as pa

    which = np.repeat(np.arange(len(agents), dtype=np.int32), [len(agent.ticks) for agent in agents])
    return pa.DictionaryArray.from_arrays(which, pa.array(list(names), pa.string()))


def _joined(parts: Sequence[NDArray[Any]], kind: type[np.generic]) -> pa.Array:
    import pyarrow as pa

    return pa.array(np.concatenate([np.zeros(0, kind), *parts], dtype=kind, casting="unsafe"))


def _lists(tables: Sequence[Floats | None], agents: Sequence[AgentTrace]) -> pa.Array:
    """A list of floats a row. Rows that an agent's table lacks are null: all of them, or, for actions, the last one."""
    import pyarrow as pa

    rows = np.array([len(agent.ticks) for agent in agents], np.int64)
    there = np.array([0 if table is None else len(table) for table in tables], np.int64)
    widths = [0 if table is None else table.shape[1] for table in tables]
    # By turns for each agent: the rows that its table has, and those that it lacks.
    counts = np.column_stack([there, rows - there]).ravel()
    sizes = np.repeat(np.column_stack([widths, np.zeros_like(there)]).ravel(), counts)
    missing = np.repeat(np.tile([False, True], len(agents)), counts)
    offsets = np.zeros(len(sizes) + 1, np.int32)
    np.cumsum(sizes, out=offsets[1:])
    values = np.concatenate([np.zeros(0, np.float32), *(table.ravel() for table in tables if table is not None)])
    mask = pa.array(missing) if missing.any() else None
    return pa.ListArray.from_arrays(offsets, pa.array(values, pa.float32()), mask=mask)


def _pixels(tables: Sequence[NDArray[np.uint8] | None], agents: Sequence[AgentTrace]) -> pa.Array:
    """The bytes of an image a row; null in the rows of agents that do not have it."""
    import pyarrow as pa

    values: list[bytes | None] = []
    for table, agent in zip(tables, agents, strict=True):
        values += [None] * len(agent.ticks) if table is None else [image.tobytes() for image in table]
    return pa.array(values, pa.large_binary())


def _read(description: Mapping[str, Any], metadata: Mapping[bytes, bytes], file: Any) -> Episode:
    rows = [int(agent["rows"]) for agent in description["agents"]]
    if file.metadata.num_rows != sum(rows):
        raise ValueError(f"{file.metadata.num_rows} rows, expected {sum(rows)}")
    table = file.read()
    begins = [sum(rows[:index]) for index in range(len(rows))]
    layouts = {str(name): PolicyLayout.from_dict(layout) for name, layout in description["policies"].items()}
    agents = tuple(
        _read_agent(agent, table.slice(begin, count), layouts)
        for agent, begin, count in zip(description["agents"], begins, rows, strict=True)
    )
    parts = tuple(str(part) for part in description["parts"])
    trace = Trace(
        episode=int(description["episode"]),
        agents=agents,
        physics_hz=int(description["physics_hz"]),
        hashes=_read_hashes(table, int(description["states"])),
        parts=parts,
        part_hashes=_read_part_hashes(metadata, len(parts)),
        sightings=tuple(Sighting.from_dict(sighting) for sighting in description.get("sightings", ())),
        **read_surroundings(json.loads(_unpack(metadata[_SURROUNDINGS]))),
    )
    return Episode(
        trace=trace,
        build=Build(**{key: str(description["build"][key]) for key in ("game", "content", "engine", "machine")}),
        config=RunConfig.model_validate(description["config"]),
        seed=int(description["seed"]),
        player=str(description["player"]),
        recorded_at=str(description["recorded_at"]),
        action_repeat=max(1, int(description["action_repeat"])),
        layouts=layouts,
        metrics={agent["name"]: _read_numbers(agent["metrics"]) for agent in description["agents"]},
        params=dict(description["params"]),
        pace="real time" if description["pace"] == "real time" else "full speed",
        fault=str(description["fault"]),
        control="heuristic" if description["control"] == "heuristic" else "policy",
    )


def _read_numbers(data: Mapping[str, Any]) -> dict[str, float]:
    return {str(name): float(value) for name, value in data.items()}


def _read_agent(data: Mapping[str, Any], rows: pa.Table, layouts: Mapping[str, PolicyLayout]) -> AgentTrace:
    names = [str(name) for name in data["rewards"]]
    sums = _read_lists(rows, "reward_sums")
    if data["ending"] not in ENDINGS:
        raise ValueError(f"an episode that ended as {data['ending']!r}")
    positions = _read_lists(rows, "position")
    assert positions is not None
    actions, observations = _read_lists(rows, "action"), _read_lists(rows, "observation")
    rewards = _column(rows, "reward").astype(np.float32)
    return AgentTrace(
        name=str(data["name"]),
        policy=str(data["policy"]),
        ending=data["ending"],
        ticks=_column(rows, "tick").astype(np.int64),
        positions=positions,
        velocities=_read_lists(rows, "velocity"),
        rewards={name: sums[:, i] for i, name in enumerate(names)} if sums is not None else {},
        actions=actions,
        decision_rewards=None if np.isnan(rewards).all() else rewards,
        observations=observations,
        images=_read_images(rows, layouts.get(str(data["policy"]))),
    )


def _read_images(rows: pa.Table, layout: PolicyLayout | None) -> dict[str, NDArray[np.uint8]]:
    """The images of an agent's rows. Raises ValueError if their sizes are not those of its policy."""
    found = {}
    for image in layout.images if layout else ():
        if _IMAGE + image.name not in rows.column_names:
            continue
        pixels = [value for value in rows.column(_IMAGE + image.name).to_pylist() if value is not None]
        if pixels:
            found[image.name] = np.frombuffer(b"".join(pixels), np.uint8).reshape(len(rows), *image.shape)
    return found


def _column(rows: pa.Table, name: str) -> NDArray[Any]:
    return np.asarray(rows.column(name).to_numpy())


def _read_lists(rows: pa.Table, name: str) -> Floats | None:
    """The lists of a column as float32 [rows with a list, width]; None if no row has one."""
    import pyarrow as pa

    column = rows.column(name)
    if not pa.types.is_list(column.type):
        raise TypeError(f"column {name} of {column.type}")
    there = len(column) - column.null_count
    if not there:
        return None
    floats = np.asarray(column.combine_chunks().flatten().to_numpy(), np.float32)
    return floats.reshape(there, len(floats) // there)


def _read_hashes(table: pa.Table, states: int) -> NDArray[np.uint64] | None:
    """The hash after every decision; 0 after decisions of which no agent has a row."""
    if "state_hash" not in table.column_names:
        return None
    hashes = np.zeros(states, np.uint64)
    hashes[_column(table, "decision")] = _column(table, "state_hash")
    return hashes


def _read_part_hashes(metadata: Mapping[bytes, bytes], parts: int) -> NDArray[np.uint32] | None:
    if _PARTS not in metadata:
        return None
    return np.frombuffer(_unpack(metadata[_PARTS]), "<u4").reshape(-1, parts)


def _unpack(packed: bytes) -> bytes:
    unpacking = zlib.decompressobj()
    data = unpacking.decompress(packed, _MOST_BYTES)
    if unpacking.unconsumed_tail:
        raise ValueError(f"a compressed part of more than {_MOST_BYTES} bytes")
    return data


def describe_all(folder: Path) -> Iterator[tuple[Path, Mapping[str, Any] | EpisodeError]]:
    """Every episode file of a folder with its description, or with what is wrong with it."""
    for path in episode_files(folder):
        try:
            yield path, read_description(path)
        except EpisodeError as error:
            yield path, error
