"""Evaluate policies on seeded episodes. A seed gives every player the same episodes, on any number of games."""
