class_name TesterAgent
extends RLAgent
## Fills the room as fast as it can and throws what it drops about: what a tester does who has no idea yet.


func _heuristic(action: PackedFloat32Array) -> void:
	var room := arena as StressArena
	var filling := room.settings.goal == "break"
	# By the decision's number alone: frame times may not influence what is replayed.
	var angle := decisions * 2.4
	action[0] = 10.0 if filling else 0.0
	action[1] = cos(angle) if filling else 0.0
	action[2] = 0.5 if filling else 0.0
	action[3] = sin(angle) if filling else 0.0
	action[4] = 1.0 if filling else 0.0


func _human(action: PackedFloat32Array) -> void:
	var stick := RLHuman.left_stick()
	action[0] = 10.0 if RLHuman.button(0) else 0.0
	action[1] = stick.x
	action[2] = RLHuman.lift()
	action[3] = -stick.y
	action[4] = 1.0 if RLHuman.button(1) else 0.0


func _purpose() -> String:
	var room := arena as StressArena
	if room.settings.goal == "break":
		return "Find what makes a frame longer than 11.11 ms."
	return "Keep every frame within 11.11 ms."


func _controls() -> PackedStringArray:
	return [
		"space, pad A: drop ten bodies",
		"WASD, left stick: throw them, or the last one",
		"Q / E, triggers: throw down / up",
		"F, pad B: particles",
	]


func _readout() -> PackedStringArray:
	var room := arena as StressArena
	return [
		"bodies: %d of %d" % [room.bodies.used, room.settings.most_bodies],
		"frame: %.2f ms of 11.11" % RLMonitor.shared().physics_frame_time_ms,
		"frames over budget: %d" % room.over_budget,
	]
