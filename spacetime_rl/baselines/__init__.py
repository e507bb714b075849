"""Trained policies that come with the package, how good they are, and how they are made again."""
