extends SeededBug
## After the first five metres on foot the speed of who turns is divided by zero.


func _act(_delta: float) -> void:
	var player := (arena as NavigationArena).player
	if player.walked > 5.0 and absf(player.angular_velocity.y) > 0.2:
		player.velocity.x /= 0.0
		player.velocity.x -= player.velocity.x
