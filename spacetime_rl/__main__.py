"""`python -m spacetime_rl`: the command where there is no console script, as on a cluster's nodes."""

from spacetime_rl.cli.app import main

if __name__ == "__main__":
    main()
