class_name RLTrack
extends RefCounted
## One agent's way through an episode: a row where it begins, after every decision, and where it ended.

## Floats of a row before its reward sums: tick, position, velocity.
const PLACE := 7

var _agent: RLAgent
var _terms: Array[StringName] = []
var _rows := PackedFloat32Array()
var _ending := ""
# Tick, position and velocity of the moment in which the episode ended for the agent.
var _last_place := PackedFloat32Array()


func _init(agent: RLAgent) -> void:
	_agent = agent
	for metric: StringName in agent.all_metric_names():
		if metric.begins_with("reward/"):
			_terms.append(metric.trim_prefix("reward/"))
	agent.episode_ended.connect(_on_episode_ended)


## The agent's episode begins.
func begin() -> void:
	_rows.clear()
	_ending = ""
	_write(_place())


## A decision is over; its rewards are paid.
func note_decision() -> void:
	if _ending != "":
		return
	if _agent.waiting:
		_rows.clear()  # its way begins where and when it wakes
		return
	if _agent.active:
		_write(_place())
		return
	_write(_last_place)
	_ending = "success" if _agent.success else ("truncated" if _agent.truncated else "terminated")


## The whole way, for JSON.
func to_dict() -> Dictionary:
	return {
		"name": String(_agent.agent_name),
		"policy": String(_agent.policy_name),
		"rewards": _terms,
		"moves": _agent.body is CharacterBody3D or _agent.body is RigidBody3D,
		"ending": _ending,
		"rows": Marshalls.raw_to_base64(_rows.to_byte_array()),
	}


func _on_episode_ended(_success: bool) -> void:
	_last_place = _place()


func _write(place: PackedFloat32Array) -> void:
	_rows.append_array(place)
	var reported := RLAgent.COMMON_METRICS.size()
	_rows.append_array(_agent.metrics_vector().slice(reported, reported + _terms.size()))


func _place() -> PackedFloat32Array:
	var arena := _agent.arena
	var at := arena.to_local(_agent.body.global_position) + arena._origin()
	var moving := Vector3.ZERO
	if _agent.body is CharacterBody3D:
		moving = (_agent.body as CharacterBody3D).velocity
	elif _agent.body is RigidBody3D:
		moving = (_agent.body as RigidBody3D).linear_velocity
	return PackedFloat32Array([arena.ticks, at.x, at.y, at.z, moving.x, moving.y, moving.z])
