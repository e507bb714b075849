class_name ReproducerAgent
extends RLAgent
## Does what is known to make the wanted bug happen.


func _heuristic(action: PackedFloat32Array) -> void:
	var here := arena as BugArena
	action.fill(0.0)
	match here.settings.bug:
		"chunk_race":  # to and fro over a border of chunks
			var way := Vector3(-signf(body.position.x), 0.0, 0.0) * body.basis
			action[0] = clampf(way.x, -1.0, 1.0)
			action[1] = clampf(-way.z, -1.0, 1.0)
		"dash_through_wall":
			_go(action, here.wall.position)
			var wall_is_near := absf(body.position.x - here.wall.position.x) < 1.2
			action[3] = BugPlayer.Deed.DASH if wall_is_near and _faces(here.wall.position) else 0
		"trapped_in_pillar":
			_go(action, here.pillar.position)
			action[2] = 1.0 if _distance(here.pillar.position) < 1.0 else action[2]
		"speed_without_end":
			action[2] = 1.0
			action[3] = BugPlayer.Deed.DASH
		"dead_button":
			_go(action, here.panel.position)
			action[3] = BugPlayer.Deed.PRESS if (body as BugPlayer).reaches_panel() and decisions % 2 == 0 else 0


func _human(action: PackedFloat32Array) -> void:
	var stick := RLHuman.left_stick()
	action[0] = stick.x
	action[1] = stick.y
	action[2] = RLHuman.right_stick().x
	action[3] = BugPlayer.Deed.NOTHING
	if Input.is_physical_key_pressed(KEY_SPACE):
		action[3] = BugPlayer.Deed.DASH
	elif Input.is_physical_key_pressed(KEY_E):
		action[3] = BugPlayer.Deed.PRESS


func _purpose() -> String:
	return "Make the bug happen: %s." % (arena as BugArena).settings.bug.replace("_", " ")


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
		"space: dash",
		"E: press the button",
	]


func _readout() -> PackedStringArray:
	return ["turns at %.1f rad/s" % (body as BugPlayer).yaw_rate]


# Turn to a place and walk there.
func _go(action: PackedFloat32Array, to: Vector3) -> void:
	var angle := _angle_to(to)
	action[1] = 1.0 if absf(angle) < 0.8 else 0.0
	action[2] = clampf(-2.0 * angle, -1.0, 1.0)


func _angle_to(to: Vector3) -> float:
	var away := (to - body.position) * body.basis
	return atan2(-away.x, -away.z)


func _faces(to: Vector3) -> bool:
	return absf(_angle_to(to)) < 0.5


func _distance(to: Vector3) -> float:
	return Vector2(to.x - body.position.x, to.z - body.position.z).length()
