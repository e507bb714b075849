extends SeededBug
## Below nine tenths of its fuel a craft that rolls has a speed that is no number.


func _act(_delta: float) -> void:
	for craft: Spacecraft in (arena as LandingZone).crafts:
		if craft.fuel < 0.9 * craft.settings.fuel and absf(craft.angular_velocity.z) > 0.1:
			craft.linear_velocity.z /= 0.0
