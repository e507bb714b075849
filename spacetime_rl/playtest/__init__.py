"""Find what is broken in a build of a game, and whether it got worse."""
