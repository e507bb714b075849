"""Inspect a game before training: play random episodes, compute statistics of its data, and report problems."""
