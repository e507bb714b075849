"""Turns a running game into training data: the batched env runner and the episodes that it samples."""
