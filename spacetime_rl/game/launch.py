"""A game to launch, as a value, and how it becomes a listening port and a process with its command line."""

from __future__ import annotations

import errno
import platform
import random
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from math import isfinite
from pathlib import Path
from typing import Any, Literal

from spacetime_rl.errors import LaunchError, UsageError
from spacetime_rl.formats.plain_json import to_json
from spacetime_rl.game.attach_door import Attach
from spacetime_rl.game.display import Render, XServer, check_screen, choose_renderer, render_arguments
from spacetime_rl.game.engine import check_godot
from spacetime_rl.game.ensure import ensure_godot
from spacetime_rl.game.files import ADDON
from spacetime_rl.game.process import GameProcess
from spacetime_rl.game.program import PACK, why_not_a_pack, why_not_a_program
from spacetime_rl.game.project import OWN_PROJECT, check_scene, find_scenario, import_project, kept
from spacetime_rl.game.unchanged import Unchanged, physics_hz_of, refuse_what_cannot_be_played
from spacetime_rl.host.system import require_linux

_USUAL_HZ = 90  # of our scenarios
STOCK_HZ = 60  # physics ticks per second of Godot RL Agents' plugin; a different request has no effect

_UNREACHED_SPEED = 100  # times real time
_WINDOW = ["--resolution", "1280x720"]


@dataclass(frozen=True, slots=True)
class RewardScript:
    """A GDScript file with a reward term, for the agents of `policies` (empty: all of the game's policies)."""

    path: Path
    policies: tuple[str, ...] = ()
    weight: float | None = None  # replaces the weight in the script


@dataclass(frozen=True, slots=True)
class Novelty:
    """What agents are paid for map cells with sides of `cell` m or px; `alone`, for nothing else."""

    cell: float = 2.0
    weight: float = 1.0
    alone: bool = False


@dataclass(frozen=True, slots=True)
class TaskLaunch:
    """One of several tasks that a game's arenas play in turn; `scene` (`res://…`) defaults to the game's own."""

    name: str
    scene: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    weight: float = 1.0


MOVIE = "movie"  # the name that the files of a film by the engine begin with


@dataclass(frozen=True, slots=True)
class Film:
    """Pictures of a game's window, written to `folder` as `frame_000000.jpg` and so on, one for every `every` ticks.

    With `by_engine` they are all frames that the engine draws, as `MOVIE00000000.png` and so on, and there is the sound
    beside them: for games without our addon.
    """

    folder: Path
    every: int = 3
    size: tuple[int, int] = (960, 540)
    png: bool = False  # instead of JPEG
    overlay: bool = False  # with rewards and the agent's figures
    by_engine: bool = False


