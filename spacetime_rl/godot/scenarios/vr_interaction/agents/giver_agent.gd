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
