extends SeededBug
## The sound that is to be heard near the goal was never loaded.

var _sound: AudioStreamPlayer3D


func _act(_delta: float) -> void:
	if (arena as NavigationArena).goal_distance() < 3.0:
		_sound.play()
