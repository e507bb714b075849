class_name RunnerAgent
extends RLAgent
## Runs straight away from the nearest chaser.


func _heuristic(action: PackedFloat32Array) -> void:
	InteractionPilot.run_by_rival(body as InteractionPlayer, -1.0, action)


func _human(action: PackedFloat32Array) -> void:
	InteractionPilot.walk_by_hand(action)
