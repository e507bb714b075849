class_name CrewWalkerAgent
extends RLAgent
## Fetches the stranded crew: the scripted one walks straight to where it has to go and slides along what is in the way.


func _heuristic(action: PackedFloat32Array) -> void:
	var walker := body as CrewWalker
	var to := walker.global_basis.transposed() * (walker.zone.walkers_goal() - walker.global_position)
	var pace := Vector2(to.x, -to.z).normalized()
	action[0] = pace.x
	action[1] = pace.y
	action[2] = clampf(2.0 * atan2(to.x, -to.z), -1.0, 1.0)
	action[3] = 1.0


## Left stick: walk; right stick: turn; first button: take the stranded crew along.
func _human(action: PackedFloat32Array) -> void:
	var stick := RLHuman.left_stick()
	action[0] = stick.x
	action[1] = stick.y
	action[2] = RLHuman.right_stick().x
	action[3] = 1.0 if RLHuman.button(0) else 0.0


func _purpose() -> String:
	return "After the landing: walk to the stranded crew, take them along, and bring them aboard."


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
		"hold space, pad A: take the crew along",
	]


func _readout() -> PackedStringArray:
	var walker := body as CrewWalker
	return ["distance to walk: %.1f m" % walker.global_position.distance_to(walker.zone.walkers_goal())]
