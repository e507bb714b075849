"""Judge policies on seeded episodes: a seed gives the same episodes, whoever plays them, on however many games."""
