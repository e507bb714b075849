extends SeededBug
## A chunk that is being made is begun again when the player comes back to it.


func _begin() -> void:
	(arena as BugArena).chunks.is_guarded = false
