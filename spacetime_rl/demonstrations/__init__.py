"""Recorded behaviour as arrays that policies learn from, compared with the game before anything is learned."""
