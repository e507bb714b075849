"""Recorded episodes: write them, read them, play them again, and hand them to other programs."""
