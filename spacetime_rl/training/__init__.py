"""From a configuration to a trained, checkpointed run. Read `run.py` first."""
