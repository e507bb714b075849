extends SeededBug
## The game quits when two craft come nearer than 40 m.


func _act(_delta: float) -> void:
	var crafts := (arena as LandingZone).crafts
	for i: int in crafts.size():
		for other: int in i:
			if crafts[i].global_position.distance_to(crafts[other].global_position) < 40.0 and crafts[i].agent.active:
				get_tree().quit(3)
