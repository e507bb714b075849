extends SeededBug
## Gusts push the player, drawn from a generator that nobody seeds.


func _act(_delta: float) -> void:
	(arena as LocomotionArena).player.position.x += randf_range(-0.001, 0.001)
