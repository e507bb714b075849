"""The errors that a user can see, each with the exit code of its command."""

from __future__ import annotations

from collections.abc import Sequence


class SpacetimeError(Exception):
    """A failure that the user can act on; its message has where, what was found, what was expected and what to do."""

    exit_code = 3
    can_pass = False  # whether a further attempt may succeed

    @property
    def headline(self) -> str:
        """The first line of the message, without the announcement of the log that follows it."""
        return str(self).partition("\n")[0].removesuffix("; its log ends:")


class GateError(SpacetimeError):
    """A requested check failed, such as a gate or the doctor."""

    exit_code = 1


class UsageError(SpacetimeError):
    """The command or its input is wrong."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration with mistakes; all of them are listed at once in `problems`."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))

    def __reduce__(self) -> tuple[type[ConfigError], tuple[list[str]]]:
        return type(self), (self.problems,)


class ContractError(ConfigError):
    """The configuration and the game disagree about agents, policies, spaces or parameters."""


class RunExistsError(UsageError):
    """A run of that id exists already, and neither --resume nor --force was given."""


class ResumeError(UsageError):
    """A run cannot be resumed as requested."""


class CheckpointError(UsageError):
    """A folder is not a checkpoint, or not one that this version can read."""


class EpisodeError(UsageError):
    """A file is not a recorded episode, or not one that this version can read or that can be used as requested."""


class RecordingError(SpacetimeError):
    """A recorded episode could not be written."""


class ExportError(SpacetimeError):
    """A policy could not be exported, or the exported file computes other outputs than the network."""


class GameError(SpacetimeError):
    """The game process, or a message of the game, is at fault.

    `fault` says in a few words what went wrong, the same ones whenever the same happens: `script_error:res://a.gd:12`.
    """

    can_pass = True
    fault = ""


class GameApiError(GameError):
    """A game's HTTP API cannot be reached, or refuses a request; `status` is that of the answer, None without one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class GameTcpError(GameError):
    """A game that listens cannot be reached, or refuses a request; `code` is the refusal's, if it is one."""

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.code = code


class GodotNotFound(GameError):
    """No usable Godot binary."""

    can_pass = False


class GodotTooOld(GameError):
    """The Godot binary is older than this package needs."""

    can_pass = False


class ImportFailed(GameError):
    """Godot could not import the project."""

    can_pass = False


class RendererMissing(GameError):
    """A game's cameras need a renderer that this machine does not have."""


class LaunchError(GameError):
    """The game ended before it connected."""


class NoGameCame(GameError):
    """The user stopped the command while it waited for a game that somebody starts."""

    can_pass = False


class LaunchTimeout(GameError):
    """The game did not connect within the launch timeout."""


class HandshakeError(GameError):
    """The game connected, but its handshake was not as expected."""


class StepTimeout(GameError):
    """The game did not answer within the step deadline."""


class GameDied(GameError):
    """The game process ended in the middle of an episode."""


class GameClosed(GameDied):
    """The game ended by itself without a fault: a person closed its window."""


class ScriptError(GameDied):
    """A script of the game failed, and the configuration ends a game in this case."""


class ProtocolError(GameError):
    """The game sent a frame that violates the wire protocol."""


class ObservationError(GameError):
    """The game sent a number that is not finite."""


class MissingImage(ObservationError):
    """The game sent null in place of an image, because it has no renderer."""


class RestartsExhausted(GameError):
    """Games failed more times than the configuration allows restarts."""


class WorkerLost(SpacetimeError):
    """A process that plays for a playtest, or its node, is gone; another one may play its episode."""

    can_pass = True


class RewardHookError(SpacetimeError):
    """A user's reward function failed, or returned an invalid reward."""


class UserCodeError(SpacetimeError):
    """An unexpected exception; `trace` has the lines of code that led to it, the user's own lines if there are any."""

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message, trace)
        self.trace = trace

    def __str__(self) -> str:
        return str(self.args[0])


class RunnersLost(SpacetimeError):
    """The processes that play the games died and did not come back."""


class LearnersLost(SpacetimeError):
    """Processes that learn have died."""


class ActionError(SpacetimeError, ValueError):
    """A policy or a program chose an invalid action; the game is not at fault."""


class ClusterError(SpacetimeError):
    """A cluster does not answer, or answers in an unexpected way."""


class TrackingError(SpacetimeError):
    """The MLflow server that should record runs does not answer."""


class RayStartError(SpacetimeError):
    """Ray does not start on this machine."""


class JobFailed(SpacetimeError):
    """A job on a cluster ended with an error."""


class NothingLearned(SpacetimeError):
    """No update of a run changed any policy."""


class TrialFailed(SpacetimeError):
    """Training ended with an error."""


class TrialLost(TrialFailed):
    """The training process or its node is gone; training may continue from a checkpoint."""
