class_name TakerAgent
extends RLAgent
## Waits for the giver, looks at the object and reaches for it when it comes.


func _heuristic(action: PackedFloat32Array) -> void:
	var player := body as InteractionPlayer
	var pair := player.hand_over
	InteractionPilot.reach_for(player, pair.object.global_position, action)
	action[0] = 0.0
	action[1] = 0.0
	action[6] = 1.0 if pair.holder != HandOver.Holder.NOBODY else -1.0


func _human(action: PackedFloat32Array) -> void:
	InteractionPilot.reach_by_hand(action)
	action[6] = 1.0 if RLHuman.button(0) else -1.0


func _purpose() -> String:
	return (
		"Take the object that %s brings you, and keep it."
		% (body as InteractionPlayer).hand_over.giver.agent.agent_name
	)


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
		"Z / C, shoulder buttons: hand left / right",
		"Q / E, triggers: hand down / up",
		"up / down arrow, right stick: hand ahead / back",
		"hold space, pad A: grip",
	]


func _readout() -> PackedStringArray:
	var pair := (body as InteractionPlayer).hand_over
	var away := pair.object.global_position.distance_to((body as InteractionPlayer).hand)
	return ["hand to the object: %.2f m" % away]
