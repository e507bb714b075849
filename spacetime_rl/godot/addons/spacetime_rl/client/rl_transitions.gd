class_name RLTransitions
extends RefCounted
## What agents of one policy experienced since the last message to a server that learns.

## Log-probabilities of the actions, for servers that gave them.
var logps := PackedFloat32Array()

var _agents := PackedStringArray()
var _observations := PackedFloat32Array()
var _actions := PackedFloat32Array()
var _rewards := PackedFloat32Array()
var _next_observations := PackedFloat32Array()
var _terminated: Array[bool] = []
var _truncated: Array[bool] = []
var _endings: Array[Dictionary] = []


## One agent's decision and what came of it; `flags` are those of RLRoster.
func add(
	agent: String,
	observation: PackedFloat32Array,
	action: PackedFloat32Array,
	reward: float,
	next_observation: PackedFloat32Array,
	flags: int
) -> void:
	_agents.append(agent)
	_observations.append_array(observation)
	_actions.append_array(action)
	_rewards.append(reward)
	_next_observations.append_array(next_observation)
	_terminated.append(bool(flags & RLRoster.TERMINATED))
	_truncated.append(bool(flags & RLRoster.TRUNCATED))


## The episode of the decision that was added last has ended, and this is what the game measured.
func end(agent: RLAgent) -> void:
	_endings.append({"row": _agents.size() - 1, "metrics": agent.measured()})


## Send them as one message. Returns the id of the answer, or -1.
func send(client: RLClient, policy: String) -> int:
	var message := {
		"type": "transition_batch",
		"policy": policy,
		"agents": _agents,
		"terminated": _terminated,
		"truncated": _truncated,
		"endings": _endings,
	}
	var flat := {"rewards": _rewards}
	if logps.size() == _agents.size():
		flat["logp"] = logps
	var arrays := {"obs": _observations, "actions": _actions, "next_obs": _next_observations}
	return client.send(message, arrays, _agents.size(), flat)
