class_name RLHttpController
extends RLController
## Drives agents by the action that last came over HTTP, which holds until the next one.

var _held: Dictionary[RLAgent, PackedFloat32Array] = {}


func _init() -> void:
	title = "HTTP"


## What an agent does from its next decision on.
func hold(agent: RLAgent, action: PackedFloat32Array) -> void:
	_held[agent] = action


## Do nothing until the next action.
func let_go() -> void:
	_held.clear()


func _decide_for(agent: RLAgent, action: PackedFloat32Array) -> void:
	if not _held.has(agent):
		action.fill(0.0)
		return
	var held := _held[agent]
	for i: int in action.size():
		action[i] = held[i]
