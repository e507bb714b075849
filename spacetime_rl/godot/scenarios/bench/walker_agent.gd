class_name BenchWalkerAgent
extends RLAgent
## Turns to its goal and walks straight at it, and sidesteps whatever stops it.


func _heuristic(action: PackedFloat32Array) -> void:
	var walker := body as BenchWalker
	var away := (walker.goal.position - walker.position) * walker.basis
	var heading := atan2(away.x, -away.z)
	action[0] = clampf(1.0 - absf(heading), 0.0, 1.0)
	action[1] = 0.0
	action[2] = clampf(2.0 * heading, -1.0, 1.0)
	if walker.is_on_wall():
		var wall := walker.get_wall_normal() * walker.basis
		action[1] = 1.0 if wall.x >= 0.0 else -1.0


func _human(action: PackedFloat32Array) -> void:
	var walk := RLHuman.left_stick()
	action[0] = walk.y
	action[1] = walk.x
	action[2] = RLHuman.right_stick().x


func _purpose() -> String:
	return "Walk from goal to goal."


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
	]
