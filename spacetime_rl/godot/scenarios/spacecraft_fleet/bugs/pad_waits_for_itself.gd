extends SeededBug
## The game waits for ever when a craft is within 30 m of the ground.


func _act(_delta: float) -> void:
	for craft: Spacecraft in (arena as LandingZone).crafts:
		while craft.agent.active and craft.global_position.y - craft.ground.global_position.y < 30.0:
			OS.delay_msec(10)
