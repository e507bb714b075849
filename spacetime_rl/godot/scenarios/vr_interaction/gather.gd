class_name GatherObjective
extends InteractionObjective
## Everybody comes together round their common centre, without touching anybody.

# Not preloaded: these scenes need this script to load.
var _gatherer_scene: PackedScene = load("res://scenarios/vr_interaction/gatherer.tscn")

var _together_s := 0.0
var _gaps := PackedFloat32Array()
var _centre := Vector3.ZERO


func build() -> void:
	for i: int in params.players:
		arena.add_player(_gatherer_scene, &"gatherer", i)
	_gaps.resize(params.players)


func begin() -> void:
	for player: InteractionPlayer in arena.players:
		arena.place_player(player)
	_together_s = 0.0
	_measure()


func tick(delta: float) -> void:
	_measure_centre()
	for player: InteractionPlayer in arena.players:
		if player.is_touching() or player.global_position.distance_to(_centre) > params.gather_radius:
			_together_s = 0.0
			return
	_together_s += delta


func decide() -> void:
	_measure_centre()
	for i: int in arena.players.size():
		var player := arena.players[i]
		var gap := _gap_of(player)
		player.agent.add_reward(&"progress", params.reward_progress * (_gaps[i] - gap))
		_gaps[i] = gap
	if _together_s >= params.gather_s:
		for player: InteractionPlayer in arena.players:
			player.agent.add_reward(&"success", params.reward_success)
			player.agent.end(true)


func _measure() -> void:
	_measure_centre()
	for i: int in arena.players.size():
		_gaps[i] = _gap_of(arena.players[i])


## What a player still has to walk, in metres: nearer than half the radius is near enough.
func _gap_of(player: InteractionPlayer) -> float:
	return maxf(player.global_position.distance_to(_centre), 0.5 * params.gather_radius)


func _measure_centre() -> void:
	_centre = Vector3.ZERO
	for player: InteractionPlayer in arena.players:
		_centre += player.global_position
	_centre /= arena.players.size()
