class_name RLPeerOrScriptController
extends RLPeerController
## Drives agents by the actions that a peer sent, and by their scripts those for which it sent NaN.


func decide(agents: Array[RLAgent]) -> PackedFloat32Array:
	var decided := super(agents)
	var offset := 0
	for agent: RLAgent in agents:
		if is_nan(decided[offset]):
			_ask_script(agent, decided, offset)
		offset += agent.action_size
	return decided


func _ask_script(agent: RLAgent, decided: PackedFloat32Array, offset: int) -> void:
	if not _actions.has(agent):
		_actions[agent] = PackedFloat32Array()
		_actions[agent].resize(agent.action_size)
	if agent.active:
		agent._heuristic(_actions[agent])
	for i: int in agent.action_size:
		decided[offset + i] = _actions[agent][i]
