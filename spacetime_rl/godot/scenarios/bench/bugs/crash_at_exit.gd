extends SeededBug
## The game crashes when its scene is taken down.


func _exit_tree() -> void:
	OS.crash("a resource that was freed twice")
