extends SeededBug
## A dash in a hard turn divides the speed of the drone that follows by zero.


func _act(_delta: float) -> void:
	var here := arena as BugArena
	if here.player.is_dashing() and absf(here.player.yaw_rate) > 2.0:
		here.drone.velocity = Vector3.ONE / (here.drone.velocity - here.drone.velocity)