@dataclass(frozen=True, slots=True)
class GameLaunch:
    """One game: exactly one of `scenario`, `project` (a Godot project folder) and `env_path` (an exported game).

    An exported game is a program, or a `.pck` that the engine runs.

    Raises UsageError unless exactly one is given, or where a number is out of range.
    """

    scenario: str | None = None
    project: Path | None = None
    scene: str | None = None  # of `project`; default: the project's main scene
    env_path: Path | None = None
    attach: Attach | None = None  # a person starts the game, which connects there; `scenario` is then open or its name
    unchanged: Unchanged | None = None  # `project` knows nothing of reinforcement learning, and is played as it is
    arenas: int = 1
    action_repeat: int | None = None  # physics ticks per decision; default: the game's own
    episode_steps: int | None = None  # decisions until an episode is truncated; default: the game's own
    params: Mapping[str, Any] = field(default_factory=dict)
    # One is drawn by weight for each episode; `params` is ignored if there are tasks.
    tasks: tuple[TaskLaunch, ...] = ()
    reward_scripts: tuple[RewardScript, ...] = ()
    novelty: Novelty | None = None
    # What watches recorded episodes inside the game: the thresholds of shipped oracles by id, and files of one's own.
    oracles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    oracle_scripts: tuple[Path, ...] = ()
    seed: int = 0
    control: Literal["policy", "heuristic"] = "policy"
    scripted: tuple[str, ...] = ()  # policies whose agents act by their heuristics whatever `control` is
    # The game's script acts for every agent whose action is NaN throughout; otherwise such an action is refused.
    nan_asks_script: bool = False
    in_game: Mapping[str, Path] = field(default_factory=dict)  # by policy the ONNX file that plays it in the game
    render: Render = "auto"  # the renderer of a headless game's cameras; "auto" gives one only to a game that needs it
    # A window in real time for a person to watch; without it the game is headless and runs at full speed.
    window: bool = False
    speed: float | None = None  # times real time; default: as fast as it goes, and real time in a window for a person
    viz: bool = False  # the first arena is shown in a window while Python trains it, at full speed
    film: Film | None = None  # of the only arena; the game draws on a screen or on an X server of its own
    human: str | None = None  # the agent that a person plays in that window; "" is the first one
    player: str | None = None  # the name of the player that controls the other agents, shown in that window
    launch_timeout_s: float = 60.0  # from process start to the end of the handshake
    step_timeout_s: float = 30.0
    # For stock games and unchanged projects; a game with our addon always ends at a script error.
    end_on_script_error: bool = False
    monitor: bool = False  # report what the game costs as the metrics `performance/…`
    observe_performance: bool = False  # let agents observe it
    penalise_performance: bool = False  # let agents pay for broken budgets
    log_dir: Path | None = None  # default: a temporary folder, removed with the game
    port_range: tuple[int, int] | None = None  # first and last; default: any free port
    http_port: int | None = None  # of the game's HTTP API, or the next free one; default: none
    physics_hz: int | None = None  # default: the project's own rate
    godot: Path | None = None  # default: the engine that ensure.ensure_godot finds
    name: str = "game"  # the log file's name begins with it
    extra_args: tuple[str, ...] = ()  # for the game, appended to ours

    def __post_init__(self) -> None:
        given = [source for source in ("scenario", "project", "env_path") if getattr(self, source) is not None]
        if len(given) != 1 and not (self.attach and given in ([], ["scenario"])):
            found = ", ".join(given) or "none"
            raise UsageError(f"a game needs exactly one of scenario, project and env_path; given: {found}")
        if self.scene is not None and self.project is None:
            raise UsageError("scene: names a scene of `project`, which is not given")
        if self.unchanged is not None and self.project is None:
            raise UsageError("unchanged: says how `project` is played, which is not given")
        for key in (
            "arenas",
            "action_repeat",
            "episode_steps",
            "physics_hz",
            "launch_timeout_s",
            "step_timeout_s",
            "speed",
        ):
            value = getattr(self, key)
            if value is not None and value <= 0:
                raise UsageError(f"{key}: must be positive, not {value}")
        for where, params in [("params", self.params), *((f"tasks: {t.name}", t.params) for t in self.tasks)]:
            for name, value in params.items():
                if isinstance(value, float) and not isfinite(value):
                    raise UsageError(f"{where}: {name}: expected a finite number, not {value}")

    @property
    def title(self) -> str:
        """The game's name in messages."""
        return self.scenario or str(self.project or self.env_path or "the attached game")

    @property
    def frames_per_s(self) -> int:
        """Frames per second of game time: one per physics tick, because further frames would show no movement.

        A project without our addon ticks at its plugin's rate, and an unchanged one at its own. The rate of an exported
        game is unknown before it runs: frames at another rate than its ticks cost some time, and change nothing else.
        """
        if self.project is not None and self.unchanged is None and not (self.project / ADDON).is_dir():
            return STOCK_HZ
        if self.project is not None and (self.unchanged is not None or self.physics_hz is None):
            return physics_hz_of(self.project)
        return self.physics_hz or _USUAL_HZ


def launch_of(scenario: str | GameLaunch, **settings: Any) -> GameLaunch:
    """The launch of a scenario with these settings; a GameLaunch as it is.

    Raises UsageError for settings beside a GameLaunch, other than a launch's own defaults.
    """
    if isinstance(scenario, str):
        return GameLaunch(scenario=scenario, **settings)
    if GameLaunch(scenario="", **settings) != GameLaunch(scenario=""):
        *others, last = settings
        raise UsageError(f"{', '.join(others)} and {last}: a GameLaunch says these itself; set them there")
    return scenario


def only_task(launch: GameLaunch, name: str | None) -> GameLaunch:
    """The same game with all weight on one task, by default the first with a weight; the tasks keep their numbers.

    Raises UsageError where there is no such task.
    """
    names = [task.name for task in launch.tasks]
    if name is not None and name not in names:
        raise UsageError(f"there is no task {name!r}; tasks: {', '.join(names) or 'none'}")
    chosen = name or next((task.name for task in launch.tasks if task.weight), None)
    return replace(launch, tasks=tuple(replace(t, weight=float(t.name == chosen)) for t in launch.tasks))


