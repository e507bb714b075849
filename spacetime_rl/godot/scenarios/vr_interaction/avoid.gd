class_name AvoidObjective
extends InteractionObjective
## Chasers catch runners; a runner that is caught leaves the room, the others go on.

var chasers: Array[InteractionPlayer] = []
var runners: Array[InteractionPlayer] = []

# Not preloaded: these scenes need this script to load.
var _chaser_scene: PackedScene = load("res://scenarios/vr_interaction/chaser.tscn")
var _runner_scene: PackedScene = load("res://scenarios/vr_interaction/runner.tscn")

var _gaps := PackedFloat32Array()


func build() -> void:
	var chaser_count := maxi(1, params.players >> 2)
	for i: int in chaser_count:
		chasers.append(arena.add_player(_chaser_scene, &"chaser", i))
	for i: int in params.players - chaser_count:
		runners.append(arena.add_player(_runner_scene, &"runner", i))
	_gaps.resize(chaser_count)


func begin() -> void:
	for player: InteractionPlayer in arena.players:
		arena.place_player(player)
	_measure()


func tick(_delta: float) -> void:
	for chaser: InteractionPlayer in chasers:
		if not chaser.agent.active:
			continue
		for runner: InteractionPlayer in runners:
			if runner.agent.active and _distance(chaser, runner) < params.catch_radius:
				_catch(chaser, runner)


func decide() -> void:
	for i: int in chasers.size():
		if not chasers[i].agent.active:
			continue
		var gap := _nearest_gap(chasers[i])
		chasers[i].agent.add_reward(&"progress", params.reward_progress * (_gaps[i] - gap))
		_gaps[i] = gap


func time_out() -> void:
	for runner: InteractionPlayer in runners:
		if runner.agent.active:
			runner.agent.add_reward(&"success", params.reward_success)
			runner.agent.end(true, false)


func _catch(chaser: InteractionPlayer, runner: InteractionPlayer) -> void:
	chaser.agent.add_reward(&"catch", params.reward_catch)
	chaser.agent.add_metric(&"catches", 1.0)
	runner.agent.add_reward(&"caught", params.reward_caught)
	runner.agent.end(false)
	runner.leave()
	if runners.any(func(other: InteractionPlayer) -> bool: return other.agent.active):
		_measure()
		return
	for each: InteractionPlayer in chasers:
		each.agent.add_reward(&"success", params.reward_success)
		each.agent.end(true)


func _measure() -> void:
	for i: int in chasers.size():
		_gaps[i] = _nearest_gap(chasers[i])


func _distance(one: InteractionPlayer, other: InteractionPlayer) -> float:
	return one.global_position.distance_to(other.global_position)


func _nearest_gap(chaser: InteractionPlayer) -> float:
	var nearest := INF
	for runner: InteractionPlayer in runners:
		if runner.agent.active:
			nearest = minf(nearest, _distance(chaser, runner))
	return 0.0 if nearest == INF else nearest
