"""One night: train, evaluate, compare with the last night, playtest, and one report of it all."""
