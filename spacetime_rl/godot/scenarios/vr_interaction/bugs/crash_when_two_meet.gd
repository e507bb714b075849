extends SeededBug
## The game crashes when two players stand next to each other.


func _act(_delta: float) -> void:
	var players := (arena as InteractionArena).players
	for i: int in players.size():
		for other: int in i:
			if players[i].position.distance_to(players[other].position) < 0.75:
				OS.crash("a physics callback of a body that is gone")
