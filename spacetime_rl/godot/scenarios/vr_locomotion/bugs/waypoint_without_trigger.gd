extends SeededBug
## The third waypoint does not notice who comes to it.


func _act(_delta: float) -> void:
	var place := arena as LocomotionArena
	place.settings.waypoint_radius = 0.0 if place.course.reached == 2 else 0.8
