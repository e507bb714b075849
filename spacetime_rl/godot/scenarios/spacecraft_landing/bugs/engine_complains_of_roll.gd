extends SeededBug
## A craft that has turned over takes a node from a parent that it does not have.


func _act(_delta: float) -> void:
	for craft: Spacecraft in (arena as LandingZone).crafts:
		if craft.global_basis.y.y < 0.5:
			remove_child(craft)
