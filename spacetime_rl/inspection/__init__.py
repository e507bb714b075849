"""Look at a game before it is trained: random episodes, the statistics of what it sends, and what looks wrong."""
