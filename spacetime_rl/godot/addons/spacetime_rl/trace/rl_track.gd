class_name RLTrack
extends RefCounted
## One agent's way through an episode: a row where it begins, after every decision, and where it ended.

## Floats of a row before its reward sums: tick, position, velocity.
const PLACE := 7

var _agent: RLAgent
var _terms: Array[StringName] = []
var _rows := PackedFloat32Array()
# One for each row: what the decision before it paid.
var _rewards := PackedFloat32Array()
# One for each row, where observations are recorded.
var _observations := PackedFloat32Array()
# One for each row but the first.
var _actions := PackedFloat32Array()
# The action of the decision that is not over yet.
var _action := PackedFloat32Array()
var _ending := ""
# Tick, position and velocity of the moment in which the episode ended for the agent.
var _last_place := PackedFloat32Array()


func _init(agent: RLAgent) -> void:
	_agent = agent
	for metric: StringName in agent.all_metric_names():
		if metric.begins_with("reward/"):
			_terms.append(metric.trim_prefix("reward/"))
	agent.episode_ended.connect(_on_episode_ended)


## The agent's episode begins. The way of one that waits begins where and when it wakes.
func begin() -> void:
	_rows.clear()
	_rewards.clear()
	_observations.clear()
	_actions.clear()
	_action.clear()
	_ending = ""
	if _agent.active:
		_write(_place(), 0.0)


## The agent sees this, and acts on it next.
func note_observation(observation: PackedFloat32Array) -> void:
	_observations.append_array(observation)


## The agent, which is active, does this next.
func note_action(action: PackedFloat32Array) -> void:
	_action = action


## A decision is over; its rewards are paid.
func note_decision(with_observations: bool) -> void:
	if _ending != "" or _agent.waiting:
		return
	_actions.append_array(_action)
	_action.clear()
	if _agent.active:
		_write(_place(), _agent.ledger.reward)
		return
	_write(_last_place, _agent.ledger.reward)
	if with_observations:
		_observations.append_array(_agent.final_observation)
	_ending = "success" if _agent.success else ("truncated" if _agent.truncated else "terminated")


## The whole way, for JSON.
func to_dict(with_observations: bool) -> Dictionary:
	var way := {
		"name": String(_agent.agent_name),
		"policy": String(_agent.policy_name),
		"rewards": _terms,
		"moves": _agent.arena_core.space.moves(_agent.get_parent()),
		"ending": _ending if _ending != "" else "running",
		"rows": _encoded(_rows),
		"decision_rewards": _encoded(_rewards),
		"actions": _encoded(_actions),
	}
	if with_observations:
		way["observations"] = _encoded(_observations)
	return way


func _on_episode_ended(_success: bool) -> void:
	_last_place = _place()


func _write(place: PackedFloat32Array, reward: float) -> void:
	_rows.append_array(place)
	var reported := RLAgent.COMMON_METRICS.size()
	_rows.append_array(_agent.metrics_vector().slice(reported, reported + _terms.size()))
	_rewards.append(reward)


func _place() -> PackedFloat32Array:
	var arena := _agent.arena_core
	var at := arena.space.place_of(_agent.get_parent(), arena.root)
	var moving := arena.space.velocity_of(_agent.get_parent())
	return PackedFloat32Array([arena.ticks, at.x, at.y, at.z, moving.x, moving.y, moving.z])


func _encoded(floats: PackedFloat32Array) -> String:
	# An agent that never began has no actions, and the engine refuses to encode nothing.
	return Marshalls.raw_to_base64(floats.to_byte_array()) if not floats.is_empty() else ""
