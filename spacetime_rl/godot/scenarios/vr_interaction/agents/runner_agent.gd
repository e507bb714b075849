class_name RunnerAgent
extends RLAgent
## Runs straight away from the nearest chaser.


func _heuristic(action: PackedFloat32Array) -> void:
	InteractionPilot.run_by_rival(body as InteractionPlayer, -1.0, action)


func _human(action: PackedFloat32Array) -> void:
	InteractionPilot.walk_by_hand(action)


func _purpose() -> String:
	return (
		"Do not let a chaser come nearer than %.1f m until the time is over."
		% (body as InteractionPlayer).arena.settings.catch_radius
	)


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
	]
