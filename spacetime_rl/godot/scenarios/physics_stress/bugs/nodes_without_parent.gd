extends SeededBug
## A sound is made for every tenth tick, never added to the tree, and never freed.


func _act(_delta: float) -> void:
	if arena.ticks % 10 == 0:
		AudioStreamPlayer3D.new()