def listen(launch: GameLaunch) -> socket.socket:
    """Listen on the port that the game will connect to: any free one, or one of `port_range`. Raises LaunchError."""
    if launch.port_range is None:
        return _listen_on(0)
    first, last = launch.port_range
    ports = range(first, last + 1)
    # In random order, because many launches share the range.
    for port in random.SystemRandom().sample(ports, len(ports)):
        try:
            return _listen_on(port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise LaunchError(f"{launch.title}: cannot listen on 127.0.0.1:{port}: {error.strerror}") from error
    raise LaunchError(f"{launch.title}: no port from {first} to {last} is free; widen port_range or leave it out")


def start(launch: GameLaunch, port: int, token: str) -> GameProcess:
    """Start the game's process. Raises UsageError, GodotNotFound, GodotTooOld, ImportFailed or LaunchError.

    Raises RendererMissing where the launch requires a renderer that this machine does not have.
    """
    require_linux(launch.title)
    arguments = _arguments(launch, port, token)
    if launch.env_path is not None:
        program = launch.env_path.absolute()
        check_program(program)
        if program.suffix == PACK:
            engine = check_godot(launch.godot, "game.godot") if launch.godot else ensure_godot()
            return _spawn(launch, [str(engine.path), "--main-pack", str(program), *arguments])
        return _spawn(launch, [str(program), *arguments])
    godot = check_godot(launch.godot, "game.godot") if launch.godot else ensure_godot()
    project, scene = _source(launch)
    if launch.unchanged is not None:
        refuse_what_cannot_be_played(project, scene, godot)
    copy = import_project(project, godot, launch.unchanged)
    command = [str(godot.path), "--path", str(copy), *([scene] if scene else []), *arguments]
    with kept(copy) as fd:
        return _spawn(launch, command, [fd])


def _spawn(launch: GameLaunch, command: Sequence[str], pass_fds: Sequence[int] = ()) -> GameProcess:
    render = _renderer(launch)
    if render == "window":
        check_screen("game.viz is on" if launch.viz else "game.render is window")
    if render != "xvfb":
        return GameProcess(command, name=launch.name, log_dir=launch.log_dir, pass_fds=pass_fds)
    server = XServer(launch.log_dir, launch.name)
    try:
        return GameProcess(
            command,
            name=launch.name,
            log_dir=launch.log_dir,
            pass_fds=pass_fds,
            environment={"DISPLAY": server.display, "WAYLAND_DISPLAY": ""},
            helpers=[server.process],
        )
    except BaseException:
        server.process.kill()
        raise


def _renderer(launch: GameLaunch) -> Render:
    """The requested renderer; a game in a window for a person needs no other."""
    if launch.film is not None:
        return choose_renderer()
    if launch.viz:
        return "window"
    return "none" if launch.window or launch.render == "auto" else launch.render


def check_program(program: Path) -> None:
    """Raises UsageError where `game.env_path` names something that this machine cannot run."""
    if program.suffix == PACK:
        fault = why_not_a_pack(program)
    else:
        fault = why_not_a_program(program, f"export the game for Linux, {platform.machine()}")
    if fault is not None:
        what = "; it names the program of an exported game" if fault == "is not a file" else ""
        raise UsageError(f"game.env_path: {program} {fault}{what}")


def _source(launch: GameLaunch) -> tuple[Path, str | None]:
    """The project to run and the scene in it (None: its main scene)."""
    if launch.project is not None:
        if launch.scene is not None:
            check_scene(launch.project, launch.scene)
        return launch.project, launch.scene
    assert launch.scenario is not None  # exactly one source is given, and env_path is not it
    return OWN_PROJECT, find_scenario(launch.scenario).scene


def _arguments(launch: GameLaunch, port: int, token: str) -> list[str]:
    frames = ["--fixed-fps", str(launch.frames_per_s)]
    # A game with a speed of its own keeps to the wall clock, so its frames are as long as they take.
    paced = [] if launch.speed is not None else frames
    if launch.film is not None:
        drawn = ["--rendering-driver", "opengl3", "--audio-driver", "Dummy"]
        engine = [*frames, *drawn, *_film_arguments(launch.film)]
    elif launch.window:
        engine = _WINDOW
    elif launch.viz:
        engine = [*paced, *_WINDOW, "--disable-vsync"]
    elif _renderer(launch) == "none":
        engine = ["--headless", *paced, "--disable-render-loop"]
    else:
        engine = [*paced, *render_arguments(launch.render, launch.project)]
    stock, ours = _options(launch)
    stock, ours = [f"--port={port}", *stock], [f"--token={token}", *ours]
    if launch.http_port is not None:
        ours.append(f"--http_port={launch.http_port}")
    # A stock game reads its arguments only before the `--`, ours only after it.
    before = [] if launch.scenario or launch.unchanged else stock
    return [*engine, "--xr-mode", "off", *before, "--", *stock, *ours, *launch.extra_args]


def options_over_the_wire(launch: GameLaunch) -> list[str]:
    """What a game that a person starts is told of its launch when it connects; it has no other command line of ours.

    Without `--fixed-fps` a game keeps to the wall clock, and `max` is a clock that no machine can follow.
    """
    fast = [f"--speedup={_UNREACHED_SPEED}"] if launch.speed is None else []
    stock, ours = _options(replace(launch, viz=False))
    return [*stock, *ours, *fast, f"--viz={'max' if fast else '1'}"]


def _options(launch: GameLaunch) -> tuple[list[str], list[str]]:
    """The game's own options: those that a stock game reads as well, and ours."""
    stock = [f"--env_seed={launch.seed}"]
    if launch.action_repeat is not None:
        stock.append(f"--action_repeat={launch.action_repeat}")
    if launch.speed is not None:
        stock.append(f"--speedup={launch.speed:g}")
    ours = [f"--arenas={launch.arenas}"]
    if launch.physics_hz is not None or (launch.env_path is None and launch.attach is None):
        ours.append(f"--physics_hz={launch.frames_per_s}")
    if launch.unchanged is not None:
        ours.append(f"--unchanged={to_json(_how(launch, launch.unchanged))}")
    ours.append(f"--params={to_json(dict(launch.params))}")
    if launch.episode_steps is not None:
        ours.append(f"--episode_steps={launch.episode_steps}")
    if launch.tasks:
        ours.append(f"--tasks={to_json([_as_data(task) for task in launch.tasks])}")
    if launch.reward_scripts:
        scripts = [{"path": str(s.path), "policies": s.policies, "weight": s.weight} for s in launch.reward_scripts]
        ours.append(f"--reward_scripts={to_json(scripts)}")
    if launch.novelty is not None:
        ours.append(f"--novelty={to_json(asdict(launch.novelty))}")
    if launch.oracles:
        ours.append(f"--oracles={to_json({name: dict(keys) for name, keys in launch.oracles.items()})}")
    if launch.oracle_scripts:
        ours.append(f"--oracle_scripts={to_json([str(path) for path in launch.oracle_scripts])}")
    if launch.control != "policy":
        ours.append(f"--control={launch.control}")
    if launch.scripted:
        ours.append(f"--scripted={','.join(launch.scripted)}")
    if launch.nan_asks_script:
        ours.append("--nan_asks_script=1")
    if launch.in_game:
        ours.append(f"--policies={to_json({name: str(path.absolute()) for name, path in launch.in_game.items()})}")
    for switch in ("monitor", "observe_performance", "penalise_performance"):
        if getattr(launch, switch):
            ours.append(f"--{switch}=1")
    if launch.window or launch.film is not None:
        ours.append("--watched=1")
    if launch.viz:
        ours.append(f"--viz={'max' if launch.speed is None else '1'}")
    if launch.film is not None and not launch.film.by_engine:
        film = launch.film
        ours += [f"--film={film.folder.absolute()}", f"--film_every={film.every}"]
        ours += [f"--film_as_png={int(film.png)}", f"--film_overlay={int(film.overlay)}"]
    if launch.human is not None:
        ours.append(f"--human={launch.human}")
    if launch.player is not None:
        ours.append(f"--player={launch.player}")
    return stock, ours


def _film_arguments(film: Film) -> list[str]:
    if film.by_engine:  # in a window of the project's own size: in a smaller one, 2D games show a part of themselves
        return ["--write-movie", str(film.folder.absolute() / f"{MOVIE}.png")]
    width, height = film.size
    return ["--resolution", f"{width}x{height}", "--disable-render-loop"]


def _how(launch: GameLaunch, how: Unchanged) -> dict[str, Any]:
    """What the game has to know to be played unchanged."""
    name = launch.project.resolve().name if launch.project else ""
    return {
        "name": name,
        "watch": how.watch,
        "actions": how.actions,
        "clicks": how.clicks,
        "seconds": how.seconds,
        "ends_at_errors": launch.end_on_script_error,
    }


def _as_data(task: TaskLaunch) -> dict[str, Any]:
    return {"name": task.name, "scene": task.scene, "params": dict(task.params), "weight": task.weight}


def _listen_on(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if port:  # a port of a range may still be in TIME_WAIT after an earlier game
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
