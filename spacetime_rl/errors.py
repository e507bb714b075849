"""The errors a user can meet, each with the exit code its command ends with."""

from __future__ import annotations

from collections.abc import Sequence


class SpacetimeError(Exception):
    """Something failed that the user can act on; its message says where, what, what was expected and what to do."""

    exit_code = 3
    can_pass = False  # whether the same, tried again, may succeed


class GateError(SpacetimeError):
    """A check that was asked for did not hold (a regression, a failed doctor)."""

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
    """A run of that id is already there and neither --resume nor --force was given."""


class ResumeError(UsageError):
    """A run cannot be resumed as asked."""


class CheckpointError(UsageError):
    """A folder is no checkpoint, or one that this version cannot read."""


class ExportError(SpacetimeError):
    """A policy could not be exported, or the exported file does not compute what the network does."""


class GameError(SpacetimeError):
    """The game process, or what it says, is at fault."""

    can_pass = True


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


class LaunchTimeout(GameError):
    """The game did not connect in time."""


class HandshakeError(GameError):
    """The game connected but did not introduce itself as expected."""


class StepTimeout(GameError):
    """The game did not answer within the step deadline."""


class GameDied(GameError):
    """The game process ended in the middle of an episode."""


class GameClosed(GameDied):
    """The game ended by itself without a fault: whoever sat before its window closed it."""


class ScriptError(GameDied):
    """A script of the game failed, and the configuration ends a game for that."""


class ProtocolError(GameError):
    """The game sent a frame that breaks the wire's rules."""


class ObservationError(GameError):
    """The game sent a number that is not finite."""


class MissingImage(ObservationError):
    """The game sent nothing in place of an image: it has no renderer."""


class RestartsExhausted(GameError):
    """Games failed more often than the configuration lets them be restarted."""


class RewardHookError(SpacetimeError):
    """A user's reward function failed, or its answer is no reward."""


class UserCodeError(SpacetimeError):
    """An exception that a run does not expect; `trace` holds the lines of code that led to it, the user's where any."""

    def __init__(self, message: str, trace: str = "") -> None:
        super().__init__(message, trace)
        self.trace = trace

    def __str__(self) -> str:
        return str(self.args[0])


class RunnersLost(SpacetimeError):
    """The processes that play the games died and did not come back."""


class ActionError(SpacetimeError, ValueError):
    """A policy, or a program, chose an action that the game does not take: the fault is theirs, not the game's."""


class ClusterError(SpacetimeError):
    """A cluster does not answer, or not as expected."""


class TrackingError(SpacetimeError):
    """MLflow does not answer where runs are to be recorded."""


class RayStartError(SpacetimeError):
    """Ray does not start on this machine."""


class JobFailed(SpacetimeError):
    """A job on a cluster ended with an error."""


class NothingLearned(SpacetimeError):
    """No update of a run changed any policy."""


class TrialFailed(SpacetimeError):
    """Training ended with an error."""


class TrialLost(TrialFailed):
    """The process that trained is gone, or its node: training may go on from a checkpoint."""
