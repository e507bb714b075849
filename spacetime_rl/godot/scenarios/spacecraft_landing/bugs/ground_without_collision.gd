extends SeededBug
## Who comes down faster than 8 m/s falls through the ground.


func _act(_delta: float) -> void:
	for craft: Spacecraft in (arena as LandingZone).crafts:
		var is_fast := craft.linear_velocity.y < -8.0
		craft.collision_mask = 0 if is_fast else 3
		craft.collision_layer = 0 if is_fast else 2
