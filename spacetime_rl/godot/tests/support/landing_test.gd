class_name LandingTest
extends RLTest
## Landing zones to try things in, alone and in a game of their own.

const ARENA: PackedScene = preload("res://scenarios/spacecraft_landing/arena.tscn")
const SCENE := "res://scenarios/spacecraft_landing/spacecraft_landing.tscn"
const TICK := 1.0 / 90.0
## Observation floats, then episode, return, length, success.
const SEEN := 15


## Let an arena run with one action held.
func fly(zone: LandingZone, action: PackedFloat32Array, ticks: int) -> void:
	zone.crafts[0].agent.act(action, 0)
	for tick: int in ticks:
		await get_tree().physics_frame
		zone.core.advance(TICK)


## What an agent was paid under a name so far.
func paid(agent: RLAgent, reward: String) -> float:
	return agent.metrics_vector()[agent.all_metric_names().find(StringName("reward/" + reward))]


## What agent 0 sees in a game of its own, one action held.
func play(params: Dictionary, decisions: int) -> Array[PackedFloat32Array]:
	var game := ChildGame.new(params, [], SCENE)
	game.reset(3)
	var seen := watch(game, decisions, 0)
	game.stop()
	return seen


## What an agent sees in the next decisions, one action held.
func watch(game: ChildGame, decisions: int, agent: int) -> Array[PackedFloat32Array]:
	var seen: Array[PackedFloat32Array] = []
	var actions := PackedFloat32Array()
	actions.resize(game.action_size())
	actions.fill(0.05)
	for decision: int in decisions:
		seen.append(game.observations[agent])
		game.step(actions)
	return seen


## A zone in a world of its own, in its first episode.
func make_zone(values: Dictionary, scene: PackedScene = ARENA) -> LandingZone:
	var zone := build_arena(scene, values) as LandingZone
	zone.core.begin_episode()
	return zone
