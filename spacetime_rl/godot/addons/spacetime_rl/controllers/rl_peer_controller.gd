class_name RLPeerController
extends RLController
## Drives agents by the actions that a peer, usually Python, sent for this decision.

## Actions of every agent of the roster in its order, those of other controllers' agents included; set by the session.
var received := PackedFloat32Array()

var _everyone: Array[RLAgent] = []


## `everyone` are the roster's agents, in the order in which the peer knows them.
func _init(everyone: Array[RLAgent], who: String) -> void:
	_everyone = everyone
	title = who


func decide(agents: Array[RLAgent]) -> PackedFloat32Array:
	if agents.size() == _everyone.size():
		return received
	var own := PackedFloat32Array()
	var offset := 0
	for agent: RLAgent in _everyone:
		if agent.controller == self:
			own.append_array(received.slice(offset, offset + agent.action_size))
		offset += agent.action_size
	return own
