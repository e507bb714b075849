"""Chooses the numbers of runners, games and arenas and the batch sizes that a configuration leaves `auto`."""
