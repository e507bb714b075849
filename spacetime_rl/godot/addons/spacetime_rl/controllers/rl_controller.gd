class_name RLController
extends RefCounted
## Base of whatever decides for agents: one call gives the actions of all agents that it drives.
##
## Override `decide` to decide for all of them at once, as a policy does, or `_decide_for` to decide for one at a time.

## Who this is, in words for a person who watches: "played by <title>".
var title := ""

# For each agent its last action, in the array that `_decide_for` writes to.
var _actions: Dictionary[RLAgent, PackedFloat32Array] = {}


## The next actions of `agents`, one after the other in one vector. The part of an inactive agent is not used.
func decide(agents: Array[RLAgent]) -> PackedFloat32Array:
	var decided := PackedFloat32Array()
	for agent: RLAgent in agents:
		if not _actions.has(agent):
			_actions[agent] = PackedFloat32Array()
			_actions[agent].resize(agent.action_size)
		if agent.active:
			_decide_for(agent, _actions[agent])
		decided.append_array(_actions[agent])
	return decided


## Override: one tick within a decision has passed. Called for agents whose actions change from tick to tick.
func advance(_agent: RLAgent) -> void:
	pass


## Override: write the next action of one active agent. `action` still holds the last one.
func _decide_for(_agent: RLAgent, _action: PackedFloat32Array) -> void:
	pass
