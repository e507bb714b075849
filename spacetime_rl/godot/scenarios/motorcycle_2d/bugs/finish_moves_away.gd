extends SeededBug
## The finish keeps 5 m away from who comes near it.

const _KEEPS_PX := 500.0


func _act(_delta: float) -> void:
	var place := arena_2d as MotorcycleArena
	place.track.finish = maxf(place.track.finish, place.bike.position.x + _KEEPS_PX)
