extends SeededBug
## A walker that stands at a wall trembles.


func _act(_delta: float) -> void:
	for walker: BenchWalker in (arena as BenchArena).walkers:
		if walker.get_slide_collision_count() > 0:
			walker.position.x += 0.01 if arena.ticks % 2 == 0 else -0.01
