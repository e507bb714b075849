extends SeededBug
## The spin of a motorcycle that lands from a jump is divided by zero.

var _was_up := false


func _begin() -> void:
	_was_up = false


func _act(_delta: float) -> void:
	var bike := (arena_2d as MotorcycleArena).bike
	var up := arena_2d.ticks > 5 and not bike.touches(bike.rear) and not bike.touches(bike.front)
	if _was_up and not up:
		bike.rear.angular_velocity /= 0.0
	_was_up = up
