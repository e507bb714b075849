extends SeededBug
## The goal keeps its distance from who comes near it.


func _act(_delta: float) -> void:
	var place := arena as NavigationArena
	var away := (place.goal.position - place.player.position) * Vector3(1.0, 0.0, 1.0)
	if away.length() < 1.2:
		place.goal.position += away.normalized() * (1.2 - away.length())
