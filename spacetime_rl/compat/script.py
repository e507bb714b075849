"""What the scripts have in common: their arguments, and errors as one line on stderr."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable

from spacetime_rl.errors import ConfigError, SpacetimeError
from spacetime_rl.host import signals

FAILED = 1


def parser(name: str, what: str, example: str) -> argparse.ArgumentParser:
    """A parser whose help ends with an example."""
    return argparse.ArgumentParser(
        prog=name,
        description=what,
        epilog=f"example: python {name} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """An argument's type: a whole number from `least` to `most`."""
    limits = f"from {least} to {most}" if most is not None else f"from {least}"

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if number < least or (most is not None and number > most):
            raise argparse.ArgumentTypeError(f"expected a whole number {limits}, found {text!r}")
        return number

    return read


def run(work: Callable[[], int | None]) -> int:
    """Do a script's work; the exit code is 0, 1 after an error, or that of the signal that stopped it."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s: %(message)s")
    logging.captureWarnings(True)
    signals.listen()
    try:
        return work() or 0
    except KeyboardInterrupt:
        warn(f"stopped by {signals.name()}")
        return signals.exit_code()
    except SpacetimeError as error:
        return fail("\n  ".join(error.problems) if isinstance(error, ConfigError) else str(error))
    except OSError as error:
        return fail(str(error))
    finally:
        signals.finish()


def fail(message: str) -> int:
    """Print an error to stderr; returns the exit code."""
    print(f"ERROR: {message}", file=sys.stderr, flush=True)
    return FAILED


def warn(message: str) -> None:
    """Print a warning to stderr."""
    print(f"WARNING: {message}", file=sys.stderr, flush=True)
