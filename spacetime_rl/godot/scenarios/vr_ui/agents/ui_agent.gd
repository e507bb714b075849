class_name UiAgent
extends RLAgent
## Points the right hand at the next element, and presses when it is there; drags sliders to their wanted value.

# A share of the element's size that is well inside it.
const _SURE := 0.6


func _heuristic(action: PackedFloat32Array) -> void:
	var user := body as UiUser
	var target := user.arena.course.target
	var off := user.turn_to(RLXRPlayer.Hand.RIGHT, user.arena.target_point())
	var reach := deg_to_rad(user.arena.settings.pointing_speed_deg) * decision_s()
	action.fill(0.0)
	action[2] = clampf(off.x / reach, -1.0, 1.0)
	action[3] = clampf(off.y / reach, -1.0, 1.0)
	# By the right trigger, or the grip where that drags.
	var drags := 4
	var closed := 2.0
	if user.grip_drags() and target.kind == MenuElement.Kind.SLIDER:
		drags = 5
		closed = 1.0
	var pixels := user.pointers[RLXRPlayer.Hand.RIGHT]
	var away := (pixels - target.point()).abs()
	if target.is_dragged():
		action[drags] = 0.0 if absf(target.value() - target.wanted) < _SURE * target.tolerance else closed
	elif not user.pressing and target.is_enabled() and away.x < 15.0 and away.y < 15.0:
		action[drags] = closed


func _human(action: PackedFloat32Array) -> void:
	var left := RLHuman.left_stick()
	var right := RLHuman.right_stick()
	action[0] = left.x
	action[1] = left.y
	action[2] = right.x
	action[3] = right.y
	action[4] = 2.0 if RLHuman.button(0) else float(RLHuman.lift() < -0.5)
	action[5] = float(RLHuman.button(1))


## Seconds of game time that a decision lasts.
func decision_s() -> float:
	var bridge := get_tree().get_first_node_in_group(RLOptions.BRIDGE_GROUP) as RLBridge
	return RLGameTime.seconds_in(bridge.action_repeat)


func _purpose() -> String:
	return "Work the menu: press and drag what is marked, in order."


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: point with the left hand",
		"arrows, right stick: point with the right hand",
		"hold space, pad A: trigger of the right hand",
		"hold Q, left trigger: trigger of the left hand",
		"hold F, pad B: %s" % ("drag a slider" if (body as UiUser).grip_drags() else "steady hand"),
	]
