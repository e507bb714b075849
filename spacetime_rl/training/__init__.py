"""Train a configuration and publish the results. Read `run.py` first."""
