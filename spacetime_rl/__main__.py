"""The command: signals are handled before anything else is loaded. Also `python -m spacetime_rl`, as on a cluster."""

from spacetime_rl.host import signals


def main() -> None:
    """The console script: run the command, end with its exit code."""
    signals.listen()
    try:
        from spacetime_rl.cli.app import main as run
    except KeyboardInterrupt:
        raise SystemExit(signals.exit_code()) from None
    run()


if __name__ == "__main__":
    main()
