"""The scripts of the guide's folder `rl_training`, for continuous integration: train, evaluate, compare."""
