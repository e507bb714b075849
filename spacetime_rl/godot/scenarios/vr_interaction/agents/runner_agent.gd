class_name RunnerAgent
extends RLAgent
## Runs straight away from the nearest chaser.


func _heuristic(action: PackedFloat32Array) -> void:
	var player := body as InteractionPlayer
	var rival := InteractionPilot.nearest_rival(player)
	if rival.is_finite():
		InteractionPilot.walk_along(-rival, 0.0, action)


func _human(action: PackedFloat32Array) -> void:
	InteractionPilot.walk_by_hand(action)
