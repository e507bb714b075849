class_name ChaserAgent
extends RLAgent
## Runs straight at the nearest runner.


func _heuristic(action: PackedFloat32Array) -> void:
	InteractionPilot.run_by_rival(body as InteractionPlayer, 1.0, action)


func _human(action: PackedFloat32Array) -> void:
	InteractionPilot.walk_by_hand(action)


func _purpose() -> String:
	return "Catch every runner: come nearer than %.1f m." % (body as InteractionPlayer).arena.settings.catch_radius


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
	]
