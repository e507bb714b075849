"""Find out whether a build of a game got worse."""
