"""How many runners, games, arenas and agent steps a run gets where its configuration leaves that open."""
