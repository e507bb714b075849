"""Measure the throughput of games, sampling and training, beside that of other libraries."""
