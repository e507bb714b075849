class_name GiverAgent
extends RLAgent
## Fetches the object and brings it to the taker's hand.


func _heuristic(action: PackedFloat32Array) -> void:
	var player := body as InteractionPlayer
	var pair := player.hand_over
	var carrying := pair.holder == HandOver.Holder.GIVER
	var target := pair.taker.hand if carrying else pair.object.global_position
	InteractionPilot.reach_for(player, target, action)
	action[6] = 0.0 if carrying and pair.taker_is_ready() else 1.0


func _human(action: PackedFloat32Array) -> void:
	InteractionPilot.reach_by_hand(action)
	action[6] = 1.0 if RLHuman.button(0) else 0.0


func _purpose() -> String:
	return (
		"Fetch your object from its pedestal and hand it to %s."
		% (body as InteractionPlayer).hand_over.taker.agent.agent_name
	)


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
		"Z / C, shoulder buttons: hand left / right",
		"Q / E, triggers: hand down / up",
		"up / down arrow, right stick: hand ahead / back",
		"hold space, pad A: grip; let go to hand over",
	]


func _readout() -> PackedStringArray:
	var pair := (body as InteractionPlayer).hand_over
	var carrying := pair.holder == HandOver.Holder.GIVER
	var target := pair.taker.hand if carrying else pair.object.global_position
	var what := "the taker's hand" if carrying else "the object"
	return ["hand to %s: %.2f m" % [what, target.distance_to((body as InteractionPlayer).hand)]]
