class_name GathererAgent
extends RLAgent
## Walks towards the middle of its nearest fellows and keeps its distance from each.

const APART := 0.8


func _heuristic(action: PackedFloat32Array) -> void:
	var player := body as InteractionPlayer
	var middle := Vector3.ZERO
	for other: InteractionPlayer in player.arena.players:
		middle += other.global_position / player.arena.players.size()
	InteractionPilot.walk_along(player.to_own_frame(middle - player.global_position), APART, action)


func _human(action: PackedFloat32Array) -> void:
	InteractionPilot.walk_by_hand(action)


func _purpose() -> String:
	return (
		"Come together with all others, within %.1f m of your common middle, without touching."
		% (body as InteractionPlayer).arena.settings.gather_radius
	)


func _controls() -> PackedStringArray:
	return [
		"W A S D, left stick: walk",
		"left / right arrow, right stick: turn",
	]
