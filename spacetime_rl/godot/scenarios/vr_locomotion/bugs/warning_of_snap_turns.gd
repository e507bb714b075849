extends SeededBug
## The fifth snap turn of an episode warns of a missing animation.


func _act(_delta: float) -> void:
	if (arena as LocomotionArena).player.agent.get_metric(&"snap_turns") == 5.0:
		push_warning("the animation 'snap_turn_5' is missing")
