extends SeededBug
## To pick up the crew warns of a node that is not ready.


func _act(_delta: float) -> void:
	if (arena as CrewZone).has_picked_up():
		push_warning("the crew's node is not ready")
